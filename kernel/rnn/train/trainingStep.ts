import type { Batch } from '../data/batch.js';
import { NonFiniteError } from '../errors.js';
import type { Optimizer } from '../optim/optimizer.js';
import { getRngState, RandomBookmark, setRngState } from '../random.js';
import { gradientOf, noGrad, type Tensor } from '../tensor.js';
import { scaleInPlace } from '../wasm/vectorArithmetic.js';
import { gradientError, lossError, type ExplosionLimits } from './anomaly.js';
import type { Training } from './callbacks.js';
import { clipGradients, type ClipOptions } from './clipping.js';
import {
  detachState,
  runBatch,
  type Loss,
  type Model,
  type ModelResult,
  type TrainableModel,
} from './model.js';
import type { Run } from './run.js';
import type { TrainingSnapshot } from './snapshot.js';
import { countTargets, lossOptionsOf } from './targets.js';
import { isWindow, runWindow } from './truncation.js';

/** What callbacks see, as the loop writes it. */
export class TrainingContext implements Training {
  step = 0;
  epoch = 0;
  batch: Batch | undefined;
  initialState: unknown;
  error: unknown;

  constructor(
    readonly run: Run,
    readonly model: TrainableModel<unknown>,
    readonly optimizer: Optimizer,
    readonly loss: Loss,
    readonly snapshot: () => TrainingSnapshot,
  ) {}
}

/** What a step does beside forward, backward and update. */
export interface StepOptions extends ExplosionLimits {
  /** Batches in a step. */
  readonly accumulate: number;
  /** Whether to look for the operation at fault where a number is not finite. */
  readonly search: boolean;
}

/** One optimiser step: gradients of a batch, or of several added up, then clipping and the update. */
export class TrainingStep {
  /** What the batch that comes next starts from where it continues; cut off from its gradients. */
  state: unknown;
  readonly #bookmark = new RandomBookmark();
  /** The batches of the step, with what they started from. */
  readonly #given: { batch: Batch; state: unknown }[] = [];
  #targets = 0;
  #loss = 0;

  constructor(
    private readonly training: TrainingContext,
    private readonly options: StepOptions,
  ) {}

  get isFull(): boolean {
    return this.#given.length === this.options.accumulate;
  }

  get isEmpty(): boolean {
    return this.#given.length === 0;
  }

  begin(): void {
    this.training.optimizer.zeroGrad();
    if (this.options.search) this.#bookmark.mark();
    this.#given.length = this.#targets = this.#loss = 0;
  }

  /**
   * Forward and backward. Of several batches each counts by its number of targets, so that all together are as one
   * large batch; one without a target that counts only hands on its state.
   */
  add(batch: Batch): void {
    const { training, options } = this;
    const { initialState } = training;
    const isSingle = options.accumulate === 1 && !isWindow(batch);
    const targets = isSingle ? 1 : countTargets(batch);
    if (targets === 0) {
      const { state } = noGrad(() => this.#forward(batch, initialState));
      this.state = detachState(state);
      return;
    }
    const { state, loss } = this.#run(batch, initialState);
    const value = loss.item();
    const { maxLoss = Number.MAX_VALUE, search } = options;
    if (!(value <= maxLoss) || value === -Infinity)
      throw lossError(training, loss, maxLoss, search);
    const share = options.accumulate === 1 ? 1 : targets;
    (share === 1 ? loss : loss.mul(share)).backward();
    this.#loss += value * share;
    this.#targets += share;
    this.#given.push({ batch, state: initialState });
    this.state = detachState(state);
  }

  /** The gradients of the mean over all targets. */
  average(): void {
    if (this.#targets === 1) return;
    for (const parameter of this.training.optimizer.parameters) {
      const gradient = gradientOf(parameter);
      if (gradient) scaleInPlace(gradient, 1 / this.#targets);
    }
  }

  /**
   * @returns the mean loss, and the gradients' norm before clipping
   * @throws NonFiniteError, ExplosionError; nothing is updated then
   */
  update(clipping: ClipOptions): { loss: number; gradNorm: number } {
    const { optimizer } = this.training;
    const norm = this.#clip(clipping);
    optimizer.step();
    return { loss: this.#loss / this.#targets, gradNorm: norm };
  }

  #clip(clipping: ClipOptions): number {
    const { training, options } = this;
    const { parameters } = training.optimizer;
    const { maxGradNorm = Infinity } = options;
    const again = options.search ? () => this.#runAgain() : undefined;
    try {
      const norm = clipGradients(parameters, clipping);
      if (norm <= maxGradNorm) return norm;
      throw gradientError(training, norm, maxGradNorm, again);
    } catch (error) {
      if (!(error instanceof NonFiniteError) || error.anomaly) throw error;
      throw gradientError(training, NaN, maxGradNorm, again);
    }
  }

  #forward(batch: Batch, state: unknown): ModelResult<unknown> {
    const { model, step } = this.training;
    // Windows are cut for models that go through inputs step by step, see `fit`.
    return isWindow(batch)
      ? runWindow(model as Model<unknown>, batch, state)
      : runBatch(model, batch, state, step);
  }

  #run(batch: Batch, initialState: unknown): { loss: Tensor; state: unknown } {
    const { output, state, beside } = this.#forward(batch, initialState);
    return {
      loss: this.training.loss(output, batch.target, lossOptionsOf(batch), batch, beside),
      state,
    };
  }

  /** The losses of the step once more, with the same random numbers. */
  *#runAgain(): Generator<Tensor> {
    const end = getRngState();
    this.#bookmark.goBack();
    try {
      for (const { batch, state } of this.#given) yield this.#run(batch, state).loss;
    } finally {
      setRngState(end);
    }
  }
}
