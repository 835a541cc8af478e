import { OptionError } from '../errors.js';
import { noGrad } from '../tensor.js';
import { BatchReader, isTrainingData, type TrainingData } from './batchReader.js';
import { callModel, detachState, type Loss, type Model } from './model.js';
import { createYielder } from './platform.js';
import { StopSignal } from './stopSignal.js';
import { countTargets, lossOptionsOf } from './targets.js';

export interface EvaluateOptions<State> {
  model: Model<State>;
  /** Batches, or a function that gives them; must come to an end. */
  data: TrainingData;
  /** The mean loss of a batch. */
  loss: Loss;
}

/**
 * The mean loss over all targets of the data, in evaluation mode and without gradients.
 *
 * Batches count by their number of targets that count (neither masked padding nor −100), so that the result is that of
 * one batch with everything in it, however the data is cut and padded.
 */
export async function evaluate<State>(options: EvaluateOptions<State>): Promise<number> {
  const { model, loss } = options;
  const wanted = isTrainingData(options.data);
  if (wanted) throw new OptionError(`evaluate: data must be ${wanted}`);
  const batches = new BatchReader('evaluate', options.data, 1, new StopSignal());
  const letEventsThrough = createYielder();
  let state: State | undefined;
  let total = 0;
  let count = 0;
  const wasTraining = model.training;
  if (wasTraining) model.train?.(false);
  try {
    for (let batch = await batches.next(); batch; batch = await batches.next()) {
      const { input, target, lengths, continues } = batch;
      noGrad(() => {
        const result = callModel(model, input, continues ? state : undefined, lengths);
        state = detachState(result.state);
        const targets = countTargets(batch);
        // A mean over nothing is no number.
        if (targets === 0) return;
        total += loss(result.output, target, lossOptionsOf(batch), batch).item() * targets;
        count += targets;
      });
      await letEventsThrough();
    }
  } finally {
    await batches.close();
    if (wasTraining) model.train?.(true);
  }
  if (count === 0) throw new OptionError('evaluate: expected targets that count, got none');
  return total / count;
}
