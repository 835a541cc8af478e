import type { Cell } from '../cell/defineCell.js';
import type { CellProgram } from '../cell/program.js';
import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape, type Shape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { expectTensor, type Parameter, type Tensor } from '../tensor.js';
import { CellLayer, withoutNoise } from './cellLayer.js';
import {
  gruVariants,
  lstmVariants,
  rnnVariants,
  withCell,
  type GRUVariant,
  type LSTMVariant,
  type RNNVariant,
} from './cellVariants.js';
import { addHook, type HookHandle } from './hooks.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';
import { checkParameters } from './recurrentChecks.js';
import type { RecurrentState } from './recurrentOptions.js';
import type { GRUState, LSTMState, RNNState } from './recurrentLayers.js';
import { showTimeSteps, type TimeStepHook } from './timeStepHooks.js';

/** Options that all single-step cells share. */
export interface RecurrentCellSizes {
  /** Number of features of the input. */
  inputSize: number;
  /** Number of features of the hidden state. */
  hiddenSize: number;
  /** Whether the cell has bias vectors. Default true. */
  bias?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/** Options of `RecurrentCell`. */
export interface RecurrentCellOptions extends RecurrentCellSizes {
  /** What one time step computes. */
  cell: Cell;
}

const recurrentCellSizes = {
  inputSize: is.positiveInteger,
  hiddenSize: is.positiveInteger,
  bias: optional(is.boolean),
  dtype: floatType,
};

/**
 * One time step of any cell: x `[B, inputSize]` and states `[B, size]` → the output `[B, outputSize]` and the next
 * states. Without a batch all lose their first axis. For whole sequences `Recurrent` is faster; the numbers are the same.
 *
 * Parameters are named as the cell names them, without the `_l0` of a layer.
 *
 * @example
 * const cell = new LSTMCell({ inputSize: 8, hiddenSize: 32 });
 * let state: LSTMState | undefined;
 * for (const x of steps) state = cell.forward(x, state).state;
 */
export class RecurrentCell<State extends RecurrentState = RecurrentState> extends Module {
  readonly [parameter: `weight_${string}` | `bias_${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Number of features of the output. */
  readonly outputSize: number;
  readonly dtype: FloatType;
  readonly #layer: CellLayer;
  readonly #timeStepHooks = new Set<{ hook: TimeStepHook }>();

  constructor(options: RecurrentCellOptions) {
    super();
    checkOptions(new.target.name, options, { ...recurrentCellSizes, cell: is.object });
    const { cell, inputSize, hiddenSize, bias = true, dtype = 'float32' } = options;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.dtype = dtype;
    const program = cell.program({ inputSize, hiddenSize, bias });
    this.outputSize = program.nodes[program.output]!.shape[1]!;
    const parameters = program.parameters.map(({ name, shape, initialize }) => {
      if (name in this)
        throw new OptionError(`${program.name}: the parameter name '${name}' is taken`);
      const parameter = createParameter(shape, dtype, initialize);
      (this as Record<string, unknown>)[name] = parameter;
      return parameter;
    });
    const fields = program.parameters.map(({ name }) => name);
    this.#layer = new CellLayer(program, fields, parameters, dtype, 'forward', withoutNoise);
  }

  /** The cell program. */
  get program(): CellProgram {
    return this.#layer.program;
  }

  /** Calls `hook` after each `forward` with x, gates and states; see `Recurrent.registerTimeStepHook`. */
  registerTimeStepHook(hook: TimeStepHook): HookHandle {
    return addHook(this, this.#timeStepHooks, hook);
  }

  /**
   * @param input `[B, inputSize]` or `[inputSize]`
   * @param state what the time step before gave; zeros where left out
   * @throws ShapeError if a shape does not fit, CellError for a parameter that was replaced
   */
  override forward(input: Tensor, state?: State): { output: Tensor; state: State } {
    this.checkInput(input);
    checkParameters(this, [this.#layer]);
    const isBatch = input.shape.length === 2;
    const batchSize = isBatch ? input.shape[0]! : 1;
    const leading = isBatch ? [batchSize] : [];
    const sequence = input.reshape([1, batchSize, this.inputSize]);
    const states = this.initialStates(state, leading, batchSize);
    const { output, finalStates, detail } = this.#layer.run(sequence, states, {
      training: this.training,
      direction: 'forward',
      lengths: undefined,
    });
    if (this.#timeStepHooks.size > 0) {
      const hooks = [...this.#timeStepHooks].map(({ hook }) => hook);
      showTimeSteps(hooks, this.#layer, 0, [sequence, states], detail);
    }
    const next = this.program.states.map(
      ({ name, size }, k) => [name, finalStates[k]!.reshape([...leading, size])] as const,
    );
    return {
      output: output.reshape([...leading, this.outputSize]),
      state: Object.fromEntries(next) as State,
    };
  }

  private checkInput(input: Tensor): void {
    expectTensor(`${this.constructor.name}.forward`, 'input', input);
    const { shape, size } = input;
    const isKnown = shape.length === 1 || shape.length === 2;
    if (!isKnown || shape.at(-1) !== this.inputSize || size === 0)
      throw new ShapeError(
        `${this.constructor.name}.forward: input is ${showShape(shape)}, expected [B, inputSize] or [inputSize] with inputSize = ${this.inputSize}`,
      );
  }

  /** `[1, B, size]` for each state. */
  private initialStates(state: State | undefined, leading: Shape, batchSize: number) {
    const zeros = this.#layer.zeros(batchSize);
    return this.program.states.map(({ name, size }, k) => {
      const given = state?.[name];
      if (!given) return zeros[k]!;
      const expected = [...leading, size];
      if (!sameShape(given.shape, expected))
        throw new ShapeError(
          `${this.constructor.name}.forward: state ${name} is ${showShape(given.shape)}, expected ${showShape(expected)} as the input has ${leading.length > 0 ? `B = ${batchSize}` : 'no batch'}`,
        );
      return given.reshape([1, batchSize, size]);
    });
  }
}

/**
 * One time step of `RNN`, h′ = φ(W_ih·x + b_ih + W_hh·h + b_hh): x `[B, inputSize]` and `{ h }` `[B, hiddenSize]` (zeros where
 * left out) → `{ output, state }`. Parameters as PyTorch's `nn.RNNCell`: `weight_ih` `[hiddenSize, inputSize]`, `weight_hh`
 * `[hiddenSize, hiddenSize]`, `bias_ih` and `bias_hh` `[hiddenSize]`.
 */
export class RNNCell extends RecurrentCell<RNNState> {
  constructor(options: RecurrentCellSizes & RNNVariant) {
    super(withCell('RNNCell', options, recurrentCellSizes, rnnVariants));
  }
}

/** Options of `LSTMCell`. */
export interface LSTMCellOptions extends RecurrentCellSizes, LSTMVariant {}

/**
 * One time step of `LSTM`, with its equations and gate order i f g o: x `[B, inputSize]` and `{ h, c }` `[B, hiddenSize]` each
 * (zeros where left out) → `{ output, state }`. Parameters as PyTorch's `nn.LSTMCell`: `weight_ih`
 * `[4·hiddenSize, inputSize]`, `weight_hh` `[4·hiddenSize, hiddenSize]`, `bias_ih` and `bias_hh` `[4·hiddenSize]`.
 */
export class LSTMCell extends RecurrentCell<LSTMState> {
  constructor(options: LSTMCellOptions) {
    super(withCell('LSTMCell', options, recurrentCellSizes, lstmVariants));
  }
}

/**
 * One time step of `GRU`, with its equations and gate order r z n: x `[B, inputSize]` and `{ h }` `[B, hiddenSize]` (zeros where
 * left out) → `{ output, state }`. Parameters as PyTorch's `nn.GRUCell`: `weight_ih` `[3·hiddenSize, inputSize]`, `weight_hh`
 * `[3·hiddenSize, hiddenSize]`, `bias_ih` and `bias_hh` `[3·hiddenSize]`.
 */
export class GRUCell extends RecurrentCell<GRUState> {
  constructor(options: RecurrentCellSizes & GRUVariant) {
    super(withCell('GRUCell', options, recurrentCellSizes, gruVariants));
  }
}
