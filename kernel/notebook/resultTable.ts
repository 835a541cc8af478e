/** What a comparison ends with: a row for each contestant, a column for each measure. */
import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { Media } from './mimeBundle.js';

/** A number, numbers of several runs (shown as mean ± standard deviation), or a text. */
export type ResultCell = number | readonly number[] | string;

/** Options of `resultTable`. */
export interface ResultTableOptions {
  /** Stands above the first column. Default empty. */
  title?: string;
  /** Digits behind the decimal point. Default 3. */
  digits?: number;
  /** Which value is best and stands bold, by column. Columns that are not named have none. */
  best?: Readonly<Record<string, 'lowest' | 'highest'>>;
}

/**
 * A table of results to show, as Markdown and as plain text.
 *
 * Numbers of several runs are shown as their mean ± their standard deviation, √(Σ (x − x̄)² / (n − 1)); one alone
 * stands without. A value that a row has not is left empty.
 *
 * @param rows `{ LSTM: { bits: [1.92, 1.95, 1.9] }, unigram: { bits: 4.8 } }`
 * @throws OptionError without rows, for unknown options, and for a column in `best` that no row has
 */
export function resultTable(
  rows: Readonly<Record<string, Readonly<Record<string, ResultCell>>>>,
  options: ResultTableOptions = {},
): Media {
  const text = (value: unknown) => (typeof value === 'string' ? undefined : 'a text');
  checkOptions('resultTable', options, {
    title: optional(text),
    digits: optional(is.nonNegative),
    best: optional(is.object),
  });
  const { title = '', digits = 3, best = {} } = options;
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))];
  if (columns.length === 0) throw new OptionError('resultTable: expected rows with values');
  const winners = new Map(
    Object.entries(best).map(([column, kind]) => {
      if (!columns.includes(column))
        throw new OptionError(`resultTable: best names '${column}', which no row has`);
      return [column, bestRows(rows, column, kind, digits)];
    }),
  );
  const toLine = (isMarkdown: boolean) => (name: string) => [
    name,
    ...columns.map((column) => {
      const shown = showCell(rows[name]![column], digits);
      return isMarkdown && winners.get(column)?.includes(name) ? `**${shown}**` : shown;
    }),
  ];
  const head = [title, ...columns];
  const names = Object.keys(rows);
  return new Media({
    'text/markdown': toMarkdown(head, names.map(toLine(true))),
    'text/plain': toText([head, ...names.map(toLine(false))]),
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function showCell(cell: ResultCell | undefined, digits: number): string {
  if (cell === undefined || typeof cell === 'string') return cell ?? '';
  const values = typeof cell === 'number' ? [cell] : cell;
  if (values.length === 0) return '';
  const centre = mean(values);
  if (values.length === 1) return centre.toFixed(digits);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return `${centre.toFixed(digits)} ± ${Math.sqrt(squares / (values.length - 1)).toFixed(digits)}`;
}

/** Rows that have the best mean, as far as the table tells them apart. */
function bestRows(
  rows: Readonly<Record<string, Readonly<Record<string, ResultCell>>>>,
  column: string,
  kind: 'lowest' | 'highest',
  digits: number,
): string[] {
  const means = Object.entries(rows).flatMap(([name, { [column]: cell }]): [string, number][] => {
    if (cell === undefined || typeof cell === 'string') return [];
    return [[name, Number(mean(typeof cell === 'number' ? [cell] : cell).toFixed(digits))]];
  });
  const values = means.map(([, value]) => value);
  const winner = kind === 'lowest' ? Math.min(...values) : Math.max(...values);
  return means.filter(([, value]) => value === winner).map(([name]) => name);
}

/** A pipe within a cell would end it. */
const toMarkdown = (head: readonly string[], lines: readonly string[][]): string =>
  [head, head.map((_, k) => (k === 0 ? ':--' : '--:')), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

function toText(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, k) => Math.max(...lines.map((cells) => cells[k]!.length)));
  return lines
    .map((cells) =>
      cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!))),
    )
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}
