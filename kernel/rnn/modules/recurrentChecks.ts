import type { CellProgram } from '../cell/program.js';
import { CellError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { expectTensor, type Tensor } from '../tensor.js';
import type { CellLayer } from './cellLayer.js';
import type { Module } from './module.js';
import type { RecurrentForwardOptions } from './recurrentOptions.js';

/** @throws ShapeError unless the input is `[T, B, inputSize]`, or `[T, inputSize]` */
export function checkInput(
  layer: Module & { readonly batchFirst: boolean; readonly inputSize: number },
  input: Tensor,
): void {
  const name = layer.constructor.name;
  expectTensor(`${name}.forward`, 'input', input);
  const order = layer.batchFirst ? '[B, T, inputSize]' : '[T, B, inputSize]';
  if (input.shape.length !== 3 && input.shape.length !== 2)
    throw new ShapeError(
      `${name}.forward: input is ${showShape(input.shape)}, expected three dimensions ${order}, or [T, inputSize] for one sequence`,
    );
  if (input.shape.at(-1) !== layer.inputSize)
    throw new ShapeError(
      `${name}.forward: input is ${showShape(input.shape)}, expected last dimension inputSize = ${layer.inputSize}`,
    );
  if (input.size === 0)
    throw new ShapeError(
      `${name}.forward: input is ${showShape(input.shape)}, expected at least one time step and one sequence`,
    );
}

/** Layers run with the parameters that they were made with; a replaced field would silently do nothing. */
export function checkParameters(module: Module, layers: readonly CellLayer[]): void {
  const held = module as unknown as Readonly<Record<string, unknown>>;
  for (const { fields, parameters } of layers)
    for (let k = 0; k < fields.length; k++) {
      const field = fields[k]!;
      if (held[field] === parameters[k]) continue;
      const owner = layers
        .flatMap((layer) => layer.fields.filter((_, at) => layer.parameters[at] === held[field]))
        .map((name) => ` by ${name}`);
      throw new CellError(
        `${module.constructor.name}.forward: ${field} was replaced${owner.join('')}, expected the parameter that the layer was made with; layers do not share parameters, copy numbers with ${field}.data.set(…)`,
      );
    }
}

/** @throws ShapeError unless there is one from 1 to T for each sequence */
export function toLengths(
  owner: string,
  given: RecurrentForwardOptions['lengths'],
  timeSteps: number,
  batchSize: number,
): Int32Array | undefined {
  if (given === undefined) return undefined;
  const lengths = 'data' in given ? given.data : given;
  if (lengths.length !== batchSize)
    throw new ShapeError(
      `${owner}.forward: got ${lengths.length} lengths, expected one for each of ${batchSize} sequences`,
    );
  return Int32Array.from(lengths, (length, b) => {
    if (!Number.isInteger(length) || length < 1 || length > timeSteps)
      throw new ShapeError(
        `${owner}.forward: length of sequence ${b} is ${length}, expected a whole number from 1 to T = ${timeSteps}`,
      );
    return length;
  });
}

/** The states of all layers are handed on as one tensor each. */
export function checkStates(first: CellProgram | undefined, program: CellProgram, l: number): void {
  program.states.forEach(({ name, size }, k) => {
    const expected = first?.states[k]?.size ?? size;
    if (size !== expected)
      throw new CellError(
        `${program.name}: state '${name}' has size ${size} in layer ${l}, expected ${expected} as in layer 0; a state's size may depend on hiddenSize, not on inputSize, where layers are stacked`,
      );
  });
}
