import { createNumbers, type NumberArray } from '../ndarray.js';
import { gradientOf, type Tensor } from '../tensor.js';
import { findEngine } from '../wasm/engine.js';
import { putState, takeState, type OptimizerState } from './optimizerState.js';
import {
  toGroups,
  type GroupSettings,
  type OptimizerParameters,
  type ParameterGroup,
  type SettingsSpec,
} from './parameterGroups.js';

const show = (value: unknown): string =>
  Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

/**
 * What all optimisers share: parameters in groups, each with settings of its own, moments per parameter, and a state to save.
 * `zeroGrad()` before, `step()` after `backward()`; a parameter without a gradient is passed over.
 *
 * @throws OptionError for settings out of range, no parameter, one given twice, or none that requires gradients
 */
export abstract class Optimizer<Settings extends GroupSettings = GroupSettings> {
  readonly parameters: readonly Tensor[];
  /** Parameters with their settings, which may be changed between steps: `optimizer.groups[0].lr = 1e-4`. */
  readonly groups: readonly ParameterGroup<Settings>[];
  readonly #groupOf: readonly ParameterGroup<Settings>[];
  readonly #moments = new Map<string, NumberArray[]>();
  /** For each parameter, how often it was updated: one without a gradient is not stepped. */
  protected readonly steps: number[];

  /**
   * @param options the settings of every group that says nothing else
   * @throws OptionError for an unknown option or one out of range, or if there is nothing to train
   */
  constructor(
    parameters: OptimizerParameters<Settings>,
    options: Partial<Settings>,
    spec: SettingsSpec<Settings>,
  ) {
    this.groups = toGroups(new.target.name, parameters, options, spec);
    this.parameters = this.groups.flatMap(({ params }) => params);
    this.#groupOf = this.groups.flatMap((group) => group.params.map(() => group));
    this.steps = this.parameters.map(() => 0);
  }

  /** Learning rate of the first group; setting it sets that of all. */
  get lr(): number {
    return this.groups[0]!.lr;
  }

  set lr(rate: number) {
    for (const group of this.groups) group.lr = rate;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    this.parameters.forEach((parameter, k) => {
      const gradient = gradientOf(parameter);
      if (gradient) this.update(k, parameter.data, gradient);
    });
  }

  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /** A copy of everything that `loadState` needs to go on exactly as from here; the parameters are not in it. */
  state(): OptimizerState {
    return takeState(this.#parts());
  }

  /**
   * Goes on from a state of an optimiser of the same class over parameters of the same shapes, in the same order.
   * @throws StateDictError that lists what does not fit; nothing is changed then
   */
  loadState(state: OptimizerState): void {
    putState(this.#parts(), state);
  }

  /** A line for each group: how many parameters, and their settings. */
  toString(): string {
    const lines = this.groups.map(({ params, ...settings }) => {
      const numbers = params.reduce((sum, { size }) => sum + size, 0);
      const values = Object.entries(settings).map(([name, value]) => `${name} ${show(value)}`);
      return `${params.length} parameters, ${numbers} numbers: ${values.join(', ')}`;
    });
    return [`${this.constructor.name}, ${lines[0]!}`, ...lines.slice(1)].join('\n  ');
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it. */
  [Symbol.for('debug.description')](): string {
    return `${this.constructor.name}, ${this.parameters.length} parameters, lr ${this.lr}`;
  }

  #parts() {
    const { parameters, groups, steps } = this;
    return { kind: this.constructor.name, parameters, groups, steps, moments: this.#moments };
  }

  /** Updates the k-th parameter in place. */
  protected abstract update(k: number, parameter: NumberArray, gradient: NumberArray): void;

  /**
   * Updates a parameter and its moments in WebAssembly where they are in the engine's memory; moments stand where
   * their parameter does.
   * @param kernel its name in kernel/rnn/wasm/updateKernels.ts, which tells the order of arrays and numbers
   * @returns whether it did
   */
  protected runKernel(
    kernel: string,
    theta: NumberArray,
    gradient: NumberArray,
    moments: readonly NumberArray[],
    numbers: readonly number[],
  ): boolean {
    const engine = findEngine();
    if (!engine?.owns(theta)) return false;
    engine.core[kernel]!(
      theta.byteOffset,
      engine.addressOf(gradient),
      ...moments.map(({ byteOffset }) => byteOffset),
      theta.length,
      ...numbers,
    );
    return true;
  }

  /** The settings of the k-th parameter. */
  protected settings(k: number): Readonly<Settings> {
    return this.#groupOf[k]!;
  }

  /**
   * A moment that is kept for each parameter, an array of its size: zeros at first, and part of the state.
   * @param isNeeded whether a group has it; there are no arrays if none does
   */
  protected moment(
    name: string,
    isNeeded: (settings: Settings) => boolean = () => true,
  ): NumberArray[] {
    if (!this.groups.some(isNeeded)) return [];
    const engine = findEngine();
    const arrays = this.parameters.map(({ data, dtype, size }) =>
      engine?.owns(data) ? engine.keep(size) : createNumbers(dtype, size),
    );
    this.#moments.set(name, arrays);
    return arrays;
  }
}
