/** Every error of the runtime is one of these: a sentence with the thing, what was expected, what came. */

/** A tensor's shape does not fit the operation. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** An element type does not fit the operation. */
export class DTypeError extends Error {
  override readonly name = 'DTypeError';
}

/** An option is missing, unknown or out of range. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** `backward()` cannot run from here. */
export class AutogradError extends Error {
  override readonly name = 'AutogradError';
}

/** Analytic and numeric derivative disagree. */
export class GradcheckError extends Error {
  override readonly name = 'GradcheckError';
}

/** A symbol is not in the tokenizer's vocabulary, or an index not in its range. */
export class VocabularyError extends Error {
  override readonly name = 'VocabularyError';
}

/** Where numbers went wrong first. */
export interface Anomaly {
  readonly pass: 'forward' | 'backward';
  /** Path of the module, with the layer's number: `lstm.l0`; of an operation without parameters the one before it. */
  readonly layer: string;
  /** A primitive, a loss, or inside a recurrent layer the operation with its equation. */
  readonly operation: string;
  /** In a recurrent layer, from 0. */
  readonly timeStep: number | undefined;
  /** One of the numbers. */
  readonly value: number;
}

/** A loss or a gradient became NaN or infinite. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
  /** Where in training it came about, where that was searched for and found. */
  readonly anomaly: Anomaly | undefined;

  constructor(message: string, { anomaly }: { anomaly?: Anomaly | undefined } = {}) {
    super(message);
    this.anomaly = anomaly;
  }
}

/** A loss or a gradient became larger than training was allowed to let it. */
export class ExplosionError extends Error {
  override readonly name = 'ExplosionError';

  constructor(
    message: string,
    /** Where it came about, where a single number was too large. */
    readonly anomaly: Anomaly | undefined,
  ) {
    super(message);
  }
}

/** A cell definition is not a valid program. */
export class CellError extends Error {
  override readonly name = 'CellError';
}

/** A state dictionary does not fit the module. */
export class StateDictError extends Error {
  override readonly name = 'StateDictError';
}

/** A model cannot be inspected, or a trace has no such part. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
}

/** The engine's memory does not suffice. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError';
}

/** A thread that computed part of a batch died. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';
}
