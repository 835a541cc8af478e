import type { Batch } from '../data/batch.js';
import { NonFiniteError } from '../errors.js';
import type { Optimizer } from '../optim/optimizer.js';
import { gradientOf } from '../tensor.js';
import { scaleInPlace } from '../wasm/vectorArithmetic.js';
import type { Training } from './callbacks.js';
import { clipGradients, type ClipOptions } from './clipping.js';
import { callModel, detachState, type Loss, type Model } from './model.js';
import type { Run } from './run.js';
import { countTargets, lossOptionsOf } from './targets.js';

/** What callbacks see, as the loop writes it. */
export class TrainingContext implements Training {
  step = 0;
  epoch = 0;
  batch: Batch | undefined;
  initialState: unknown;
  error: unknown;

  constructor(
    readonly run: Run,
    readonly model: Model<unknown>,
    readonly optimizer: Optimizer,
    readonly loss: Loss,
  ) {}
}

/** One optimiser step: gradients of a batch, or of several added up, then clipping and the update. */
export class TrainingStep {
  /** What the batch that comes next starts from where it continues; cut off from its gradients. */
  state: unknown;
  #batches = 0;
  #targets = 0;
  #loss = 0;

  /** @param accumulate batches in a step */
  constructor(
    private readonly training: TrainingContext,
    private readonly accumulate: number,
  ) {}

  get isFull(): boolean {
    return this.#batches === this.accumulate;
  }

  begin(): void {
    this.training.optimizer.zeroGrad();
    this.#batches = this.#targets = this.#loss = 0;
  }

  /**
   * Forward and backward. Of several batches each counts by its number of targets, so that all together are as one
   * large batch.
   */
  add(batch: Batch): void {
    const { model, loss, initialState } = this.training;
    const result = callModel(model, batch.input, initialState, batch.lengths);
    const mean = loss(result.output, batch.target, lossOptionsOf(batch), batch);
    const value = mean.item();
    if (!Number.isFinite(value))
      throw new NonFiniteError(
        `fit: expected a finite loss at step ${this.training.step}, got ${value}; the weights are those before this step`,
      );
    const targets = this.accumulate === 1 ? 1 : countTargets(batch);
    (targets === 1 ? mean : mean.mul(targets)).backward();
    this.#loss += value * targets;
    this.#targets += targets;
    this.#batches++;
    this.state = detachState(result.state);
  }

  /** The gradients of the mean over all targets. */
  average(): void {
    if (this.#targets === 1) return;
    for (const parameter of this.training.optimizer.parameters) {
      const gradient = gradientOf(parameter);
      if (gradient) scaleInPlace(gradient, 1 / this.#targets);
    }
  }

  /** @returns the mean loss, and the gradients' norm before clipping */
  update(clipping: ClipOptions): { loss: number; gradNorm: number } {
    const { optimizer } = this.training;
    const norm = clipGradients(optimizer.parameters, clipping);
    optimizer.step();
    return { loss: this.#loss / this.#targets, gradNorm: norm };
  }
}
