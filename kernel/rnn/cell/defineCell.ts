import { OptionError } from '../errors.js';
import type { Shape } from '../ndarray.js';
import { randomStream } from '../random.js';
import type { CellProgram, ParameterInitializer } from './program.js';
import { traceCell, type Value } from './traceCell.js';

/** The sizes and options that a layer hands to its cell. */
export interface CellSizes {
  inputSize: number;
  hiddenSize: number;
  /** Whether the layer was asked for bias vectors. */
  bias: boolean;
}

/** A parameter's shape, or its shape and how it starts. */
export type ParameterSpec = Shape | { shape: Shape; init: ParameterInitializer };

/**
 * A recurrent cell: what it learns, what it remembers, and one time step of it.
 *
 * @example
 * const leaky = defineCell({
 *   name: 'Leaky',
 *   parameters: ({ inputSize, hiddenSize }) => ({
 *     weight_ih: [hiddenSize, inputSize],
 *     weight_hh: [hiddenSize, hiddenSize],
 *   }),
 *   states: ({ hiddenSize }) => ({ h: hiddenSize }),
 *   step: ({ x, h }, { weight_ih, weight_hh }) => ({
 *     h: h.mul(0.9).add(x.linear(weight_ih).add(h.linear(weight_hh)).tanh().mul(0.1)),
 *   }),
 * });
 */
export interface CellSpec<P extends object = object, S extends object = object> {
  name: string;
  /** Parameter names with shapes. Where no initialiser is given: U(−1/√hiddenSize, 1/√hiddenSize). */
  parameters(sizes: CellSizes): P;
  /** State names with the sizes of their vectors; the first is the layer's output unless step says otherwise. */
  states(sizes: CellSizes): S;
  /**
   * The equations: `x` is `[B, inputSize]`, each state `[B, size]`. Returns the next value of each state
   * and, where it is not the first state, `output`. Runs once, on symbols: no loops over data, no `if` on values.
   */
  step(
    values: { x: Value } & { [K in keyof S]: Value },
    parameters: { [K in keyof P]: Value },
  ): { [K in keyof S]: Value } & { output?: Value };
}

/** A defined cell: the recipe of a program for any sizes. */
export interface Cell {
  readonly name: string;
  /** The program for given sizes. @throws CellError or ShapeError if the equations do not fit together */
  program(sizes: CellSizes): CellProgram;
}

/**
 * Makes a cell that `Recurrent` can run, equal in rank to the built-in ones: its equations run once, on symbols, and become a
 * program that is trained fused, stepped through, drawn and exported.
 *
 * @throws OptionError if the definition lacks a part; CellError or ShapeError, from `program` or the layer, if the equations
 * do not fit together
 *
 * @example
 * const leakyCell = defineCell({
 *   name: 'LeakyRNN',
 *   parameters: ({ inputSize, hiddenSize }) => ({
 *     weight_ih: [hiddenSize, inputSize],
 *     weight_hh: [hiddenSize, hiddenSize],
 *   }),
 *   states: ({ hiddenSize }) => ({ h: hiddenSize }),
 *   step: ({ x, h }, { weight_ih, weight_hh }) => ({
 *     h: add(mul(0.9, h), mul(0.1, tanh(add(x.linear(weight_ih), h.linear(weight_hh))))),
 *   }),
 * });
 */
export function defineCell<
  P extends { [K in keyof P]: ParameterSpec | undefined },
  S extends { [K in keyof S]: number },
>(spec: CellSpec<P, S>): Cell {
  for (const part of ['parameters', 'states', 'step'] as const)
    if (typeof spec[part] !== 'function')
      throw new OptionError(`defineCell: ${part} must be a function, got ${typeof spec[part]}`);
  return {
    name: spec.name,
    program: (sizes) =>
      traceCell({
        name: spec.name,
        inputSize: sizes.inputSize,
        states: { ...spec.states(sizes) },
        parameters: Object.fromEntries(
          Object.entries<ParameterSpec | undefined>(spec.parameters(sizes)).flatMap(
            ([name, one]) =>
              one === undefined ? [] : [[name, withInitializer(one, sizes.hiddenSize)]],
          ),
        ),
        step: (values, parameters) =>
          spec.step(
            values as { x: Value } & { [K in keyof S]: Value },
            parameters as { [K in keyof P]: Value },
          ),
      }),
  };
}

function withInitializer(spec: ParameterSpec, hiddenSize: number) {
  return 'init' in spec
    ? { shape: spec.shape, initialize: spec.init }
    : { shape: spec, initialize: uniformInitializer(hiddenSize) };
}

/** U(−1/√n, 1/√n), as PyTorch starts recurrent layers (n = hiddenSize) and linear ones (n = inFeatures). */
export function uniformInitializer(n: number): ParameterInitializer {
  const bound = 1 / Math.sqrt(n);
  return (data) => {
    const stream = randomStream('parameters');
    for (let i = 0; i < data.length; i++) data[i] = (2 * stream.uniform() - 1) * bound;
  };
}
