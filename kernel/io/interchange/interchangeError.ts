/** A model, or a file of one, holds something that the other side has no form for. */
export class InterchangeError extends Error {
  override readonly name = 'InterchangeError';
}
