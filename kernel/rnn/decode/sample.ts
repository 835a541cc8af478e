import { ShapeError } from '../errors.js';
import { checkOptions, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { showShape } from '../ndarray.js';
import { Sampler, samplingOptions, type SamplingOptions } from './sampler.js';
import { allowedAfter, isAllowed } from './allowed.js';

/** Options of `sample`. */
export interface SampleOptions extends SamplingOptions {
  /** The only indices that may be drawn. Default all. */
  allowed?: ArrayLike<number>;
}

/**
 * Draws an index from each row of logits: x ~ softmax(logits / temperature), where `topK`, `topP` and `allowed` may
 * narrow the choice. For loops of your own, where `generate` does not fit. Repeatable under `manualSeed`.
 *
 * @param logits `[…, V]`
 * @returns `[…]` (int32); for `[V]` a tensor of one number
 * @throws ShapeError for logits without dimensions, OptionError for indices out of range, NonFiniteError for logits that are NaN or +∞
 */
export function sample(logits: Tensor, options: SampleOptions = {}): Tensor {
  checkOptions('sample', options, { ...samplingOptions, allowed: optional(isAllowed) });
  const width = logits.shape.at(-1);
  if (!width)
    throw new ShapeError(
      `sample: logits are ${showShape(logits.shape)}, expected [..., V] with V of at least 1`,
    );
  const { allowed, ...rest } = options;
  const choice = allowed && allowedAfter('sample', allowed, [], width);
  const sampler = new Sampler(rest, 'sample');
  const { data } = logits;
  const drawn = Int32Array.from({ length: data.length / width }, (_, row) =>
    sampler.choose(data, row * width, width, choice),
  );
  return new Tensor(drawn, logits.shape.slice(0, -1));
}
