/** What the parser says of a cell, before any of it runs. */
export class CellSyntaxError extends SyntaxError {
  override name = 'SyntaxError';

  constructor(
    message: string,
    /** Offset in the cell's source, in UTF-16 code units. */
    readonly start: number,
    readonly length: number,
  ) {
    super(message);
  }
}
