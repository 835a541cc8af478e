import { gruCell, lstmCell, rnnCell } from '../cell/builtinCells.js';
import type { Cell } from '../cell/defineCell.js';
import type { CellProgram } from '../cell/program.js';
import { OptionError, ShapeError } from '../errors.js';
import type { Executor } from '../executor/executor.js';
import { createSteppedExecutor } from '../executor/stepped.js';
import { createFusedExecutor } from '../fused/fusedExecutor.js';
import { cat, zeros } from '../factories.js';
import { sameShape, showShape, type NdArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { needsGradient, record, type Parameter, type Tensor } from '../tensor.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

export interface RecurrentLayerOptions {
  /** Number of features of the input at each time step. */
  inputSize: number;
  /** Number of features of the hidden state. */
  hiddenSize: number;
  /** Layers stacked, each reading the output of the one below. Default 1. */
  numLayers?: number;
  /** Whether cells have bias vectors. Default true. */
  bias?: boolean;
  /** Input and output are `[B, T, F]` instead of `[T, B, F]`. Default false. */
  batchFirst?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

export interface RecurrentOptions extends RecurrentLayerOptions {
  cell: Cell;
}

const layerOptions = {
  inputSize: is.positiveInteger,
  hiddenSize: is.positiveInteger,
  numLayers: optional(is.positiveInteger),
  bias: optional(is.boolean),
  batchFirst: optional(is.boolean),
  dtype: floatType,
};

/** What a tape node of a recurrent layer says of itself. */
export interface RecurrentDetail {
  readonly program: CellProgram;
  readonly timeSteps: number;
}

/** One layer: its program, its parameters in the program's order, and what runs them. */
interface Layer {
  program: CellProgram;
  parameters: Parameter[];
  executor: Executor;
  /** Initial states where none are given, for the batch size that came last. */
  zeros: Tensor[];
}

/** By state name, `[numLayers, B, size]` each. */
export type RecurrentState = Readonly<Record<string, Tensor>>;

/**
 * Runs a cell over a sequence, layer upon layer.
 *
 * Parameters are named as the cell names them with `_l0`, `_l1`, … appended, as PyTorch does.
 * T time steps, B sequences: input `[T, B, inputSize]` → output `[T, B, outputSize]` of the top layer, and
 * the state after the last time step.
 */
export class Recurrent<State extends RecurrentState = RecurrentState> extends Module {
  readonly [parameter: `weight_${string}` | `bias_${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly dtype: FloatType;
  readonly #layers: readonly Layer[];

  constructor(options: RecurrentOptions) {
    super();
    checkOptions(new.target.name, options, { ...layerOptions, cell: is.object });
    const { cell, inputSize, hiddenSize, numLayers = 1, bias = true } = options;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.batchFirst = options.batchFirst ?? false;
    this.dtype = options.dtype ?? 'float32';
    const layers: Layer[] = [];
    for (let l = 0, size = inputSize; l < numLayers; l++) {
      const program = cell.program({ inputSize: size, hiddenSize, bias });
      layers.push(this.createLayer(program, l));
      size = program.nodes[program.output]!.shape[1]!;
    }
    this.#layers = layers;
  }

  private createLayer(program: CellProgram, l: number): Layer {
    const parameters = program.parameters.map(({ name, shape, initialize }) => {
      const field = `${name}_l${l}`;
      if (field in this)
        throw new OptionError(`${program.name}: the parameter name '${name}' is taken`);
      const parameter = createParameter(shape, this.dtype, initialize);
      (this as Record<string, unknown>)[field] = parameter;
      return parameter;
    });
    const executor =
      createFusedExecutor(program, parameters, this.dtype) ??
      createSteppedExecutor(program, parameters, this.dtype);
    return { program, parameters, executor, zeros: [] };
  }

  /** The cell program of each layer, bottom first. */
  get programs(): readonly CellProgram[] {
    return this.#layers.map(({ program }) => program);
  }

  /**
   * @param input `[T, B, inputSize]`, or `[B, T, inputSize]` with batchFirst
   * @param state what an earlier call returned; zeros where left out
   * @throws ShapeError if a shape does not fit
   */
  override forward(input: Tensor, state?: State): { output: Tensor; state: State } {
    this.checkInput(input);
    let output = this.batchFirst ? input.transpose(0, 1) : input;
    const finals = this.#layers.map((layer, l) => {
      const result = runLayer(layer, output, this.initialStates(layer, l, output.shape[1]!, state));
      output = result.output;
      return result.finalStates;
    });
    const finalState: Record<string, Tensor> = {};
    this.#layers[0]!.program.states.forEach(({ name }, k) => {
      finalState[name] = finals.length > 1 ? cat(finals.map((layer) => layer[k]!)) : finals[0]![k]!;
    });
    return {
      output: this.batchFirst ? output.transpose(0, 1) : output,
      state: finalState as State,
    };
  }

  private checkInput(input: Tensor): void {
    const name = this.constructor.name;
    const order = this.batchFirst ? '[B, T, inputSize]' : '[T, B, inputSize]';
    if (input.shape.length !== 3)
      throw new ShapeError(
        `${name}.forward: input is ${showShape(input.shape)}, expected three dimensions ${order}`,
      );
    if (input.shape[2] !== this.inputSize)
      throw new ShapeError(
        `${name}.forward: input is ${showShape(input.shape)}, expected last dimension inputSize = ${this.inputSize}`,
      );
    if (input.size === 0)
      throw new ShapeError(
        `${name}.forward: input is ${showShape(input.shape)}, expected at least one time step and one sequence`,
      );
  }

  /** `[1, B, size]` for each state. */
  private initialStates(layer: Layer, l: number, batchSize: number, state?: State): Tensor[] {
    const { states } = layer.program;
    if (layer.zeros[0]?.shape[1] !== batchSize)
      layer.zeros = states.map(({ size }) => zeros([1, batchSize, size], { dtype: this.dtype }));
    if (!state) return layer.zeros;
    return states.map(({ name, size }, k) => {
      const given = state[name];
      if (!given) return layer.zeros[k]!;
      const expected = [this.numLayers, batchSize, size];
      if (!sameShape(given.shape, expected))
        throw new ShapeError(
          `${this.constructor.name}.forward: state ${name} is ${showShape(given.shape)}, expected [numLayers, B, size] = ${showShape(expected)}`,
        );
      return this.numLayers === 1 ? given : given.slice(0, l, l + 1);
    });
  }
}

function runLayer({ program, parameters, executor }: Layer, input: Tensor, states: Tensor[]) {
  const inputs = [input, ...states, ...parameters];
  const run = executor.run({ input, states }, needsGradient(inputs));
  const finals = run.finalStates.map(({ data, shape }) => ({ data, shape: [1, ...shape] }));
  const [output, ...finalStates] = record(
    'recurrent',
    inputs,
    [run.output, ...finals],
    ([outputAdjoint, ...finalAdjoints], gradients) =>
      run.backward(outputAdjoint!, finalAdjoints, splitGradients(gradients, states.length)),
    { program, timeSteps: input.shape[0]! } satisfies RecurrentDetail,
  );
  return { output: output!, finalStates };
}

function splitGradients(gradients: readonly (NdArray | null)[], states: number) {
  return {
    input: gradients[0]!,
    states: gradients.slice(1, 1 + states),
    parameters: gradients.slice(1 + states),
  };
}

export type RNNState = Readonly<{ h: Tensor }>;
export type GRUState = Readonly<{ h: Tensor }>;
export type LSTMState = Readonly<{ h: Tensor; c: Tensor }>;

/** Elman's recurrent network; the equations are `rnnCell`'s. */
export class RNN extends Recurrent<RNNState> {
  constructor({
    nonlinearity = 'tanh',
    ...options
  }: RecurrentLayerOptions & {
    /** Default `'tanh'`. */
    nonlinearity?: 'tanh' | 'relu';
  }) {
    checkOptions('RNN', { nonlinearity }, { nonlinearity: is.oneOf('tanh', 'relu') });
    super({ ...options, cell: rnnCell(nonlinearity) });
  }
}

/** Long short-term memory; the equations are `lstmCell`'s, gate order i f g o. */
export class LSTM extends Recurrent<LSTMState> {
  constructor(options: RecurrentLayerOptions) {
    super({ ...options, cell: lstmCell });
  }
}

/** Gated recurrent unit; the equations are `gruCell`'s, gate order r z n. */
export class GRU extends Recurrent<GRUState> {
  constructor({
    resetAfter = true,
    ...options
  }: RecurrentLayerOptions & {
    /** Whether r multiplies W_hn·h + b_hn (true, as PyTorch) or h itself. Default true. */
    resetAfter?: boolean;
  }) {
    checkOptions('GRU', { resetAfter }, { resetAfter: is.boolean });
    super({ ...options, cell: gruCell(resetAfter) });
  }
}
