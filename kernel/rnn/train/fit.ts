import { OptionError } from '../errors.js';
import type { Optimizer } from '../optim/optimizer.js';
import { WeightAverage } from '../optim/weightAverage.js';
import { checkOptions, is, optional } from '../options.js';
import { checkLimits, isDetectAnomaly, type ExplosionLimits } from './anomaly.js';
import { BatchReader, isTrainingData, type TrainingData } from './batchReader.js';
import { Callbacks, isCallbacks, type FitCallback } from './callbacks.js';
import { checkCheckpoint, Checkpointing, type CheckpointOptions } from './checkpointing.js';
import { checkClipping, type ClipOptions } from './clipping.js';
import { GradientFlowRecorder, isInspectEvery, type GradientFlowOptions } from './gradientFlow.js';
import { isBatchModel, type Loss, type TrainableModel } from './model.js';
import { Monitor, type MonitoringOptions } from './monitor.js';
import { Run, type RunSettings } from './run.js';
import { isSchedule, Scheduling, type ScheduleOptions } from './scheduling.js';
import { takeSnapshot, type TrainingSnapshot } from './snapshot.js';
import type { StopSignal } from './stopSignal.js';
import { TrainingContext, TrainingStep } from './trainingStep.js';
import { trainingSteps, type Loop } from './trainingSteps.js';
import { checkTruncation, type TruncationOptions } from './truncation.js';
import { Validation, type RunLength, type ValidationOptions } from './validation.js';

export interface FitOptions<State> extends ClipOptions, ScheduleOptions, MonitoringOptions {
  /**
   * A module, or anything with `forward(input, state?)` → output or `{ output, state }`; a `Seq2Seq`, or anything with
   * `forwardBatch(batch, state?)` where its input is not all that it reads.
   */
  model: TrainableModel<State>;
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
  /**
   * Truncated backpropagation through time within long sequences: a step of training after every k1 time steps, gradients
   * that go back k2. Default: through a whole batch, and never beyond.
   */
  tbptt?: TruncationOptions;
  /**
   * Losses and gradient norms that are not finite always end the run before they reach the weights. With `true` the
   * operation, layer and time step where that began is searched for then, which costs nothing before. Limits end it for
   * finite numbers too. Default true.
   */
  detectAnomaly?: boolean | ExplosionLimits;
  /** Snapshots of the run along the way. */
  checkpoint?: CheckpointOptions;
  /** Goes on from a snapshot, bit for bit; `steps` and `epochs` count from the very start. */
  resume?: TrainingSnapshot;
  /**
   * Records at the first step and at every so many how far back in time the gradient reaches, in
   * `history.gradientFlow`; see `GradientFlow`. Changes nothing of the training, and takes a few times as long as a
   * step where it is done. Default: not recorded.
   */
  inspectEvery?: number | GradientFlowOptions;
  /** Told of every step, epoch, measurement and of the end; see `FitCallback`. */
  callbacks?: FitCallback | readonly FitCallback[];
  /** Told after every step, of pauses and changes, and at the end; must not throw. */
  onStep?: (run: Run) => void;
}

/**
 * Trains a model: for each batch, forward, loss, backward, clip, update.
 *
 * A batch that `continues` the one before gets its final state as initial state, with gradients cut
 * (truncated backpropagation through time over the batch's T steps); `tbptt` cuts finer, or reaches further.
 *
 * @returns a run: await it, or iterate over its steps
 * @throws OptionError for a wrong option; from the run NonFiniteError if the loss or a gradient is NaN or infinite, which
 * names step, layer, time step and operation, ExplosionError beyond the limits of `detectAnomaly` (the weights are then
 * those before that step), StateDictError if a snapshot to resume from does not fit
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
    tbptt: optional(is.object),
    detectAnomaly: optional(isDetectAnomaly),
    checkpoint: optional(is.object),
    resume: optional(is.object),
    inspectEvery: optional(isInspectEvery),
    callbacks: optional(isCallbacks),
    onStep: optional(is.function),
  });
  checkClipping(options);
  if (options.tbptt) checkTruncation(options.tbptt);
  if (options.tbptt && isBatchModel(options.model))
    throw new OptionError(
      `fit: tbptt cuts inputs into windows, expected a model with forward(input, state), got ${options.model.constructor.name} with forwardBatch`,
    );
  if (options.checkpoint) checkCheckpoint(options.checkpoint);
  if (typeof options.detectAnomaly === 'object') checkLimits(options.detectAnomaly);
  for (const name of ['monitor', 'earlyStopping', 'restoreBest'] as const)
    if (options[name] && !options.validation)
      throw new OptionError(`fit: ${name} needs validation: { data }, got none`);
}

/** Everything that happens beside the step itself, in the order in which it does. */
function createCallbacks<State>(options: FitOptions<State>, length: RunLength): Callbacks {
  const { validation, average, schedule, scheduleEvery = 'step', checkpoint } = options;
  const { monitor, earlyStopping, restoreBest } = options;
  const saving = checkpoint && new Checkpointing(checkpoint, length);
  const list: FitCallback[] = saving ? [saving.atEnd] : [];
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
  if (options.inspectEvery !== undefined) list.push(new GradientFlowRecorder(options.inspectEvery));
  const callbacks: Callbacks = new Callbacks([
    ...list,
    ...[options.callbacks ?? []].flat(),
    ...(saving ? [saving.along] : []),
  ]);
  checkNames(callbacks.list);
  return callbacks;
}

/** Their states stand under their names in snapshots. */
function checkNames(list: readonly FitCallback[]): void {
  const names = list.flatMap((one) => ('state' in one && one.name !== undefined ? [one.name] : []));
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    throw new OptionError(`fit: expected callbacks with names of their own, got '${twice}' twice`);
}

function createLoop<State>(
  options: FitOptions<State>,
  length: RunLength,
  callbacks: Callbacks,
  settings: RunSettings & ClipOptions,
  run: Run,
  stopping: StopSignal,
): Loop {
  const { model, optimizer, loss, data, accumulate = 1, tbptt, detectAnomaly = true } = options;
  const training = new TrainingContext(run, model, optimizer, loss, () => takeSnapshot(loop));
  const limits = typeof detectAnomaly === 'object' ? detectAnomaly : {};
  const loop: Loop = {
    training,
    batches: new BatchReader('fit', data, length.epochs, stopping, tbptt),
    step: new TrainingStep(training, { ...limits, accumulate, search: detectAnomaly !== false }),
    callbacks,
    settings,
    length,
    resume: options.resume,
    watchesEpochs: length.epochs < Infinity || callbacks.watchEpochs,
  };
  return loop;
}
