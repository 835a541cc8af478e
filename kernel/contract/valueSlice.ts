/** A part of a value as a table: what is asked for, what comes, and how much of it at most. */

/** Most cells of a `page`. */
export const maxPageCells = 10_000;
/** Most rows, and most columns, of an `overview`. */
export const maxOverviewSide = 256;

export interface SliceWish {
  /** A variable. */
  name: string;
  /** The way from it to what is meant: names of members, positions in arrays, maps and sets. */
  path: (string | number)[];
  /** For numbers with more than two axes: which index of each axis before the last two. Missing ones are 0. */
  at: number[];
  /**
   * `page`: `rows` × `columns` cells from `row` and `column` on. `overview`: the whole matrix in at most `rows` ×
   * `columns` cells, each the number of greatest magnitude of those that it stands for; only of numbers.
   */
  view: 'page' | 'overview';
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** What a number's place holds: numbers as they are, everything else (NaN, ±Infinity, a member) as text. */
export type SliceCell = number | string;

export interface ValueSlice {
  /**
   * `numbers`: a tensor, a typed array, an array of numbers or of arrays of numbers. `records`: an array of
   * objects, a column for each member. `members`: anything else that holds something, a row for each member with type,
   * shape and value. `text`: one cell.
   */
  kind: 'numbers' | 'records' | 'members' | 'text';
  /** `Tensor float32`, `Array`, `LSTM`, … */
  type: string;
  /** Of the whole value; an overview of one axis is one row. */
  shape: number[];
  /** As asked for, within the shape. */
  at: number[];
  /** Of the matrix that `at` picks. */
  totalRows: number;
  totalColumns: number;
  /** Where `cells` begin. */
  row: number;
  column: number;
  cells: SliceCell[][];
  /** Of the rows in `cells`, where they are not numbered: what a path goes on with. */
  rowNames?: (string | number)[];
  /** Of the columns in `cells`, where they are not numbered. */
  columnNames?: string[];
  /** Per row in `cells`: whether a slice of it can be asked for. */
  opens?: boolean[];
  /** Of the matrix that `at` picks; with `view: 'overview'`. */
  statistics?: SliceStatistics;
}

export interface SliceStatistics {
  count: number;
  /** How many are NaN or infinite. */
  nonFinite: number;
  /** Of the finite ones; left out where there are none. */
  min?: number;
  max?: number;
  mean?: number;
  /** Standard deviation, √(mean of (x − mean)²). */
  deviation?: number;
  /** There are so many that only every so-manyth was looked at. */
  isSampled?: boolean;
}
