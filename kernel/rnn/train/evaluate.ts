import type { Batch } from '../data/batch.js';
import { OptionError } from '../errors.js';
import { noGrad, type Tensor } from '../tensor.js';
import { callModel, detachState, type Model } from './model.js';
import { createYielder } from './platform.js';

export interface EvaluateOptions<State> {
  model: Model<State>;
  data: Iterable<Batch>;
  /** The mean loss of a batch. */
  loss: (output: Tensor, target: Tensor) => Tensor;
}

/**
 * The mean loss over all targets of the data, in evaluation mode and without gradients.
 * Batches count by their number of targets, so an uneven last batch weighs what it should.
 */
export async function evaluate<State>(options: EvaluateOptions<State>): Promise<number> {
  const { model, data, loss } = options;
  const letEventsThrough = createYielder();
  let state: State | undefined;
  let total = 0;
  let count = 0;
  const wasTraining = model.training;
  if (wasTraining) model.train?.(false);
  try {
    for (const batch of data) {
      noGrad(() => {
        const result = callModel(model, batch.input, batch.continues ? state : undefined);
        state = detachState(result.state);
        total += loss(result.output, batch.target).item() * batch.target.size;
        count += batch.target.size;
      });
      await letEventsThrough();
    }
  } finally {
    if (wasTraining) model.train?.(true);
  }
  if (count === 0) throw new OptionError('evaluate: the data gave no batch');
  return total / count;
}
