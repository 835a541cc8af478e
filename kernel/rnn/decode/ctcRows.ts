import { NonFiniteError, OptionError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { lengthsOption } from '../losses/ctcTargets.js';
import { logSoftmaxRow } from './logSpace.js';

/** Options that what reads the output of a CTC network shares. */
export interface CtcDecodeOptions {
  /** The class that stands for "no symbol". Default 0. */
  blank?: number;
  /** Valid time steps of each sequence, in any order. Default: T each. */
  inputLengths?: ArrayLike<number> | Tensor;
}

export const decodeOptions = { blank: optional(is.integer), inputLengths: lengthsOption };

/** Calls `decode` for each sequence with its rows of log probabilities (one buffer, written again and again). */
export function forEachSequence<T>(
  owner: string,
  logits: Tensor,
  { blank = 0, inputLengths }: CtcDecodeOptions,
  decode: (rows: () => Iterable<Float64Array>, blank: number, b: number) => T,
): T[] {
  if (logits.shape.length !== 3)
    throw new ShapeError(
      `${owner}: logits are ${showShape(logits.shape)}, expected three dimensions [T, B, C]`,
    );
  const [timeSteps, batchSize, classes] = logits.shape as [number, number, number];
  if (blank < 0 || blank >= classes)
    throw new OptionError(`${owner}: blank is ${blank}, expected a class from 0 to ${classes - 1}`);
  const lengths = inputLengths instanceof Tensor ? inputLengths.data : inputLengths;
  checkLengths(owner, lengths, timeSteps, batchSize);
  const row = new Float64Array(classes);
  return Array.from({ length: batchSize }, (_, b) =>
    decode(
      function* () {
        for (let t = 0; t < (lengths?.[b] ?? timeSteps); t++) {
          logSoftmaxRow(logits.data, (t * batchSize + b) * classes, classes, row);
          if (Number.isNaN(row[0]!))
            throw new NonFiniteError(
              `${owner}: expected logits that are numbers, got NaN at time step ${t} of sequence ${b}`,
            );
          yield row;
        }
      },
      blank,
      b,
    ),
  );
}

function checkLengths(
  owner: string,
  lengths: ArrayLike<number> | undefined,
  timeSteps: number,
  batchSize: number,
): void {
  if (!lengths) return;
  if (lengths.length !== batchSize)
    throw new OptionError(
      `${owner}: got ${lengths.length} lengths, expected one for each of ${batchSize} sequences`,
    );
  for (let b = 0; b < batchSize; b++) {
    const length = lengths[b]!;
    if (!Number.isInteger(length) || length < 0 || length > timeSteps)
      throw new OptionError(
        `${owner}: length ${length} of sequence ${b} is out of range, expected 0 to ${timeSteps}`,
      );
  }
}
