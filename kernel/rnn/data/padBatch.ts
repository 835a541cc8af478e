import { OptionError } from '../errors.js';
import { createNumbers, sizeOf, type DType } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';
import { commonShape, toRows, type Rows, type Sequence } from './sequence.js';

/** What a padded target holds where there is none, as PyTorch's `ignore_index`. */
export const ignoredTarget = -100;

/** Options of `padSequences`. */
export interface PadSequencesOptions {
  /** What stands behind the end of shorter sequences. Default 0. */
  padValue?: number;
  /** `[B, T, …]` instead of `[T, B, …]`. Default false. */
  batchFirst?: boolean;
  /** Default: int32 for int32 sequences, float64 for float64 ones, float32 for everything else. */
  dtype?: DType;
}

/** Sequences of different lengths, padded to the longest. */
export interface PaddedSequences {
  /** `[T, B, …]`, T the longest sequence. */
  data: Tensor;
  /** Time steps of each sequence. */
  lengths: Int32Array;
  /** `[T, B]`, 1 within a sequence and 0 behind its end. */
  mask: Tensor;
}

const dtypeOption = optional(is.oneOf('float32', 'float64', 'int32'));
const isNumber = (value: unknown): string | undefined =>
  typeof value === 'number' ? undefined : 'a number';

/**
 * Sequences of different lengths, in any order, side by side in one tensor.
 * @throws ShapeError if there is no sequence, or time steps differ in shape
 */
export function padSequences(
  sequences: readonly Sequence[],
  options: PadSequencesOptions = {},
): PaddedSequences {
  checkOptions('padSequences', options, {
    padValue: optional(isNumber),
    batchFirst: optional(is.boolean),
    dtype: dtypeOption,
  });
  return pad('padSequences', sequences, options);
}

function pad(
  owner: string,
  sequences: readonly Sequence[],
  { padValue = 0, batchFirst = false, dtype }: PadSequencesOptions,
): PaddedSequences {
  const rows = sequences.map((sequence) => toRows(owner, sequence));
  const shape = commonShape(owner, rows);
  const width = sizeOf(shape);
  const [batchSize, timeSteps] = [rows.length, Math.max(...rows.map(({ length }) => length))];
  const type = dtype ?? rows[0]!.dtype;
  const data = createNumbers(type, timeSteps * batchSize * width).fill(padValue);
  const mask = createNumbers(type === 'float64' ? 'float64' : 'float32', timeSteps * batchSize);
  rows.forEach((sequence, b) => {
    for (let t = 0; t < sequence.length; t++) {
      const at = batchFirst ? b * timeSteps + t : t * batchSize + b;
      mask[at] = 1;
      for (let i = 0; i < width; i++) data[at * width + i] = sequence.data[t * width + i]!;
    }
  });
  const extents = batchFirst ? [batchSize, timeSteps] : [timeSteps, batchSize];
  return {
    data: new Tensor(data, [...extents, ...shape]),
    lengths: Int32Array.from(rows, ({ length }) => length),
    mask: new Tensor(mask, extents),
  };
}

/** One sequence and what is to be learnt from it. */
export interface Sample {
  input: Sequence;
  /** A number for the whole sequence, or a sequence of its own. */
  target: Sequence | number;
}

/** Options of `padBatch`. */
export interface PadBatchOptions {
  /** What stands behind the end of shorter inputs. Default 0. */
  inputPad?: number;
  /** What stands behind the end of shorter targets. Default −100 (which losses ignore) for int32, else 0. */
  targetPad?: number;
  /** `[B, T, …]` instead of `[T, B, …]`. Default false. */
  batchFirst?: boolean;
  /** Default: int32 for int32 sequences, float64 for float64 ones, float32 for everything else. */
  inputDtype?: DType;
  /** As `inputDtype`; give `'int32'` where targets are class indices in plain numbers. */
  targetDtype?: DType;
}

/** A batch of sequences of different lengths, padded to the longest. */
export interface PaddedBatch extends Batch {
  lengths: Int32Array;
  mask: Tensor;
}

export const padBatchOptions = {
  inputPad: optional(isNumber),
  targetPad: optional(isNumber),
  batchFirst: optional(is.boolean),
  inputDtype: dtypeOption,
  targetDtype: dtypeOption,
};

/**
 * Samples of different lengths, in any order, as one batch.
 *
 * @returns input `[T, B, …]`; target `[T', B, …]`, or `[B]` where targets are single numbers; `lengths` and
 * `mask` `[T, B]` of the input
 * @throws ShapeError if there is no sample, or time steps differ in shape; OptionError where some targets are
 * numbers and others sequences
 */
export function padBatch(samples: readonly Sample[], options: PadBatchOptions = {}): PaddedBatch {
  checkOptions('padBatch', options, padBatchOptions);
  const { batchFirst = false, inputPad = 0, inputDtype, targetDtype } = options;
  const inputs = samples.map(({ input }) => input);
  const {
    data: input,
    lengths,
    mask,
  } = pad('padBatch: input', inputs, {
    padValue: inputPad,
    batchFirst,
    ...(inputDtype && { dtype: inputDtype }),
  });
  const targets = samples.map(({ target }) => target);
  if (targets.every((target) => typeof target === 'number'))
    return { input, target: toVector(targets, targetDtype), lengths, mask };
  const sequences = targets.map((target, b) => {
    if (typeof target === 'number')
      throw new OptionError(`padBatch: target ${b} is a number, expected a sequence as in others`);
    return target;
  });
  const dtype = targetDtype ?? toRows('padBatch: target', sequences[0]!).dtype;
  const padded = pad('padBatch: target', sequences, {
    padValue: options.targetPad ?? (dtype === 'int32' ? ignoredTarget : 0),
    batchFirst,
    dtype,
  });
  return { input, target: padded.data, lengths, mask, targetLengths: padded.lengths };
}

function toVector(values: readonly number[], dtype: DType = 'float32'): Tensor {
  const data = createNumbers(dtype, values.length);
  data.set(values);
  return new Tensor(data, [values.length]);
}

/** Time steps of a sample's input. */
export const lengthOf = (sample: Sample): number => toLength(toRows('padBatch', sample.input));
const toLength = ({ length }: Rows): number => length;
