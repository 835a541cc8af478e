import { dsvFormat } from 'd3-dsv';
import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { Tensor } from '../rnn/tensor.js';
import { FileFormatError } from './fileFormatError.js';

const delimiters = [',', ';', '\t', '|'] as const;

/** Options of `parseCsv`. */
export interface CsvOptions {
  /** What stands between fields. Default: which of `,` `;` tab `|` is most frequent in the first line. */
  delimiter?: string;
  /** Whether the first row names the columns; else they are `'0'`, `'1'`, … Default true. */
  header?: boolean;
}

/** How columns of a table become numbers. */
export interface NumbersOptions {
  /**
   * What an empty field becomes: a number, or `'previous'`, the value in the row before (which knows nothing of the
   * future). Default: an empty field is an error.
   */
  missing?: number | 'previous';
  /** The decimal mark. Default `'.'`. */
  decimal?: '.' | ',';
}

/** A table of texts, by rows and columns. */
export class CsvTable {
  constructor(
    readonly columns: readonly string[],
    readonly rows: readonly (readonly string[])[],
  ) {}

  /** Number of rows. */
  get length(): number {
    return this.rows.length;
  }

  /** The texts of a column. @throws OptionError if there is no such column */
  texts(column: string): string[] {
    const k = this.#indexOf(column);
    return this.rows.map((row) => row[k]!);
  }

  /**
   * Columns as numbers.
   * @returns `[N]` for one column, `[N, K]` for a list of K (float64)
   * @throws OptionError if there is no such column, FileFormatError for a field that is no number
   */
  numbers(columns: string | readonly string[], options: NumbersOptions = {}): Tensor {
    checkOptions('numbers', options, {
      missing: (value) =>
        value === undefined || value === 'previous' || typeof value === 'number'
          ? undefined
          : "a number, or 'previous'",
      decimal: optional(is.oneOf('.', ',')),
    });
    const names = typeof columns === 'string' ? [columns] : columns;
    const width = names.length;
    const data = new Float64Array(this.length * width);
    names.forEach((name, j) => {
      const k = this.#indexOf(name);
      this.rows.forEach((row, i) => {
        const before = i > 0 ? data[(i - 1) * width + j] : undefined;
        data[i * width + j] = toNumber(
          row[k]!,
          options,
          before,
          () => `row ${i + 1}, column ${JSON.stringify(name)}`,
        );
      });
    });
    return new Tensor(data, typeof columns === 'string' ? [this.length] : [this.length, width]);
  }

  /** Columns that hold numbers and empty fields only, one number at least: what `numbers` reads with `missing`. */
  get numericColumns(): string[] {
    return this.columns.filter((_, k) => {
      const fields = this.rows.map((row) => row[k]!.trim()).filter((text) => text !== '');
      return fields.length > 0 && fields.every((text) => !Number.isNaN(Number(text)));
    });
  }

  #indexOf(column: string): number {
    const k = this.columns.indexOf(column);
    if (k < 0)
      throw new OptionError(
        `CsvTable: there is no column ${JSON.stringify(column)}, there are ${this.columns.map((name) => JSON.stringify(name)).join(', ')}`,
      );
    return k;
  }
}

function toNumber(
  text: string,
  { missing, decimal = '.' }: NumbersOptions,
  before: number | undefined,
  place: () => string,
): number {
  const trimmed = text.trim();
  if (trimmed === '' && missing !== undefined) {
    const value = missing === 'previous' ? before : missing;
    if (value !== undefined) return value;
    throw new FileFormatError(`CsvTable.numbers: ${place()} is empty, and no row is before it`);
  }
  const value = Number(decimal === ',' ? trimmed.replace(',', '.') : trimmed);
  if (trimmed === '' || Number.isNaN(value))
    throw new FileFormatError(
      `CsvTable.numbers: ${place()} is ${JSON.stringify(text)}, expected a number`,
    );
  return value;
}

/**
 * Reads comma-separated values (RFC 4180), with quotes, line breaks within them and any line ends. Empty lines are
 * passed over.
 *
 * @throws FileFormatError for an open quote, rows of different lengths, columns of one name, or no row at all
 */
export function parseCsv(text: string, options: CsvOptions = {}): CsvTable {
  checkOptions('parseCsv', options, {
    delimiter: optional((value) =>
      typeof value === 'string' && value.length === 1 && !'"\n\r'.includes(value)
        ? undefined
        : 'one character',
    ),
    header: optional(is.boolean),
  });
  const { header = true } = options;
  const content = text.replace(/^\uFEFF/, '');
  const rows = splitRows(content, options.delimiter ?? guessDelimiter(content));
  const [first] = rows;
  if (!first) throw new FileFormatError('parseCsv: expected at least one row, got none');
  const columns = header ? first : first.map((_, k) => String(k));
  const twice = columns.find((name, k) => columns.indexOf(name) !== k);
  if (twice !== undefined)
    throw new FileFormatError(`parseCsv: two columns have the name ${JSON.stringify(twice)}`);
  const body = header ? rows.slice(1) : rows;
  body.forEach((row, i) => {
    if (row.length !== columns.length)
      throw new FileFormatError(
        `parseCsv: row ${i + 1} has ${row.length} fields, expected ${columns.length}`,
      );
  });
  return new CsvTable(columns, body);
}

/** A last row that only shows where it is told from an open quote. */
const sentinel = '\u0000';

function splitRows(text: string, delimiter: string): string[][] {
  const rows = dsvFormat(delimiter).parseRows(`${text}\n${sentinel}`);
  const last = rows.pop();
  if (last?.length !== 1 || last[0] !== sentinel)
    throw new FileFormatError('parseCsv: a quote is opened and not closed');
  return rows.filter((row) => row.length > 1 || row[0] !== '');
}

function guessDelimiter(text: string): string {
  const line = /^[^\r\n]*/.exec(text.trimStart())![0].replace(/"[^"]*"/g, '');
  const count = (delimiter: string): number => line.split(delimiter).length;
  return delimiters.reduce<string>((best, one) => (count(one) > count(best) ? one : best), ',');
}

/**
 * Comma-separated values with a header, quoted where they have to be.
 * @param columns by name, all of one length
 * @throws OptionError for columns of different lengths
 */
export function toCsv(
  columns: Readonly<Record<string, ArrayLike<number | string> | Tensor>>,
  options: { delimiter?: string } = {},
): string {
  checkOptions('toCsv', options, {
    delimiter: optional((value) =>
      typeof value === 'string' && value.length === 1 ? undefined : 'one character',
    ),
  });
  const lists = Object.values(columns).map((values) =>
    Array.from<number | string>(values instanceof Tensor ? values.data : values),
  );
  const length = lists[0]?.length ?? 0;
  Object.keys(columns).forEach((name, k) => {
    if (lists[k]!.length !== length)
      throw new OptionError(
        `toCsv: column ${JSON.stringify(name)} has ${lists[k]!.length} values, expected ${length}`,
      );
  });
  const rows = Array.from({ length }, (_, i) => lists.map((values) => String(values[i])));
  return `${dsvFormat(options.delimiter ?? ',').formatRows([Object.keys(columns), ...rows])}\n`;
}
