import type { Module } from '../../rnn/modules/module.js';
import { createNumbers, sizeOf, type Shape } from '../../rnn/ndarray.js';
import { tapeOrder, Tensor, type TapeNode } from '../../rnn/tensor.js';

/** A tensor and where it stands in the arguments or the result of `forward`. */
export interface Placed {
  readonly path: readonly string[];
  readonly tensor: Tensor;
}

/** What a forward pass did, read off the tape. */
export interface Recording {
  readonly inputs: readonly Placed[];
  readonly outputs: readonly Placed[];
  /** Each after those that it depends on. */
  readonly nodes: readonly TapeNode[];
}

/** Runs `forward` in evaluation mode with everything recorded; leaves modes and parameters as they were. */
export function recordForward(model: Module, given: readonly unknown[]): Recording {
  const modes = [...model.namedModules()].map(([, one]) => [one, one.training] as const);
  const wanted = model.parameters().map((one) => [one, one.requiresGrad] as const);
  for (const [one] of modes) one.training = false;
  for (const [one] of wanted) one.requiresGrad = true;
  try {
    const inputs = given.map((argument) => mapTensors(argument, [], tracked));
    const { forward } = model as unknown as { forward: (...inputs: unknown[]) => unknown };
    const outputs = placedTensors(forward.apply(model, inputs));
    const nodes = new Set(outputs.flatMap(({ tensor }) => tapeOrder(tensor)));
    return { inputs: placedTensors(inputs), outputs, nodes: [...nodes] };
  } finally {
    for (const [one, training] of modes) one.training = training;
    for (const [one, requiresGrad] of wanted) one.requiresGrad = requiresGrad;
  }
}

/** Recorded from the first operation on. */
const tracked = ({ data, shape, dtype }: Tensor): Tensor =>
  new Tensor(data, shape, { requiresGrad: dtype !== 'int32' });

/** Tensors in plain objects and arrays, with their paths. */
export function placedTensors(value: unknown, path: readonly string[] = []): Placed[] {
  if (value instanceof Tensor) return [{ path, tensor: value }];
  return isPlain(value)
    ? Object.entries(value).flatMap(([key, part]) => placedTensors(part, [...path, key]))
    : [];
}

/** The same plain objects and arrays with other tensors. */
export function mapTensors(
  value: unknown,
  path: readonly string[],
  map: (tensor: Tensor, path: readonly string[]) => Tensor,
): unknown {
  if (value instanceof Tensor) return map(value, path);
  if (Array.isArray(value))
    return value.map((part, k) => mapTensors(part, [...path, String(k)], map));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mapTensors(part, [...path, key], map)]),
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** Other numbers of the same kind under another shape, so that what a trace took from the first ones shows. */
export function altered({ data, shape: old }: Tensor, shape: Shape): Tensor {
  const numbers = createNumbers(
    data instanceof Float64Array ? 'float64' : data instanceof Int32Array ? 'int32' : 'float32',
    sizeOf(shape),
  );
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < numbers.length; i++) {
    // From the end, and around where the new shape reaches further.
    const at = index.reduce(
      (offset, k, axis) => offset * old[axis]! + (old[axis]! - 1 - (k % old[axis]!)),
      0,
    );
    numbers[i] = data instanceof Int32Array ? data[at]! : 0.75 * data[at]! + 0.01;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--)
      index[axis] = 0;
  }
  return new Tensor(numbers, shape);
}
