import { OptionError } from '../errors.js';
import type { Metric } from '../metrics/metricTable.js';
import { noGrad } from '../tensor.js';
import { BatchReader, isTrainingData, type TrainingData } from './batchReader.js';
import { MetricCollector, toMetrics, type MetricOptions, type Metrics } from './metricCollector.js';
import { detachState, runBatch, startingState, type Loss, type TrainableModel } from './model.js';
import { createYielder } from './platform.js';
import { StopSignal } from './stopSignal.js';
import { countTargets, lossOptionsOf } from './targets.js';

/** Options of `evaluate`. */
export interface EvaluateOptions<State> extends MetricOptions {
  /** What is measured; in evaluation mode meanwhile. */
  model: TrainableModel<State>;
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
 *
 * @returns the mean loss; with `metrics` an object of `loss` and each metric by name
 * @throws OptionError for a wrong option, or data without a target that counts
 */
export function evaluate<State>(
  options: EvaluateOptions<State> & { metrics: Metrics },
): Promise<Record<string, number>>;
export function evaluate<State>(options: EvaluateOptions<State>): Promise<number>;
export async function evaluate<State>(
  options: EvaluateOptions<State>,
): Promise<number | Record<string, number>> {
  const wanted = isTrainingData(options.data);
  if (wanted) throw new OptionError(`evaluate: data must be ${wanted}`);
  const { loss, metrics } = await measure('evaluate', options, toMetrics('evaluate', options));
  return options.metrics ? { loss, ...metrics } : loss;
}

/** The mean loss and the metrics of all of the data. */
export async function measure<State>(
  owner: string,
  options: EvaluateOptions<State>,
  metrics: ReadonlyMap<string, Metric>,
): Promise<{ loss: number; metrics: Record<string, number> }> {
  const { model, loss } = options;
  const batches = new BatchReader(owner, options.data, 1, new StopSignal());
  const collector = new MetricCollector(owner, metrics, options);
  const letEventsThrough = createYielder();
  let state: State | undefined;
  let total = 0;
  let count = 0;
  const wasTraining = model.training;
  if (wasTraining) model.train?.(false);
  try {
    for (let batch = await batches.next(); batch; batch = await batches.next()) {
      const one = batch;
      const { target } = one;
      noGrad(() => {
        const result = runBatch(model, one, startingState(one, state));
        state = detachState(result.state);
        const targets = countTargets(one);
        // A mean over nothing is no number.
        if (targets === 0) return;
        total +=
          loss(result.output, target, lossOptionsOf(one), one, result.beside).item() * targets;
        count += targets;
        collector.add(result.output, one);
      });
      await letEventsThrough();
    }
  } finally {
    await batches.close();
    if (wasTraining) model.train?.(true);
  }
  if (count === 0) throw new OptionError(`${owner}: expected targets that count, got none`);
  return { loss: total / count, metrics: collector.measure(total / count) };
}
