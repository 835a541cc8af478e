import type { Batch } from '../data/batch.js';
import { NonFiniteError, OptionError } from '../errors.js';
import { clipGradNorm, gradNorm } from '../optim/clip.js';
import type { Optimizer } from '../optim/optimizer.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { evaluate } from './evaluate.js';
import { callModel, detachState, type Model } from './model.js';
import { createYielder, now } from './platform.js';
import { Run, type RunSettings, type StepReport } from './run.js';

export interface FitOptions<State> {
  /** A module, or anything with `forward(input, state?)` → output or `{ output, state }`. */
  model: Model<State>;
  /** Batches; read again from the start when they end before the steps do. */
  data: Iterable<Batch>;
  /** The mean loss of a batch, a tensor with one element. */
  loss: (output: Tensor, target: Tensor) => Tensor;
  optimizer: Optimizer;
  /** Number of optimiser steps. */
  steps: number;
  /** Largest global gradient norm; left out: no clipping. */
  clipNorm?: number | undefined;
  /** Held-out data, measured every so many steps (default: ten times a run) and at the end. */
  validation?: { data: Iterable<Batch>; every?: number };
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
  checkOptions('fit', options, {
    model: is.object,
    data: is.object,
    loss: is.function,
    optimizer: is.object,
    steps: is.positiveInteger,
    clipNorm: optional(is.positive),
    validation: optional(is.object),
    onStep: optional(is.function),
  });
  const { optimizer } = options;
  const settings: RunSettings = {
    get lr() {
      return optimizer.lr;
    },
    set lr(rate) {
      optimizer.lr = rate;
    },
    clipNorm: options.clipNorm,
  };
  const steps = trainingSteps(options, settings, () => run.pausedMs);
  const run: Run = new Run(steps, settings, (one) => options.onStep?.(one));
  return run;
}

async function* trainingSteps<State>(
  options: FitOptions<State>,
  settings: RunSettings,
  pausedMs: () => number,
): AsyncGenerator<StepReport> {
  const { model, optimizer, steps, validation } = options;
  const every = validation?.every ?? Math.max(1, Math.floor(steps / 10));
  const letEventsThrough = createYielder();
  const began = now();
  const batches = endlessly(options.data);
  let state: State | undefined;
  for (let step = 1; step <= steps; step++) {
    const batch = batches.next().value;
    const { clipNorm } = settings;
    const trained = trainingStep(
      { ...options, clipNorm },
      batch,
      batch.continues ? state : undefined,
      step,
    );
    state = trained.state;
    const report: StepReport = {
      step,
      loss: trained.loss,
      gradNorm: trained.gradNorm,
      lr: optimizer.lr,
      seconds: (now() - began - pausedMs()) / 1000,
    };
    if (validation && (step % every === 0 || step === steps))
      report.validation = await evaluate({ model, data: validation.data, loss: options.loss });
    yield report;
    await letEventsThrough();
  }
}

function trainingStep<State>(
  { model, loss, optimizer, clipNorm }: FitOptions<State>,
  batch: Batch,
  state: State | undefined,
  step: number,
) {
  optimizer.zeroGrad();
  const result = callModel(model, batch.input, state);
  const value = loss(result.output, batch.target);
  if (!Number.isFinite(value.item()))
    throw new NonFiniteError(
      `fit: expected a finite loss at step ${step}, got ${value.item()}; the weights are those before this step`,
    );
  value.backward();
  const norm =
    clipNorm === undefined
      ? gradNorm(optimizer.parameters)
      : clipGradNorm(optimizer.parameters, clipNorm);
  optimizer.step();
  return { loss: value.item(), gradNorm: norm, state: detachState(result.state) };
}

/** The data again and again. @throws OptionError if it gives no batch */
function* endlessly(data: Iterable<Batch>): Generator<Batch, never> {
  while (true) {
    let empty = true;
    for (const batch of data) {
      empty = false;
      yield batch;
    }
    if (empty) throw new OptionError('fit: the data gave no batch');
  }
}
