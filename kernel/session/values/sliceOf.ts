/** A part of a value as a table, of bounded size, without running any code of the user's. */
import { types } from 'node:util';
import {
  maxOverviewSide,
  maxPageCells,
  type SliceCell,
  type SliceWish,
  type ValueSlice,
} from '../../contract/valueSlice.js';
import { memberNames, ownData, typeName } from '../ownData.js';
import { previewOf } from '../valuePreview.js';
import { countMembers, isOpenable, type Member, membersOf } from './members.js';
import { type NumberMatrix, overviewOf, toCell, toMatrix } from './numberMatrix.js';
import { shapeOf } from '../variables.js';

const maxText = 20_000;
/** Most columns of records, and how many records are looked at for their members. */
const maxRecordColumns = 100;
const recordsLookedAt = 50;

export function sliceOf(value: unknown, wish: SliceWish): ValueSlice | string {
  const matrix = toMatrix(value, wish.at);
  if (matrix) return wish.view === 'overview' ? toOverview(matrix, wish) : toPage(matrix, wish);
  if (wish.view === 'overview') return 'An overview is for numbers.';
  if (typeof value === 'object' && value !== null && isOpenable(value)) {
    const columns = recordColumns(value);
    return columns ? toRecords(value as unknown[], columns, wish) : toMembers(value, wish);
  }
  return toText(value);
}

function toOverview(matrix: NumberMatrix, { rows, columns }: SliceWish): ValueSlice {
  const { type, shape, at } = matrix;
  // One axis is a strip.
  const lying = shape.length === 1 ? transposed(matrix) : matrix;
  const most = (wished: number) => Math.max(1, Math.min(maxOverviewSide, wished));
  return {
    ...{ kind: 'numbers', type, shape, at, row: 0, column: 0 },
    totalRows: lying.rows,
    totalColumns: lying.columns,
    ...overviewOf(lying, most(rows), most(columns)),
  };
}

function transposed(matrix: NumberMatrix): NumberMatrix {
  const get = (row: number, column: number) => matrix.get(column, row);
  return { ...matrix, rows: matrix.columns, columns: matrix.rows, get };
}

interface Window {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** What is asked for, within what there is, and no more than a page's cells. */
function within(wish: SliceWish, totalRows: number, totalColumns: number): Window {
  const row = Math.min(wish.row, Math.max(0, totalRows - 1));
  const column = Math.min(wish.column, Math.max(0, totalColumns - 1));
  const columns = Math.min(wish.columns, totalColumns - column, maxPageCells);
  const mostRows = Math.floor(maxPageCells / Math.max(1, columns));
  return { row, column, columns, rows: Math.min(wish.rows, totalRows - row, mostRows) };
}

function toPage(matrix: NumberMatrix, wish: SliceWish): ValueSlice {
  const { type, shape, at, rows: totalRows, columns: totalColumns } = matrix;
  const { row, column, rows, columns } = within(wish, totalRows, totalColumns);
  const cells = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (__, j) => toCell(matrix.get(row + i, column + j))),
  );
  return { kind: 'numbers', type, shape, at, totalRows, totalColumns, row, column, cells };
}

/** The members of an array's objects; undefined where it does not hold plain objects. */
function recordColumns(value: object): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const first = membersOf(value, 0, recordsLookedAt).map((one) => one.value);
  const isRecord = (one: unknown): one is object =>
    typeof one === 'object' && one !== null && !types.isProxy(one) && typeName(one) === 'Object';
  if (!first.every(isRecord)) return undefined;
  const names = new Set(first.flatMap((one) => memberNames(one).first));
  return names.size === 0 ? undefined : [...names].slice(0, maxRecordColumns);
}

function toRecords(value: unknown[], names: string[], wish: SliceWish): ValueSlice {
  const { row, column, rows, columns } = within(wish, value.length, names.length);
  const shown = names.slice(column, column + columns);
  const members = membersOf(value, row, rows);
  const cellOf = (held: unknown, name: string): SliceCell =>
    typeof held === 'object' && held !== null ? memberCell(held, name) : '';
  return {
    ...{ kind: 'records', type: typeName(value), shape: [value.length], at: [], row, column },
    totalRows: value.length,
    totalColumns: names.length,
    columnNames: shown,
    cells: members.map((one) => shown.map((name) => cellOf(one.value, name))),
    opens: members.map((one) => isOpenable(one.value)),
  };
}

function memberCell(held: object, name: string): SliceCell {
  if (types.isProxy(held) || !Object.hasOwn(held, name)) return '';
  const value = ownData(held, name);
  return typeof value === 'string' ? value.slice(0, 200) : toCell(value);
}

const memberColumns = ['Type', 'Shape', 'Value'];

function toMembers(value: object, wish: SliceWish): ValueSlice {
  const totalRows = countMembers(value);
  const columns = memberColumns.length;
  const { row, rows } = within({ ...wish, column: 0, columns }, totalRows, columns);
  const members = membersOf(value, row, rows);
  const ofMap = types.isMap(value);
  return {
    ...{ kind: 'members', type: typeName(value), shape: shapeOf(value) ?? [], at: [], row },
    ...{ column: 0, totalRows, totalColumns: columns },
    rowNames: members.map(({ key }) => key),
    columnNames: ofMap ? ['Key', ...memberColumns.slice(1)] : memberColumns,
    cells: members.map((member) => memberCells(member, ofMap)),
    opens: members.map((member) => isOpenable(member.value)),
  };
}

function memberCells({ named, value }: Member, ofMap: boolean): SliceCell[] {
  const shape = shapeOf(value);
  return [
    ofMap ? previewOf(named) : typeName(value),
    shape ? `[${shape.join(', ')}]` : '',
    toCell(value),
  ];
}

function toText(value: unknown): ValueSlice {
  const text = typeof value === 'string' ? value.slice(0, maxText) : previewOf(value);
  return {
    ...{ kind: 'text', type: typeName(value), shape: [], at: [], row: 0, column: 0 },
    ...{ totalRows: 1, totalColumns: 1, cells: [[text]] },
  };
}
