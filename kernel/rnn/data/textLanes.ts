import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';

/** Options of `textLanes`. */
export interface TextLanesOptions {
  /** B, the number of lanes read side by side. */
  batchSize: number;
  /** T, the time steps of each batch: the truncation length of backpropagation through time. */
  sequenceLength: number;
  /** Leave out the shorter batch at the end. Default false. */
  dropLast?: boolean;
}

/**
 * Cuts one long sequence into B lanes of equal length and reads them side by side, T symbols at a time:
 * lane b of batch k+1 goes on where lane b of batch k ended, so a hidden state carried from batch to batch
 * has seen the lane's whole past. The target is the next symbol. Up to B−1 symbols at the end do not fill the lanes.
 *
 * @returns batches of input and target `[T, B]` (int32); iterate as often as wanted
 * @throws OptionError if the sequence is too short for the lanes, or holds something else than whole numbers
 */
export function textLanes(sequence: ArrayLike<number>, options: TextLanesOptions): Iterable<Batch> {
  checkOptions('textLanes', options, {
    batchSize: is.positiveInteger,
    sequenceLength: is.positiveInteger,
    dropLast: optional(is.boolean),
  });
  const { batchSize, sequenceLength, dropLast = false } = options;
  checkSymbols(sequence);
  const laneLength = Math.floor((sequence.length - 1) / batchSize);
  const shortest = dropLast ? sequenceLength : 1;
  if (laneLength < shortest)
    throw new OptionError(
      `textLanes: ${sequence.length} symbols do not fill ${batchSize} lanes of at least ${shortest} and a target each`,
    );
  return {
    *[Symbol.iterator]() {
      for (let start = 0; start < laneLength; start += sequenceLength) {
        const timeSteps = Math.min(sequenceLength, laneLength - start);
        if (timeSteps < shortest) return;
        const cut = (shift: number) =>
          cutLanes(sequence, batchSize, laneLength, start + shift, timeSteps);
        yield { input: cut(0), target: cut(1), continues: start > 0 };
      }
    },
  };
}

function checkSymbols(sequence: ArrayLike<number>): void {
  for (let i = 0; i < sequence.length; i++)
    if (!Number.isInteger(sequence[i]))
      throw new OptionError(
        `textLanes: expected symbols as whole numbers, as tokenizer.encode(text) gives them, got ${JSON.stringify(sequence[i])} at ${i}`,
      );
}

function cutLanes(
  sequence: ArrayLike<number>,
  batchSize: number,
  laneLength: number,
  start: number,
  timeSteps: number,
): Tensor {
  const data = new Int32Array(timeSteps * batchSize);
  for (let t = 0; t < timeSteps; t++)
    for (let b = 0; b < batchSize; b++)
      data[t * batchSize + b] = sequence[b * laneLength + start + t]!;
  return new Tensor(data, [timeSteps, batchSize]);
}
