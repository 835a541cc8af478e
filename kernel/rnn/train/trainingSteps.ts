import { OptionError } from '../errors.js';
import type { BatchReader } from './batchReader.js';
import type { Callbacks } from './callbacks.js';
import type { ClipOptions } from './clipping.js';
import { startingState } from './model.js';
import { createYielder, now } from './platform.js';
import type { StepReport } from './history.js';
import { restoreSnapshot, type TrainingSnapshot } from './snapshot.js';
import type { TrainingContext, TrainingStep } from './trainingStep.js';
import type { RunLength } from './validation.js';

/** What the loop works with. */
export interface Loop {
  readonly training: TrainingContext;
  readonly batches: BatchReader;
  readonly step: TrainingStep;
  readonly callbacks: Callbacks;
  readonly settings: ClipOptions;
  /** Where to go on from. */
  readonly resume: TrainingSnapshot | undefined;
  readonly length: RunLength;
  /** Whether ends of epochs matter: they are seen by reading one batch ahead. */
  readonly watchesEpochs: boolean;
}

/** The training loop: batches, gradients, update, whatever callbacks do, a report; until steps or epochs are over. */
export async function* trainingSteps(loop: Loop): AsyncGenerator<StepReport> {
  const { training, batches, step, callbacks, settings, length } = loop;
  const { run, optimizer } = training;
  const letEventsThrough = createYielder();
  const epochLoss = new Mean();
  if (length.steps < Infinity) run.totalSteps = length.steps;
  try {
    if (loop.resume) await restoreSnapshot(loop, loop.resume);
    const before = run.history.seconds.at(-1) ?? 0;
    const clock = createClock(() => run.pausedMs - 1000 * before);
    await callbacks.call('onStart', training);
    while (training.step < length.steps) {
      if (!(await gatherGradients(loop))) break;
      if (callbacks.has('onGradients')) await callbacks.call('onGradients', training);
      const lr = optimizer.lr;
      const { loss, gradNorm } = step.update(settings);
      const { epoch } = batches;
      const report = { step: training.step, epoch, loss, gradNorm, lr, seconds: clock() };
      run.history.append(report);
      epochLoss.add(loss);
      if (callbacks.has('onStepEnd')) await callbacks.call('onStepEnd', report, training);
      if (loop.watchesEpochs && (await batches.isEpochOver())) {
        const end = { epoch, step: report.step, loss: epochLoss.take(), seconds: report.seconds };
        run.history.epochs.push(end);
        run.totalSteps = Math.min(length.steps, Math.round((end.step / epoch) * length.epochs));
        await callbacks.call('onEpochEnd', end, training);
      }
      yield report;
      await letEventsThrough();
    }
  } catch (error) {
    training.error = error;
    throw error;
  } finally {
    await batches.close();
    await callbacks.call('onEnd', training);
  }
}

/** Reads the batches of a step and adds up their gradients. @returns false if there is none left */
async function gatherGradients({ training, batches, step, callbacks }: Loop): Promise<boolean> {
  let batch = await batches.next();
  if (!batch) return false;
  training.step++;
  step.begin();
  const { epoch } = batches;
  while (batch) {
    if (step.isEmpty && batches.epoch > epoch + 1)
      throw new OptionError('fit: expected targets that count, got an epoch without any');
    training.batch = batch;
    training.epoch = batches.epoch;
    training.initialState = startingState(batch, step.state);
    if (callbacks.has('onBatchStart')) await callbacks.call('onBatchStart', training);
    step.add(batch);
    batch = step.isFull ? undefined : await batches.next();
  }
  if (step.isEmpty || (!step.isFull && batches.isInterrupted)) {
    training.step--;
    return false;
  }
  step.average();
  return true;
}

/** Seconds since now, without those that `pausedMs` counts. */
function createClock(pausedMs: () => number): () => number {
  const began = now();
  return () => (now() - began - pausedMs()) / 1000;
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
  }

  /** The mean of what was added since the last time. */
  take(): number {
    const mean = this.#sum / this.#count;
    this.#sum = this.#count = 0;
    return mean;
  }
}
