import { InspectionError } from '../errors.js';
import { inspect } from '../inspect/inspect.js';
import type { Trace } from '../inspect/trace.js';
import { Module } from '../modules/module.js';
import { checkOptions, is, optional } from '../options.js';
import type { FitCallback, Training } from './callbacks.js';
import type { TrainableModel } from './model.js';
import { lossOptionsOf } from './targets.js';
import { countedOutput } from './truncation.js';

/** How the gradient's flow back through time is recorded while training goes on. */
export interface GradientFlowOptions {
  /** Records at the first step and at every so many: steps 1, n, 2n, … */
  every: number;
  /** The recurrent layer, by number or name. Default: the last. */
  layer?: number | string;
  /** Name of the state. Default: the cell's first, `h`. */
  state?: string;
  /** Lags up to this one. Default: all. */
  lags?: number;
}

/**
 * How far back in time the gradient reached as training went on, in columns: with Lⱼ the last loss term of a
 * batch, measured at time step j, and sₖ the layer's state after step k,
 *
 *     norm[i][lag] = ‖∂Lⱼ/∂sⱼ₋lag‖        Frobenius, over batch and units
 *
 * for the weights before the update of step `step[i]`. Comes from the ledger of `inspect`.
 */
export class GradientFlow {
  readonly step: number[] = [];
  readonly norm: Float64Array[] = [];
  /** Name of the layer, and of the state; empty before the first record. */
  layer = '';
  state = '';

  /** ‖∂Lⱼ/∂sⱼ₋lag‖ / ‖∂Lⱼ/∂sⱼ‖ of the i-th record: what is left of the gradient so many steps back. */
  reach(i: number, lag: number): number {
    return this.norm[i]![lag]! / this.norm[i]![0]!;
  }
}

export const isInspectEvery = (value: unknown): string | undefined => {
  if (typeof value === 'object' && value !== null) return undefined;
  return is.positiveInteger(value) && 'a positive whole number, or options with every';
};

/** Records the gradient's flow of batches that training is about to be done on; changes nothing of it. */
export class GradientFlowRecorder implements FitCallback {
  readonly name = 'gradientFlow';
  readonly #options: GradientFlowOptions;
  readonly #flow = new GradientFlow();

  /** @throws OptionError for a wrong option */
  constructor(given: number | GradientFlowOptions) {
    this.#options = typeof given === 'number' ? { every: given } : given;
    checkOptions('fit: inspectEvery', this.#options, {
      every: is.positiveInteger,
      layer: optional((value) =>
        typeof value === 'string' || typeof value === 'number' ? undefined : 'a name or a number',
      ),
      state: optional((value) => (typeof value === 'string' ? undefined : 'a name')),
      lags: optional(is.positiveInteger),
    });
  }

  onStart({ run, model }: Training): void {
    toModule(model);
    run.history.gradientFlow = this.#flow;
  }

  onBatchStart(training: Training): void {
    const { step } = training;
    const isDue = step === 1 || step % this.#options.every === 0;
    if (!isDue || this.#flow.step.at(-1) === step) return;
    this.record(step, inspectBatch(training));
  }

  state(): object {
    const { step, norm, layer, state } = this.#flow;
    return { step: [...step], norm: [...norm], layer, state };
  }

  loadState({ step, norm, layer, state }: Pick<GradientFlow, 'step' | 'norm' | 'layer' | 'state'>) {
    this.#flow.step.push(...step);
    this.#flow.norm.push(...norm);
    Object.assign(this.#flow, { layer, state });
  }

  private record(step: number, trace: Trace): void {
    const { state, lags = Infinity } = this.#options;
    const layer = trace.layer({ layer: this.#options.layer ?? trace.layers.at(-1)!.name });
    const j = trace.loss.measuredAt.at(-1);
    if (j === undefined)
      throw new InspectionError('fit: inspectEvery needs a loss that is measured at a time step');
    const ledger = trace.ledger({ layer: layer.name, rows: [j], ...(state && { state }) });
    const [row] = ledger.matrix;
    const last = Math.min(Math.max(j - layer.start, 0), layer.timeSteps - 1);
    const back =
      layer.direction === 'reverse' ? row!.slice(last) : row!.slice(0, last + 1).reverse();
    this.#flow.layer = layer.name;
    this.#flow.state = ledger.state;
    this.#flow.step.push(step);
    this.#flow.norm.push(back.slice(0, lags + 1));
  }
}

const isModule = (model: TrainableModel<unknown>): model is Module & TrainableModel<unknown> =>
  model instanceof Module;

function toModule(model: TrainableModel<unknown>): Module & TrainableModel<unknown> {
  if (isModule(model)) return model;
  throw new InspectionError('fit: inspectEvery needs a model that is a Module, got another');
}

function inspectBatch({ model, loss, batch, initialState }: Training): Trace {
  const { input, target, lengths } = batch!;
  return inspect(
    toModule(model),
    {
      input,
      target,
      ...(initialState !== undefined && { state: initialState }),
      ...(lengths && { lengths }),
    },
    {
      loss: (output, wanted, _options, _batch, beside) =>
        loss(countedOutput(batch!, output), wanted, lossOptionsOf(batch!), batch!, beside),
    },
  );
}
