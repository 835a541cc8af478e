import { OptionError, StateDictError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { sameShape } from '../ndarray.js';
import { Tensor } from '../tensor.js';

/** Options of `WeightAverage`. */
export interface WeightAverageOptions {
  /** d of the exponential mean, from 0 to below 1; left out: the plain mean of all updates. */
  decay?: number;
}

/** The averages as plain data. */
export interface WeightAverageState {
  updates: number;
  averages: Tensor[];
}

/**
 * An average of the weights along the way, often better than the last ones. `update()` after each `optimizer.step()`:
 *
 *     exponential (EMA):    a ← d·a + (1−d)·θ, starting at the first θ
 *     plain (SWA):          a ← a + (θ − a)/(n + 1)
 *
 * Averages are kept in float64.
 * Source of SWA: P. Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018.
 *
 * @example
 * const average = new WeightAverage(model.parameters(), { decay: 0.999 });
 * const loss = await average.use(() => evaluate({ model, data, loss: crossEntropy }));
 */
export class WeightAverage {
  readonly #parameters: readonly Tensor[];
  readonly #averages: readonly Float64Array[];
  readonly #decay: number | undefined;
  #updates = 0;
  #inUse = false;

  /** @throws OptionError for a decay out of range, or no parameter */
  constructor(parameters: Iterable<Tensor>, options: WeightAverageOptions = {}) {
    checkOptions('WeightAverage', options, { decay: optional(is.decay) });
    this.#parameters = [...parameters];
    if (this.#parameters.length === 0)
      throw new OptionError('WeightAverage: expected at least one parameter, got none');
    this.#decay = options.decay;
    this.#averages = this.#parameters.map(({ data }) => Float64Array.from(data));
  }

  /** Number of updates so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes the parameters as they are now into the average. */
  update(): void {
    this.#refuseInUse('update');
    const n = this.#updates++;
    const share = n === 0 ? 1 : this.#decay === undefined ? 1 / (n + 1) : 1 - this.#decay;
    this.#averages.forEach((average, k) => {
      const { data } = this.#parameters[k]!;
      for (let i = 0; i < average.length; i++) average[i]! += share * (data[i]! - average[i]!);
    });
  }

  /**
   * Runs `fn` with the averages in the parameters, and puts the parameters back when it ends, also when it throws or
   * its promise is rejected.
   * @throws OptionError while another `use` is under way
   */
  use<T>(fn: () => T): T {
    this.#refuseInUse('use');
    const before = this.#parameters.map(({ data }) => data.slice());
    this.copyToParameters();
    this.#inUse = true;
    const restore = (): void => {
      this.#inUse = false;
      this.#parameters.forEach(({ data }, k) => data.set(before[k]!));
    };
    let result: T;
    try {
      result = fn();
    } catch (error) {
      restore();
      throw error;
    }
    if (!(result instanceof Promise)) {
      restore();
      return result;
    }
    return result.finally(restore) as T;
  }

  /** Overwrites the parameters with the averages, for good. */
  copyToParameters(): void {
    this.#refuseInUse('copyToParameters');
    this.#parameters.forEach(({ data }, k) => data.set(this.#averages[k]!));
  }

  #refuseInUse(method: string): void {
    if (this.#inUse)
      throw new OptionError(
        `WeightAverage.${method}: the averages are in use, wait until use() ends`,
      );
  }

  /** A copy of what `loadState` needs to go on from here. */
  state(): WeightAverageState {
    return {
      updates: this.#updates,
      averages: this.#averages.map(
        (average, k) => new Tensor(average.slice(), this.#parameters[k]!.shape),
      ),
    };
  }

  /** @throws StateDictError if shapes differ; nothing is changed then */
  loadState({ updates, averages }: WeightAverageState): void {
    const fits =
      averages.length === this.#parameters.length &&
      averages.every(({ shape }, k) => sameShape(shape, this.#parameters[k]!.shape));
    if (!fits)
      throw new StateDictError(
        'WeightAverage.loadState: the averages do not have the shapes of the parameters',
      );
    this.#updates = updates;
    averages.forEach(({ data }, k) => this.#averages[k]!.set(data));
  }
}
