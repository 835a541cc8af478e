import { addTo } from './vectors.js';
import type { LossLoops } from '../losses/reduction.js';
import { createNdArray, sizeOf, type NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import { LayerRun, type LayerOptions, type ObserveStep } from './layerRun.js';
import {
  splitInputs,
  type LossOperation,
  type Network,
  type Opaque,
  type Primitive,
  type RecurrentOperation,
} from './network.js';
import { type NodeEdit } from './stepMachine.js';

/** The floating-point type in which a trace is computed. */
export type Precision = 'float32' | 'float64';

/** Every value of a network for one set of leaves, and its recurrent layers, which can be gone back through. */
export interface ForwardPass {
  readonly network: Network;
  readonly dtype: Precision;
  /** What it was computed from. */
  readonly leaves: ReadonlyMap<number, NdArray>;
  readonly edits: LayerEdits;
  /** By slot; undefined for outputs that nothing reads. */
  readonly values: readonly (NdArray | undefined)[];
  readonly runs: ReadonlyMap<RecurrentOperation, LayerRun>;
  readonly losses: ReadonlyMap<LossOperation, LossLoops>;
}

/** Numbers that are set instead of computed, by layer and time step. */
export type LayerEdits = ReadonlyMap<RecurrentOperation, ReadonlyMap<number, readonly NodeEdit[]>>;

export interface ForwardOptions {
  /** Truncation length; undefined: none. */
  readonly truncate?: number | undefined;
  readonly edits?: LayerEdits;
}

/** Runs a network. @param leaves numbers of the slots that no operation computes */
export function runForward(
  network: Network,
  leaves: ReadonlyMap<number, NdArray>,
  dtype: Precision,
  { truncate, edits = new Map() }: ForwardOptions = {},
): ForwardPass {
  const values: (NdArray | undefined)[] = network.slots.map((_, slot) => leaves.get(slot));
  const runs = new Map<RecurrentOperation, LayerRun>();
  const losses = new Map<LossOperation, LossLoops>();
  for (const operation of network.operations) {
    const inputs = operation.inputs.map((slot) => values[slot]!);
    if (operation.kind === 'recurrent') {
      const run = runLayer(operation, values, dtype, {
        direction: operation.direction,
        lengths: operation.lengths,
        masks: operation.masks,
        boundaries: boundariesOf(inputs[0]!.shape[0]!, truncate),
        edits: edits.get(operation) ?? new Map(),
      });
      runs.set(operation, run);
      [run.output, ...run.finalStates].forEach((value, k) => {
        const slot = operation.outputs[k]!;
        // A final state may stand on the tape as [1, B, size].
        values[slot] = { data: value.data, shape: network.slots[slot]!.shape };
      });
    } else if (operation.kind === 'primitive') {
      values[operation.outputs[0]!] = runPrimitive(operation, inputs, dtype);
    } else if (operation.kind === 'loss') {
      const loops = loopsOf(operation, inputs);
      losses.set(operation, loops);
      values[operation.outputs[0]!] = runLoss(operation, loops, dtype);
    } else {
      for (const slot of operation.outputs) values[slot] = toPrecision(network.slots[slot]!, dtype);
    }
  }
  return { network, dtype, leaves, edits, values, runs, losses };
}

/** Every `truncate` steps. */
export function boundariesOf(timeSteps: number, truncate: number | undefined): Set<number> {
  const boundaries = new Set<number>();
  if (truncate !== undefined)
    for (let t = truncate; t < timeSteps; t += truncate) boundaries.add(t);
  return boundaries;
}

function runPrimitive(operation: Primitive, inputs: readonly NdArray[], dtype: Precision): NdArray {
  const rule = ruleOf(operation.op);
  const shapes = inputs.map(({ shape }) => shape);
  const out = createNdArray(dtype, rule.shape(shapes, operation.attributes));
  rule.forward(out, inputs, operation.attributes);
  return out;
}

const loopsOf = ({ detail }: LossOperation, inputs: readonly NdArray[]): LossLoops =>
  detail.loopsOf(inputs as readonly [NdArray, NdArray, NdArray]);

function runLoss({ detail }: LossOperation, loops: LossLoops, dtype: Precision): NdArray {
  const out = createNdArray(dtype, detail.positions);
  const losses = new Float64Array(out.data.length);
  loops.forward(losses, 1, detail.counted);
  out.data.set(losses);
  return out;
}

function runLayer(
  operation: RecurrentOperation,
  values: readonly (NdArray | undefined)[],
  dtype: Precision,
  options: LayerOptions,
): LayerRun {
  const { sequence, states, parameters } = splitInputs(operation);
  const at = (slot: number): NdArray => values[slot]!;
  const inputs = {
    input: at(sequence),
    states: states.map(at),
    parameters: parameters.map(at),
  };
  return new LayerRun(operation.program, inputs, dtype, options);
}

export function toPrecision({ data, shape }: NdArray, dtype: Precision): NdArray {
  return { data: dtype === 'float32' ? Float32Array.from(data) : Float64Array.from(data), shape };
}

export interface BackwardOptions {
  /** Told of every time step of every recurrent layer. */
  observe?: (operation: RecurrentOperation, run: LayerRun) => ObserveStep;
}

/**
 * The adjoint of every slot, from the adjoints of some.
 * @param seeds slot → adjoint; each is copied
 */
export function runBackward(
  pass: ForwardPass,
  seeds: ReadonlyMap<number, NdArray>,
  options: BackwardOptions = {},
): (NdArray | undefined)[] {
  const { network, dtype } = pass;
  const adjoints: (NdArray | undefined)[] = network.slots.map((_, slot) => {
    const seed = seeds.get(slot);
    return seed && { data: seed.data.slice(), shape: seed.shape };
  });
  const adjointOf = (slot: number): NdArray | null => {
    const { differentiable, shape } = network.slots[slot]!;
    return differentiable ? (adjoints[slot] ??= createNdArray(dtype, shape)) : null;
  };
  for (const operation of network.operations.toReversed()) {
    const outputs = operation.outputs.map((slot) => adjoints[slot] ?? null);
    if (outputs.every((adjoint) => adjoint === null)) continue;
    const targets = operation.inputs.map(adjointOf);
    if (operation.kind === 'recurrent') layerBackward(pass, operation, outputs, targets, options);
    else if (operation.kind === 'opaque') opaqueBackward(pass, operation, outputs, targets);
    else if (operation.kind === 'loss') lossBackward(pass, operation, outputs[0]!, targets);
    else primitiveBackward(pass, operation, outputs, targets);
  }
  return adjoints;
}

function primitiveBackward(
  { values }: ForwardPass,
  { op, attributes, inputs, outputs }: Primitive,
  [adjoint]: readonly (NdArray | null)[],
  targets: readonly (NdArray | null)[],
): void {
  ruleOf(op).backward(
    targets,
    adjoint!,
    inputs.map((slot) => values[slot]!),
    values[outputs[0]!]!,
    attributes,
  );
}

export function lossBackward(
  { losses }: ForwardPass,
  operation: LossOperation,
  adjoint: NdArray,
  targets: readonly (NdArray | null)[],
): void {
  losses.get(operation)!.backward(targets, adjoint.data, 1, operation.detail.counted);
}

function layerBackward(
  { runs }: ForwardPass,
  operation: RecurrentOperation,
  [output, ...finals]: readonly (NdArray | null)[],
  targets: readonly (NdArray | null)[],
  { observe }: BackwardOptions,
): void {
  const run = runs.get(operation)!;
  const gradients = run.backward(output!, finals, observe?.(operation, run));
  [gradients.input, ...gradients.states, ...gradients.parameters].forEach((gradient, k) => {
    const target = targets[k];
    if (target) addTo(target.data, gradient.data);
  });
}

/** The tape's own backward, in the precision in which the model ran. */
function opaqueBackward(
  { dtype }: ForwardPass,
  { node }: Opaque,
  outputs: readonly (NdArray | null)[],
  targets: readonly (NdArray | null)[],
): void {
  const own = node.inputs.map(({ shape, dtype: type }, k) =>
    targets[k] ? createNdArray(type, shape) : null,
  );
  const type = node.inputs.find(({ requiresGrad }) => requiresGrad)!.dtype;
  node.backward(
    outputs.map((adjoint) => adjoint && convert(adjoint, type === 'float32' ? 'float32' : dtype)),
    own,
  );
  own.forEach((gradient, k) => {
    if (gradient) addTo(targets[k]!.data, gradient.data);
  });
}

const convert = (array: NdArray, dtype: Precision): NdArray => toPrecision(array, dtype);

/** A seed of ones, for a slot with one element. */
export const unitSeed = (pass: ForwardPass, slot: number): Map<number, NdArray> => {
  const { shape } = pass.values[slot]!;
  const seed = createNdArray(pass.dtype, shape);
  seed.data.fill(1, 0, sizeOf(shape));
  return new Map([[slot, seed]]);
};
