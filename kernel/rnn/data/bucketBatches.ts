import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import {
  lengthOf,
  padBatch,
  padBatchOptions,
  type PadBatchOptions,
  type PaddedBatch,
  type Sample,
} from './padBatch.js';
import { shuffledIndices } from './shuffle.js';

/** Options of `bucketBatches`. */
export interface BucketBatchesOptions extends PadBatchOptions {
  /** B, samples in each batch. */
  batchSize: number;
  /** Another order each time the batches are read, fixed by `manualSeed`. Default true. */
  shuffle?: boolean;
  /** Batches whose samples are sorted by length together: more make less padding, fewer more variety. Default 50. */
  poolSize?: number;
  /** Leave out batches that are not full. Default false. */
  dropLast?: boolean;
}

/**
 * Batches of samples of similar length, so that little is padding: samples are shuffled, sorted by length within
 * pools of `poolSize` batches, cut into batches, and the batches shuffled. Without `shuffle` all are sorted by length.
 *
 * @returns padded batches, see `padBatch`; every sample once each time they are read
 * @throws OptionError if there is no sample, ShapeError if time steps differ in shape
 */
export function bucketBatches(
  samples: readonly Sample[],
  options: BucketBatchesOptions,
): Iterable<PaddedBatch> {
  checkOptions('bucketBatches', options, {
    ...padBatchOptions,
    batchSize: is.positiveInteger,
    shuffle: optional(is.boolean),
    poolSize: optional(is.positiveInteger),
    dropLast: optional(is.boolean),
  });
  const { batchSize, shuffle = true, poolSize = 50, dropLast = false, ...padding } = options;
  if (samples.length === 0)
    throw new OptionError('bucketBatches: expected at least one sample, got none');
  const lengths = samples.map(lengthOf);
  return {
    *[Symbol.iterator]() {
      const stream = randomStream('bucketBatches');
      const indices = shuffle
        ? shuffledIndices(samples.length, stream)
        : Int32Array.from(samples, (_, i) => i);
      const pool = shuffle ? poolSize * batchSize : samples.length;
      const batches: Int32Array[] = [];
      for (let from = 0; from < indices.length; from += pool) {
        const sorted = indices
          .subarray(from, from + pool)
          .sort((a, b) => lengths[a]! - lengths[b]! || a - b);
        for (let at = 0; at < sorted.length; at += batchSize)
          batches.push(sorted.subarray(at, at + batchSize));
      }
      const order = shuffle ? shuffledIndices(batches.length, stream) : batches.keys();
      for (const k of order) {
        const batch = batches[k]!;
        if (dropLast && batch.length < batchSize) continue;
        yield padBatch(
          Array.from(batch, (i) => samples[i]!),
          padding,
        );
      }
    },
  };
}
