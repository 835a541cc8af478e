import { OptionError, ShapeError } from '../errors.js';
import { createNumbers, resolveAxis, showShape, sizeOf } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { expectTensor, Tensor } from '../tensor.js';
import type { Batch } from './batch.js';
import { shuffledIndices } from './shuffle.js';

/** Options of `tensorBatches`. */
export interface TensorBatchesOptions {
  /** B, samples in each batch; the last may have fewer. */
  batchSize: number;
  /** Another order each time the batches are read, fixed by `manualSeed`. Default true. */
  shuffle?: boolean;
  /** Leave out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** The axis of the samples in the input: 0 for `[N, T, F]` (a layer with `batchFirst`), 1 for `[T, N, F]`. Default 0. */
  axis?: number;
  /** The axis of the samples in the target. Default `axis`, or 0 where the target has one axis only. */
  targetAxis?: number;
}

/**
 * Batches of samples that lie in two tensors: the rows of input and target with the same index belong together. Like a
 * `TensorDataset` in a `DataLoader` of PyTorch.
 *
 * @returns batches in the layout of the tensors, every sample once each time they are read
 * @throws ShapeError if input and target have different numbers of samples, OptionError if there is none
 * @example `fit({ model, data: tensorBatches({ input, target }, { batchSize: 32 }), loss: mse, optimizer, epochs: 10 })`
 */
export function tensorBatches(
  samples: Pick<Batch, 'input' | 'target'>,
  options: TensorBatchesOptions,
): Iterable<Batch> & { readonly count: number } {
  checkOptions('tensorBatches', options, {
    batchSize: is.positiveInteger,
    shuffle: optional(is.boolean),
    dropLast: optional(is.boolean),
    axis: optional(is.integer),
    targetAxis: optional(is.integer),
  });
  const { input, target } = samples;
  expectTensor('tensorBatches', 'input', input);
  expectTensor('tensorBatches', 'target', target);
  const { batchSize, shuffle = true, dropLast = false, axis = 0 } = options;
  const { targetAxis = target.shape.length === 1 ? 0 : axis } = options;
  const inputs = alongAxis('input', input, axis);
  const targets = alongAxis('target', target, targetAxis);
  const { count } = inputs;
  if (targets.count !== count)
    throw new ShapeError(
      `tensorBatches: target is ${showShape(target.shape)}, expected ${count} samples along axis ${targetAxis} as in the input ${showShape(input.shape)}`,
    );
  if (count === 0) throw new OptionError('tensorBatches: expected at least one sample, got none');
  return {
    count,
    *[Symbol.iterator]() {
      const order = shuffle
        ? shuffledIndices(count, randomStream('tensorBatches'))
        : Int32Array.from({ length: count }, (_, i) => i);
      for (let at = 0; at < count; at += batchSize) {
        const some = order.subarray(at, at + batchSize);
        if (dropLast && some.length < batchSize) return;
        yield { input: inputs.take(some), target: targets.take(some) };
      }
    },
  };
}

/** A tensor as a list of samples along one of its axes. */
function alongAxis(name: string, tensor: Tensor, wanted: number) {
  const { data, shape, dtype } = tensor;
  const axis = resolveAxis(`tensorBatches: ${name}`, wanted, shape);
  const count = shape[axis]!;
  const before = sizeOf(shape.slice(0, axis));
  const size = sizeOf(shape.slice(axis + 1));
  const take = (indices: Int32Array): Tensor => {
    const out = createNumbers(dtype, before * indices.length * size);
    let at = 0;
    for (let row = 0; row < before; row++)
      for (const index of indices) {
        const from = (row * count + index) * size;
        out.set(data.subarray(from, from + size), at);
        at += size;
      }
    return new Tensor(out, shape.with(axis, indices.length));
  };
  return { count, take };
}
