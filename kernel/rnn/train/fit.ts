import type { Optimizer } from '../optim/optimizer.js';
import { checkOptions, is, optional } from '../options.js';
import { BatchReader, isTrainingData, type TrainingData } from './batchReader.js';
import { Callbacks, isCallbacks, type FitCallback } from './callbacks.js';
import { checkClipping, type ClipOptions } from './clipping.js';
import type { Loss, Model } from './model.js';
import { Run, type RunSettings } from './run.js';
import type { StopSignal } from './stopSignal.js';
import { TrainingContext, TrainingStep } from './trainingStep.js';
import { trainingSteps, type Loop } from './trainingSteps.js';
import { checkValidation, Validation, type ValidationOptions } from './validation.js';

export interface FitOptions<State> extends ClipOptions {
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
  return new Run(
    (run, stopping) => trainingSteps(createLoop(options, settings, run, stopping)),
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
    validation: optional(is.object),
    callbacks: optional(isCallbacks),
    onStep: optional(is.function),
  });
  checkClipping(options);
  if (options.validation) checkValidation(options.validation);
}

function createLoop<State>(
  options: FitOptions<State>,
  settings: RunSettings & ClipOptions,
  run: Run,
  stopping: StopSignal,
): Loop {
  const { model, optimizer, loss, data, accumulate = 1, validation } = options;
  const { steps = Infinity, epochs = Infinity } = options;
  const training = new TrainingContext(run, model, optimizer, loss);
  const validating =
    validation && new Validation(validation, { steps, epochs }, (): Callbacks => callbacks);
  const callbacks = new Callbacks([
    ...(validating ? [validating] : []),
    ...[options.callbacks ?? []].flat(),
  ]);
  return {
    training,
    batches: new BatchReader('fit', data, epochs, stopping),
    step: new TrainingStep(training, accumulate),
    callbacks,
    settings,
    length: { steps, epochs },
    watchesEpochs:
      epochs < Infinity || validating?.watchesEpochs === true || isTold(options.callbacks),
  };
}

/** Whether a callback of the user's wants to know of ends of epochs. */
const isTold = (callbacks: FitOptions<unknown>['callbacks'] = []): boolean =>
  [callbacks].flat().some((one) => 'onEpochEnd' in one);
