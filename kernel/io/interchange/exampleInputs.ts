import type { Module } from '../../rnn/modules/module.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import { showShape } from '../../rnn/ndarray.js';
import { Tensor } from '../../rnn/tensor.js';
import type { Extent } from './graphBuilder.js';
import { InterchangeError } from './interchangeError.js';
import {
  altered,
  mapTensors,
  placedTensors,
  recordForward,
  type Recording,
} from './recordForward.js';

/** By input: for each axis the name of an extent that may vary, null for one that is fixed. */
export type DynamicAxes = Readonly<Record<string, readonly (string | null)[]>>;

/** Arguments of `forward`. */
export interface Example {
  readonly inputs: readonly unknown[];
  /** Whether the state came from a run of the model, which may take none. */
  readonly stateAdded: boolean;
}

/** The example with the state that a first run gave, where there is none yet. Lengths become a tensor. */
export function toExample(model: Module, given: readonly unknown[], wantsState: boolean): Example {
  const inputs = given.map(withLengths);
  if (inputs[1] !== undefined || !wantsState) return { inputs, stateAdded: false };
  const states = recordForward(model, inputs).outputs.filter(({ path }) => path[0] === 'state');
  if (states.length === 0) return { inputs, stateAdded: false };
  const state: Record<string, unknown> = {};
  for (const { path, tensor } of states)
    put(state, path, new Tensor(tensor.data.slice(), tensor.shape));
  return { inputs: [inputs[0], state['state'], ...inputs.slice(2)], stateAdded: true };
}

function put(target: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown) {
  if (rest.length === 0) target[key!] = value;
  else put((target[key!] ??= {}) as Record<string, unknown>, rest, value);
}

function withLengths(argument: unknown, position: number): unknown {
  if (position < 1 || typeof argument !== 'object' || argument === null) return argument;
  const { lengths } = argument as { lengths?: unknown };
  return Array.isArray(lengths) || lengths instanceof Int32Array
    ? {
        ...argument,
        lengths: new Tensor(Int32Array.from(lengths as ArrayLike<number>), [lengths.length]),
      }
    : argument;
}

/** `input`, `h_0`, `lengths`: the name of a tensor among the arguments. */
export function inputName([position, ...path]: readonly string[]): string {
  if (position === '0') return path.length > 0 ? path.join('.') : 'input';
  if (position === '1') return path.length > 0 ? `${path.join('.')}_0` : 'input_1';
  return path.length > 0 ? path.join('.') : `input_${position!}`;
}

/** `output`, `h_n`: the name of a tensor in what `forward` gave. */
export function outputName([first, ...path]: readonly string[]): string {
  if (first === undefined) return 'output';
  return first === 'state' ? `${[...path].join('.') || 'state'}_n` : [first, ...path].join('.');
}

/** @throws InterchangeError for axes of an input that is not there, or too many or too few */
export function chooseAxes(
  model: Module,
  inputs: readonly unknown[],
  given?: DynamicAxes,
): DynamicAxes {
  const placed = placedTensors(inputs);
  const known = new Map(placed.map(({ path, tensor }) => [inputName(path), tensor]));
  for (const [name, axes] of Object.entries(given ?? {})) {
    const tensor = known.get(name);
    if (axes.length !== tensor?.shape.length)
      throw new InterchangeError(
        `exportOnnx: dynamicAxes has ${axes.length} axes for '${name}', expected ${[...known].map(([one, { shape }]) => `'${one}' ${showShape(shape)}`).join(', ')}`,
      );
  }
  const batchFirst = [...model.namedModules()].some(
    ([, one]) => one instanceof Recurrent && one.batchFirst,
  );
  return Object.fromEntries(
    [...known].map(([name, tensor]) => [
      name,
      given?.[name] ?? usualAxes(name, tensor, batchFirst),
    ]),
  );
}

function usualAxes(name: string, { shape, dtype }: Tensor, batchFirst: boolean): (string | null)[] {
  const rank = shape.length;
  const features = dtype === 'int32' ? 0 : 1;
  const fixed = new Array<null>(Math.max(0, rank - 1)).fill(null);
  if (name.endsWith('_0'))
    return rank === 3 ? [null, 'batch', null] : ['batch', ...fixed].slice(0, rank);
  if (rank !== 2 + features) return ['batch', ...fixed].slice(0, rank);
  const leading = batchFirst ? ['batch', 'time'] : ['time', 'batch'];
  const sequence =
    name === 'input' ? leading : leading.map((one) => (one === 'time' ? `${name}_time` : one));
  return [...sequence, ...fixed.slice(0, features)];
}

/** Extents that vary, with their sizes in the two runs: no two are alike in both. */
export function toSymbols(inputs: readonly unknown[], axes: DynamicAxes): Extent[] {
  const extents = new Map<string, Extent>();
  for (const { path, tensor } of placedTensors(inputs)) {
    const input = inputName(path);
    axes[input]!.forEach((name, axis) => {
      const size = tensor.shape[axis]!;
      if (name === null) return;
      const known = extents.get(name);
      if (known && known.sizes[0] !== size)
        throw new InterchangeError(
          `exportOnnx: '${name}' is ${known.sizes[0]!} in '${known.input}' and ${size} in '${input}', expected one size`,
        );
      if (!known)
        extents.set(name, { name, sizes: [size, 2 * size + 1 + extents.size], input, axis });
    });
  }
  return [...extents.values()];
}

/** A run on other numbers, with other extents where they may vary. */
export function recordAltered(
  model: Module,
  inputs: readonly unknown[],
  extents: readonly Extent[],
  axes: DynamicAxes,
): Recording {
  const second = new Map(extents.map(({ name, sizes }) => [name, sizes[1]!]));
  const others = inputs.map((argument, position) =>
    mapTensors(argument, [String(position)], (tensor, path) =>
      altered(
        tensor,
        tensor.shape.map(
          (extent, axis) => second.get(axes[inputName(path)]![axis] ?? '') ?? extent,
        ),
      ),
    ),
  );
  try {
    return recordForward(model, others);
  } catch (error) {
    throw new InterchangeError(
      `exportOnnx: the model does not run with ${extents.map(({ name, sizes }) => `${name} ${sizes[1]!}`).join(', ')}: ${error instanceof Error ? error.message : String(error)}; say with dynamicAxes which extents are fixed`,
      { cause: error },
    );
  }
}
