import type { Cell } from '../cell/defineCell.js';
import type { CellProgram } from '../cell/program.js';
import { CellError, OptionError, ShapeError } from '../errors.js';
import { runArranged } from '../executor/arrange.js';
import type { Executor } from '../executor/executor.js';
import { createSteppedExecutor } from '../executor/stepped.js';
import { cat, zeros } from '../factories.js';
import { createFusedExecutor } from '../fused/fusedExecutor.js';
import { sameShape, showShape, type NdArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { needsGradient, record, type Parameter, type Tensor } from '../tensor.js';
import { dropout } from './dropout.js';
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
  /** Whether each layer also reads the sequence from its end, with weights of its own. Default false. */
  bidirectional?: boolean;
  /** Probability that a number between two layers is dropped in training; never after the last. Default 0. */
  dropout?: number;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

export interface RecurrentOptions extends RecurrentLayerOptions {
  cell: Cell;
}

export interface RecurrentForwardOptions {
  /**
   * How many time steps of each sequence are valid, 1 to T, in any order; the rest is padding. Output there is zero,
   * and the state is the one after the last valid time step.
   */
  lengths?: ArrayLike<number> | Tensor;
}

const layerOptions = {
  inputSize: is.positiveInteger,
  hiddenSize: is.positiveInteger,
  numLayers: optional(is.positiveInteger),
  bias: optional(is.boolean),
  batchFirst: optional(is.boolean),
  bidirectional: optional(is.boolean),
  dropout: optional(is.probability),
  dtype: floatType,
};

export type Direction = 'forward' | 'reverse';

/** What a tape node of a recurrent layer says of itself. */
export interface RecurrentDetail {
  readonly program: CellProgram;
  readonly timeSteps: number;
  readonly direction: Direction;
  /** Valid time steps of each sequence; all where left out. */
  readonly lengths?: Int32Array;
}

/** One layer in one direction: its program, its parameters in the program's order, and what runs them. */
interface Layer {
  readonly program: CellProgram;
  /** Names of the parameters as fields of the module. */
  readonly fields: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly executor: Executor;
  readonly direction: Direction;
  /** Initial states where none are given, for the batch size that came last. */
  zeros: Tensor[];
}

/** By state name, `[numLayers · directions, B, size]` each. */
export type RecurrentState = Readonly<Record<string, Tensor>>;

/**
 * Runs a cell over a sequence, layer upon layer.
 *
 * Parameters are named as the cell names them with `_l0`, `_l1`, … appended, as PyTorch does, and `_reverse` for the
 * other direction. T time steps, B sequences: input `[T, B, inputSize]` → output `[T, B, outputSize]` of the top
 * layer (both directions side by side, forward first), and the state after the last time step: forward and reverse of
 * the first layer, then of the second, …
 */
export class Recurrent<State extends RecurrentState = RecurrentState> extends Module {
  readonly [parameter: `weight_${string}` | `bias_${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly dropout: number;
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
    this.bidirectional = options.bidirectional ?? false;
    this.dropout = options.dropout ?? 0;
    this.dtype = options.dtype ?? 'float32';
    const directions: Direction[] = this.bidirectional ? ['forward', 'reverse'] : ['forward'];
    const layers: Layer[] = [];
    for (let l = 0, size = inputSize; l < numLayers; l++) {
      const program = cell.program({ inputSize: size, hiddenSize, bias });
      checkStates(layers[0]?.program, program, l);
      for (const direction of directions) layers.push(this.createLayer(program, l, direction));
      size = program.nodes[program.output]!.shape[1]! * directions.length;
    }
    this.#layers = layers;
  }

  private createLayer(program: CellProgram, l: number, direction: Direction): Layer {
    const fields = program.parameters.map(
      ({ name }) => `${name}_l${l}${direction === 'reverse' ? '_reverse' : ''}`,
    );
    const parameters = program.parameters.map(({ name, shape, initialize }, k) => {
      if (fields[k]! in this)
        throw new OptionError(`${program.name}: the parameter name '${name}' is taken`);
      const parameter = createParameter(shape, this.dtype, initialize);
      (this as Record<string, unknown>)[fields[k]!] = parameter;
      return parameter;
    });
    const executor =
      createFusedExecutor(program, parameters, this.dtype) ??
      createSteppedExecutor(program, parameters, this.dtype);
    return { program, fields, parameters, executor, direction, zeros: [] };
  }

  /** The cell program of each layer, bottom first; those of one layer's two directions are the same. */
  get programs(): readonly CellProgram[] {
    return this.#layers
      .filter(({ direction }) => direction === 'forward')
      .map((one) => one.program);
  }

  /**
   * @param input `[T, B, inputSize]`, or `[B, T, inputSize]` with batchFirst
   * @param state what an earlier call returned; zeros where left out
   * @throws ShapeError if a shape or a length does not fit
   */
  override forward(
    input: Tensor,
    state?: State,
    options: RecurrentForwardOptions = {},
  ): { output: Tensor; state: State } {
    this.checkInput(input);
    this.checkParameters();
    let output = this.batchFirst ? input.transpose(0, 1) : input;
    const [timeSteps, batchSize] = output.shape as [number, number];
    const lengths = this.checkLengths(options.lengths, timeSteps, batchSize);
    const directions = this.bidirectional ? 2 : 1;
    const finals: Tensor[][] = [];
    for (let at = 0; at < this.#layers.length; at += directions) {
      if (at > 0) output = dropout(output, this.dropout, this.training);
      const ahead = this.runLayer(at, output, batchSize, state, lengths);
      finals.push(ahead.finalStates);
      if (directions === 1) output = ahead.output;
      else {
        const back = this.runLayer(at + 1, output, batchSize, state, lengths);
        finals.push(back.finalStates);
        output = cat([ahead.output, back.output], -1);
      }
    }
    const finalState: Record<string, Tensor> = {};
    this.#layers[0]!.program.states.forEach(({ name }, k) => {
      finalState[name] = finals.length > 1 ? cat(finals.map((layer) => layer[k]!)) : finals[0]![k]!;
    });
    return {
      output: this.batchFirst ? output.transpose(0, 1) : output,
      state: finalState as State,
    };
  }

  private runLayer(
    at: number,
    input: Tensor,
    batchSize: number,
    state: State | undefined,
    lengths: Int32Array | undefined,
  ) {
    const layer = this.#layers[at]!;
    return runLayer(layer, input, this.initialStates(layer, at, batchSize, state), lengths);
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

  /** Layers run with the parameters that they were made with; a replaced field would silently do nothing. */
  private checkParameters(): void {
    for (const { fields, parameters } of this.#layers)
      for (let k = 0; k < fields.length; k++) {
        const field = fields[k]! as `weight_${string}`;
        if (this[field] === parameters[k]) continue;
        const owner = this.#layers
          .flatMap((layer) => layer.fields.filter((_, at) => layer.parameters[at] === this[field]))
          .map((name) => ` by ${name}`);
        throw new CellError(
          `${this.constructor.name}.forward: ${field} was replaced${owner.join('')}, expected the parameter that the layer was made with; layers do not share parameters, copy numbers with ${field}.data.set(…)`,
        );
      }
  }

  private checkLengths(
    given: RecurrentForwardOptions['lengths'],
    timeSteps: number,
    batchSize: number,
  ): Int32Array | undefined {
    if (given === undefined) return undefined;
    const lengths = 'data' in given ? given.data : given;
    const name = this.constructor.name;
    if (lengths.length !== batchSize)
      throw new ShapeError(
        `${name}.forward: got ${lengths.length} lengths, expected one for each of ${batchSize} sequences`,
      );
    return Int32Array.from(lengths, (length, b) => {
      if (!Number.isInteger(length) || length < 1 || length > timeSteps)
        throw new ShapeError(
          `${name}.forward: length of sequence ${b} is ${length}, expected a whole number from 1 to T = ${timeSteps}`,
        );
      return length;
    });
  }

  /** `[1, B, size]` for each state. */
  private initialStates(layer: Layer, at: number, batchSize: number, state?: State): Tensor[] {
    const { states } = layer.program;
    if (layer.zeros[0]?.shape[1] !== batchSize)
      layer.zeros = states.map(({ size }) => zeros([1, batchSize, size], { dtype: this.dtype }));
    if (!state) return layer.zeros;
    const count = this.#layers.length;
    return states.map(({ name, size }, k) => {
      const given = state[name];
      if (!given) return layer.zeros[k]!;
      const expected = [count, batchSize, size];
      if (!sameShape(given.shape, expected))
        throw new ShapeError(
          `${this.constructor.name}.forward: state ${name} is ${showShape(given.shape)}, expected [${this.bidirectional ? 'numLayers · 2' : 'numLayers'}, B, size] = ${showShape(expected)}`,
        );
      return count === 1 ? given : given.slice(0, at, at + 1);
    });
  }
}

/** The states of all layers are handed on as one tensor each. */
function checkStates(first: CellProgram | undefined, program: CellProgram, l: number): void {
  program.states.forEach(({ name, size }, k) => {
    const expected = first?.states[k]?.size ?? size;
    if (size !== expected)
      throw new CellError(
        `${program.name}: state '${name}' has size ${size} in layer ${l}, expected ${expected} as in layer 0; a state's size may depend on hiddenSize, not on inputSize, where layers are stacked`,
      );
  });
}

function runLayer(
  { program, parameters, executor, direction }: Layer,
  input: Tensor,
  states: Tensor[],
  lengths: Int32Array | undefined,
) {
  const inputs = [input, ...states, ...parameters];
  const keep = needsGradient(inputs);
  const run =
    direction === 'reverse' || lengths
      ? runArranged(
          executor,
          { input, states },
          { reverse: direction === 'reverse', lengths },
          keep,
        )
      : executor.run({ input, states }, keep);
  const outputs = [run.output];
  for (const { data, shape } of run.finalStates)
    outputs.push({ data, shape: [1, shape.at(-2)!, shape.at(-1)!] });
  const timeSteps = input.shape[0]!;
  const detail: RecurrentDetail = lengths
    ? { program, timeSteps, direction, lengths }
    : { program, timeSteps, direction };
  const results = record(
    'recurrent',
    inputs,
    outputs,
    (adjoints, gradients) =>
      run.backward(adjoints[0]!, adjoints.slice(1), splitGradients(gradients, states.length)),
    detail,
  );
  return { output: results[0]!, finalStates: results.slice(1) };
}

function splitGradients(gradients: readonly (NdArray | null)[], states: number) {
  return {
    input: gradients[0]!,
    states: gradients.slice(1, 1 + states),
    parameters: gradients.slice(1 + states),
  };
}
