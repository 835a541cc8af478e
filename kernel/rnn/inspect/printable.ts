/**
 * The same object, which prints as a text; the text is made when it is asked for.
 *
 * @param name How VS Code's debugger shows it, which may not be kept waiting, nor change anything.
 */
export function printable<T extends object>(value: T, text: (value: T) => string, name: string): T {
  const toString = (): string => text(value);
  return Object.defineProperties(value, {
    toString: { value: toString },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: toString },
    [Symbol.for('debug.description')]: { value: () => name },
  });
}

/** Rows of cells as columns that line up. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`)
    .join('\n');
}

export const short = (value: number): string => (value === 0 ? '0' : value.toExponential(2));
