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

/** A loss or a gradient became NaN or infinite. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
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
