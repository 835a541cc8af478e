import type { CellProgram, ParameterInitializer } from '../cell/program.js';
import { OptionError, ShapeError } from '../errors.js';
import { cat } from '../factories.js';
import { sameShape, showShape } from '../ndarray.js';
import { checkOptions, is } from '../options.js';
import type { Parameter, Tensor } from '../tensor.js';
import { CellLayer, type CellNoise, type Direction } from './cellLayer.js';
import { dropout } from './dropout.js';
import { addHook, type HookHandle } from './hooks.js';
import { createParameter, type FloatType } from './linear.js';
import { Module } from './module.js';
import {
  recurrentLayerOptions,
  type RecurrentForwardOptions,
  type RecurrentOptions,
  type RecurrentState,
} from './recurrentOptions.js';
import { checkInput, checkParameters, checkStates, toLengths } from './recurrentChecks.js';
import { showTimeSteps, type TimeStepHook } from './timeStepHooks.js';
import {
  drawMask,
  toDropoutRates,
  toZoneoutRates,
  type DropoutRates,
  type VariationalMasks,
} from './variationalDropout.js';

/** What is the same for all layers of a call. */
interface Call<State> {
  readonly batchSize: number;
  readonly lengths: Int32Array | undefined;
  readonly reverse: boolean;
  readonly state: State | undefined;
  readonly masks: VariationalMasks | undefined;
}

/**
 * Runs a cell over a sequence, layer upon layer.
 *
 * Parameters are named as the cell names them with `_l0`, `_l1`, … appended, as PyTorch does, and `_reverse` for the
 * other direction. T time steps, B sequences: input `[T, B, inputSize]` → output `[T, B, outputSize]` of the top
 * layer (both directions side by side, forward first), and the state after the last time step: forward and reverse of
 * the first layer, then of the second, … A single sequence may come without its batch: input `[T, inputSize]`, states
 * `[numLayers · directions, size]`, output `[T, outputSize]`.
 */
export class Recurrent<State extends RecurrentState = RecurrentState> extends Module {
  readonly [parameter: `weight_${string}` | `bias_${string}` | `initial_${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly learnInitialState: boolean;
  readonly dtype: FloatType;
  /** Number of features of the output, both directions together. */
  readonly outputSize: number;
  readonly #rates: DropoutRates;
  readonly #noise: CellNoise;
  readonly #layers: readonly CellLayer[];
  readonly #timeStepHooks = new Set<{ hook: TimeStepHook }>();

  constructor(options: RecurrentOptions) {
    super();
    checkOptions(new.target.name, options, { ...recurrentLayerOptions, cell: is.object });
    const { cell, inputSize, hiddenSize, numLayers = 1, bias = true } = options;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.batchFirst = options.batchFirst ?? false;
    this.bidirectional = options.bidirectional ?? false;
    this.dropout = options.dropout ?? 0;
    this.learnInitialState = options.learnInitialState ?? false;
    this.dtype = options.dtype ?? 'float32';
    this.#rates = toDropoutRates(new.target.name, options.variationalDropout);
    const directions: Direction[] = this.bidirectional ? ['forward', 'reverse'] : ['forward'];
    const programs: CellProgram[] = [];
    let size = inputSize;
    for (let l = 0; l < numLayers; l++) {
      const program = cell.program({ inputSize: size, hiddenSize, bias });
      checkStates(programs[0], program, l);
      programs.push(program);
      size = program.nodes[program.output]!.shape[1]! * directions.length;
    }
    this.outputSize = size;
    const states = programs[0]!.states.map(({ name }) => name);
    const zoneout = toZoneoutRates(new.target.name, options.zoneout, states);
    this.#noise = { hidden: this.#rates.hidden, zoneout };
    this.#layers = programs.flatMap((program, l) =>
      directions.map((direction) => this.createLayer(program, l, direction)),
    );
  }

  private createLayer(program: CellProgram, l: number, direction: Direction): CellLayer {
    const suffix = `_l${l}${direction === 'reverse' ? '_reverse' : ''}`;
    const add = (name: string, parameter: Parameter): Parameter => {
      if (name + suffix in this)
        throw new OptionError(`${program.name}: the parameter name '${name}' is taken`);
      (this as Record<string, unknown>)[name + suffix] = parameter;
      return parameter;
    };
    const parameters = program.parameters.map(({ name, shape, initialize }) =>
      add(name, createParameter(shape, this.dtype, initialize)),
    );
    if (this.learnInitialState)
      for (const { name, size } of program.states)
        add(`initial_${name}`, createParameter([size], this.dtype, startAtZero));
    const fields = program.parameters.map(({ name }) => name + suffix);
    return new CellLayer(program, fields, parameters, this.dtype, direction, this.#noise);
  }

  /** The cell program of each layer as the cell defines it, bottom first; both directions have the same. */
  get programs(): readonly CellProgram[] {
    return this.#layers
      .filter(({ direction }) => direction === 'forward')
      .map((one) => one.program);
  }

  /** The probability of zoneout by state, those above 0. */
  get zoneout(): ReadonlyMap<string, number> {
    return this.#noise.zoneout;
  }

  /** The probabilities of variational dropout by place. */
  get variationalDropout(): DropoutRates {
    return this.#rates;
  }

  /**
   * Calls `hook` with every time step of each layer and direction after it has run: x, gates, states. The values are
   * computed once more for it, so that training is bit for bit as without.
   */
  registerTimeStepHook(hook: TimeStepHook): HookHandle {
    return addHook(this, this.#timeStepHooks, hook);
  }

  /**
   * Masks of variational dropout for calls of `forward` that shall share them: the time steps of a decoder, the parts
   * of a long sequence, the runs of Monte Carlo dropout.
   */
  drawMasks(batchSize: number): VariationalMasks {
    const { input, layers, output } = this.#rates;
    const draw = (p: number, size: number) => drawMask(p, [1, batchSize, size], this.dtype);
    return {
      batchSize,
      input: draw(input, this.inputSize),
      layers: Array.from({ length: this.numLayers - 1 }, () => draw(layers, this.outputSize)),
      hidden: this.#layers.map((layer) =>
        this.#rates.hidden > 0 ? layer.drawHiddenMasks(batchSize) : [],
      ),
      output: draw(output, this.outputSize),
    };
  }

  /**
   * @param input `[T, B, inputSize]`, or `[B, T, inputSize]` with batchFirst, or `[T, inputSize]`
   * @param state what an earlier call returned; where left out zeros, or the learnt initial states
   * @throws ShapeError if a shape or a length does not fit
   */
  override forward(
    input: Tensor,
    state?: State,
    options: RecurrentForwardOptions = {},
  ): { output: Tensor; state: State } {
    checkInput(this, input);
    checkParameters(this, this.#layers);
    if (input.shape.length === 2) return this.forwardAlone(input, state, options);
    const sequence = this.batchFirst ? input.transpose(0, 1) : input;
    const result = this.runLayers(sequence, state, options);
    return this.batchFirst ? { ...result, output: result.output.transpose(0, 1) } : result;
  }

  /** One sequence, as a batch of one. */
  private forwardAlone(input: Tensor, state: State | undefined, options: RecurrentForwardOptions) {
    if (options.lengths !== undefined)
      throw new ShapeError(
        `${this.constructor.name}.forward: lengths are of a batch, got input ${showShape(input.shape)} without one`,
      );
    const [timeSteps, features] = input.shape as [number, number];
    const count = this.#layers.length;
    const batched = mapState(state, (one, name) => {
      const size = this.#layers[0]!.program.states.find((known) => known.name === name)?.size;
      if (size !== undefined && !sameShape(one.shape, [count, size]))
        throw new ShapeError(
          `${this.constructor.name}.forward: state ${name} is ${showShape(one.shape)}, expected ${showShape([count, size])}, without a batch as the input ${showShape(input.shape)}`,
        );
      return one.reshape([one.shape[0]!, 1, one.shape[1]!]);
    });
    const result = this.runLayers(input.reshape([timeSteps, 1, features]), batched, options);
    return {
      output: result.output.reshape([timeSteps, this.outputSize]),
      state: mapState(result.state, (one) => one.reshape([count, one.shape[2]!]))!,
    };
  }

  private runLayers(input: Tensor, state: State | undefined, options: RecurrentForwardOptions) {
    let output = input;
    const [timeSteps, batchSize] = input.shape as [number, number];
    const lengths = toLengths(this.constructor.name, options.lengths, timeSteps, batchSize);
    const masks = this.masksFor(batchSize, options.masks);
    const call = { batchSize, lengths, reverse: options.reverse ?? false, state, masks };
    if (masks?.input) output = output.mul(masks.input);
    const directions = this.bidirectional ? 2 : 1;
    const finals: Tensor[][] = [];
    for (let at = 0; at < this.#layers.length; at += directions) {
      if (at > 0) {
        output = dropout(output, this.dropout, this.training);
        const mask = masks?.layers[at / directions - 1];
        if (mask) output = output.mul(mask);
      }
      const ahead = this.runLayer(at, output, call);
      finals.push(ahead.finalStates);
      if (directions === 1) output = ahead.output;
      else {
        const back = this.runLayer(at + 1, output, call);
        finals.push(back.finalStates);
        output = cat([ahead.output, back.output], -1);
      }
    }
    const finalState: Record<string, Tensor> = {};
    const { states } = this.#layers[0]!.program;
    for (let k = 0; k < states.length; k++)
      finalState[states[k]!.name] =
        finals.length > 1 ? cat(finals.map((layer) => layer[k]!)) : finals[0]![k]!;
    return {
      output: masks?.output ? output.mul(masks.output) : output,
      state: finalState as State,
    };
  }

  private runLayer(at: number, input: Tensor, call: Call<State>) {
    const layer = this.#layers[at]!;
    const states = this.initialStates(layer, at, call.batchSize, call.state);
    const isReverse = (layer.direction === 'reverse') !== call.reverse;
    const result = layer.run(input, states, {
      training: this.training,
      direction: isReverse ? 'reverse' : 'forward',
      lengths: call.lengths,
      hiddenMasks: call.masks?.hidden[at],
    });
    if (this.#timeStepHooks.size > 0) {
      const hooks = [...this.#timeStepHooks].map(({ hook }) => hook);
      const l = this.bidirectional ? Math.floor(at / 2) : at;
      showTimeSteps(hooks, layer, l, [input, states], result.detail);
    }
    return result;
  }

  private masksFor(
    batchSize: number,
    given: VariationalMasks | undefined,
  ): VariationalMasks | undefined {
    if (!this.training) return undefined;
    if (given && given.batchSize !== batchSize)
      throw new ShapeError(
        `${this.constructor.name}.forward: masks are for ${given.batchSize} sequences, expected B = ${batchSize}`,
      );
    const { input, layers, hidden, output } = this.#rates;
    return given ?? (input + layers + hidden + output > 0 ? this.drawMasks(batchSize) : undefined);
  }

  /** `[1, B, size]` for each state. */
  private initialStates(
    layer: CellLayer,
    at: number,
    batchSize: number,
    state?: State,
  ): readonly Tensor[] {
    if (!state && !this.learnInitialState) return layer.zeros(batchSize);
    const { states } = layer.program;
    const count = this.#layers.length;
    return states.map(({ name, size }, k) => {
      const given = state?.[name];
      if (!given) return this.startOf(layer, at, name, layer.zeros(batchSize)[k]!);
      const expected = [count, batchSize, size];
      if (!sameShape(given.shape, expected))
        throw new ShapeError(
          `${this.constructor.name}.forward: state ${name} is ${showShape(given.shape)}, expected [${this.bidirectional ? 'numLayers · 2' : 'numLayers'}, B, size] = ${showShape(expected)}`,
        );
      return count === 1 ? given : given.slice(0, at, at + 1);
    });
  }

  private startOf(layer: CellLayer, at: number, name: string, zero: Tensor): Tensor {
    if (!this.learnInitialState) return zero;
    const l = this.bidirectional ? Math.floor(at / 2) : at;
    const suffix = layer.direction === 'reverse' ? '_reverse' : '';
    return zero.add(this[`initial_${name}_l${l}${suffix}`]!);
  }
}

const startAtZero: ParameterInitializer = (data) => {
  for (let i = 0; i < data.length; i++) data[i] = 0;
};

function mapState<State extends RecurrentState>(
  state: State | undefined,
  map: (one: Tensor, name: string) => Tensor,
): State | undefined {
  return (
    state &&
    (Object.fromEntries(
      Object.entries(state).map(([name, one]) => [name, map(one, name)]),
    ) as State)
  );
}
