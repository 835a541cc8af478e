import { OptionError } from '../errors.js';
import type { Optimizer } from '../optim/optimizer.js';
import { WeightAverage } from '../optim/weightAverage.js';
import { checkOptions, is, optional } from '../options.js';
import { BatchReader, isTrainingData, type TrainingData } from './batchReader.js';
import { Callbacks, isCallbacks, type FitCallback } from './callbacks.js';
import { checkClipping, type ClipOptions } from './clipping.js';
import type { Loss, Model } from './model.js';
import { Monitor, type MonitoringOptions } from './monitor.js';
import { Run, type RunSettings } from './run.js';
import { isSchedule, Scheduling, type ScheduleOptions } from './scheduling.js';
import type { StopSignal } from './stopSignal.js';
import { TrainingContext, TrainingStep } from './trainingStep.js';
import { trainingSteps, type Loop } from './trainingSteps.js';
import { Validation, type RunLength, type ValidationOptions } from './validation.js';

export interface FitOptions<State> extends ClipOptions, ScheduleOptions, MonitoringOptions {
  /** A module, or anything with `forward(input, state?)` → output or `{ output, state }`. */
  model: Model<State>;
  /**
   * Batches, or a function that gives those of an epoch, at hand or arriving (async); read again from the start when they
   * end before the run does.
   */
  data: TrainingData;
  /** The mean loss of a batch, a tensor with one element. */
  loss: Loss;
  optimizer: Optimizer;
  /** Number of optimiser steps. May be left out where `epochs` are given. */
  steps?: number;
  /** Number of times that the data is read, at most. */
  epochs?: number;
  /** Batches whose gradients make one step, as one large batch would. Default 1. */
  accumulate?: number;
  /** Held-out data, measured every so many steps or after each epoch, and at the end. */
  validation?: ValidationOptions;
  /** Takes the weights in after each step; validation then measures the averages. The weights stay the trained ones. */
  average?: WeightAverage;
  /** Told of every step, epoch, measurement and of the end; see `FitCallback`. */
  callbacks?: FitCallback | readonly FitCallback[];
  /** Told after every step, of pauses and changes, and at the end; must not throw. */
  onStep?: (run: Run) => void;
}

/**
 * Trains a model: for each batch, forward, loss, backward, clip, update.
 *
 * A batch that `continues` the one before gets its final state as initial state, with gradients cut
 * (truncated backpropagation through time over the batch's T steps).
 *
 * @returns a run: await it, or iterate over its steps
 * @throws OptionError for a wrong option, NonFiniteError (from the run) if the loss or a gradient is NaN or
 * infinite; the weights are then those before that step
 */
export function fit<State>(options: FitOptions<State>): Run {
  checkFitOptions(options);
  const { optimizer, clipNorm, clipValue, clipNormEach } = options;
  const { steps = Infinity, epochs = Infinity } = options;
  const settings = {
    get lr() {
      return optimizer.lr;
    },
    set lr(rate) {
      optimizer.lr = rate;
    },
    clipNorm,
    clipValue,
    clipNormEach,
  };
  const callbacks = createCallbacks(options, { steps, epochs });
  return new Run(
    (run, stopping) =>
      trainingSteps(createLoop(options, { steps, epochs }, callbacks, settings, run, stopping)),
    settings,
    (run) => options.onStep?.(run),
  );
}

function checkFitOptions(options: FitOptions<unknown>): void {
  checkOptions('fit', options, {
    model: is.object,
    data: isTrainingData,
    loss: is.function,
    optimizer: is.object,
    steps: options.epochs === undefined ? is.positiveInteger : optional(is.positiveInteger),
    epochs: optional(is.positiveInteger),
    accumulate: optional(is.positiveInteger),
    clipNorm: optional(is.positive),
    clipValue: optional(is.positive),
    clipNormEach: optional(is.positive),
    schedule: optional(isSchedule),
    scheduleEvery: optional(is.oneOf('step', 'epoch')),
    average: optional((value) => (value instanceof WeightAverage ? undefined : 'a WeightAverage')),
    validation: optional(is.object),
    monitor: optional((value) => (typeof value === 'string' ? undefined : is.object(value))),
    earlyStopping: optional(is.object),
    restoreBest: optional(is.boolean),
    callbacks: optional(isCallbacks),
    onStep: optional(is.function),
  });
  checkClipping(options);
  for (const name of ['monitor', 'earlyStopping', 'restoreBest'] as const)
    if (options[name] && !options.validation)
      throw new OptionError(`fit: ${name} needs validation: { data }, got none`);
}

/** Everything that happens beside the step itself, in the order in which it does. */
function createCallbacks<State>(options: FitOptions<State>, length: RunLength): Callbacks {
  const { validation, average, schedule, scheduleEvery = 'step' } = options;
  const { monitor, earlyStopping, restoreBest } = options;
  const list: FitCallback[] = [];
  if (average)
    list.push({
      name: 'average',
      onStepEnd: () => average.update(),
      state: () => average.state(),
      loadState: (state: never) => average.loadState(state),
    });
  let valueOf: Monitor['valueOf'] | undefined;
  if (validation) {
    const measuring = new Validation(validation, length, average, () => callbacks);
    const given = { monitor, earlyStopping, restoreBest };
    const monitoring = new Monitor(given, measuring.metrics);
    valueOf = (report) => monitoring.valueOf(report);
    list.push(measuring, monitoring);
  }
  if (schedule) list.push(new Scheduling([schedule].flat(), scheduleEvery, valueOf));
  const callbacks: Callbacks = new Callbacks([...list, ...[options.callbacks ?? []].flat()]);
  return callbacks;
}

function createLoop<State>(
  options: FitOptions<State>,
  length: RunLength,
  callbacks: Callbacks,
  settings: RunSettings & ClipOptions,
  run: Run,
  stopping: StopSignal,
): Loop {
  const { model, optimizer, loss, data, accumulate = 1 } = options;
  const training = new TrainingContext(run, model, optimizer, loss);
  return {
    training,
    batches: new BatchReader('fit', data, length.epochs, stopping),
    step: new TrainingStep(training, accumulate),
    callbacks,
    settings,
    length,
    watchesEpochs: length.epochs < Infinity || callbacks.watchEpochs,
  };
}
