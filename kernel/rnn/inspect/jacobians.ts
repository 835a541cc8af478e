import { OptionError } from '../errors.js';
import type { CellProgram } from '../cell/program.js';
import { gemm } from '../gemm.js';
import { batch } from '../ndarray.js';
import type { LayerRun } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';
import { printable, short, table } from './printable.js';
import { SeedBundle } from './seedBundle.js';
import { singularValues, spectralNorm, spectralRadius } from './spectrum.js';
import type { LayerChoice, Trace } from './trace.js';
import { unitJacobian } from './unitJacobian.js';
import { spreadEvenly } from './vectors.js';

/** Which Jacobians `trace.jacobians` computes. */
export interface JacobianChoice extends LayerChoice {
  /** Which sequence of the batch. Default 0. */
  sequence?: number;
  /** Time steps t whose ∂sₜ/∂sₜ₋₁ is wanted. Default: all. */
  steps?: readonly number[];
  /** The step from which ∂s_from/∂sₖ goes back. Default: the last (in reverse, 0). */
  from?: number;
  /** How far it goes back, in steps. Default: to the start. */
  lags?: number;
  /** Goes back no further once the product's norm is below this part of its largest. Default 0: no end. */
  negligible?: number;
}

/**
 * How a layer's state depends on the state before, with s all states of the cell one below the other
 * (`[h; c]` for an LSTM), S numbers, for one sequence of the batch. The layer is looked at alone: the
 * dependence through other layers is the ledger's.
 */
export interface Jacobians {
  readonly layer: string;
  readonly sequence: number;
  readonly states: readonly string[];
  /** S */
  readonly size: number;
  /** By step asked for: ∂sₜ/∂sₜ₋₁, `[S, S]` row-major, and its singular values, largest first. */
  readonly steps: readonly {
    readonly t: number;
    readonly matrix: Float64Array;
    readonly singularValues: Float64Array;
  }[];
  /** ‖∂s_from/∂sₖ‖₂, the largest factor by which a change of sₖ can reach s_from; k descending from `from`. */
  readonly product: {
    readonly from: number;
    readonly k: readonly number[];
    readonly norm: Float64Array;
  };
  readonly radii: readonly SpectralRadius[];
}

/** Of one square block of a weight that multiplies a state. */
export interface SpectralRadius {
  readonly parameter: string;
  /** The gate that the block computes where that is clear, else its rows. */
  readonly block: string;
  readonly radius: number;
}

/** @throws InspectionError for an unknown layer, OptionError for a sequence or step that is not there */
export function jacobians(trace: Trace, choice: JacobianChoice = {}): Jacobians {
  const layer = trace.layer(choice);
  const { timeSteps, run, program } = layer;
  const {
    sequence = 0,
    from = run.inOrder(timeSteps - 1),
    lags = timeSteps,
    negligible = 0,
  } = choice;
  const steps = choice.steps ?? Array.from({ length: timeSteps }, (_, t) => t);
  const check = (what: string, value: number, end: number): void => {
    if (!Number.isInteger(value) || value < 0 || value >= end)
      throw new OptionError(`jacobians: ${what} must be from 0 to ${end - 1}, got ${value}`);
  };
  check('sequence', sequence, run.batchSize);
  check('from', from, timeSteps);
  for (const t of steps) check('steps', t, timeSteps);
  const size = program.states.reduce((sum, state) => sum + state.size, 0);
  const jacobianAt = stepJacobians(run, sequence, size);

  const found: Jacobians = {
    layer: layer.name,
    sequence,
    states: program.states.map(({ name }) => name),
    size,
    steps: steps.map((t) => {
      const matrix = jacobianAt(t);
      return { t, matrix, singularValues: singularValues(matrix, size, size) };
    }),
    product: productNorms(run, jacobianAt, size, from, { lags, negligible }),
    radii: spectralRadii(layer),
  };
  return printable(found, describe, 'Jacobians');
}

/** Steps shown in print. */
const mostPrinted = 12;

function describe({ layer, states, size, steps, product, radii }: Jacobians): string {
  const rows = spreadEvenly(steps, mostPrinted).map(({ t, singularValues: values }) => {
    const at = product.k.indexOf(t);
    const reach = at < 0 ? '' : short(product.norm[at]!);
    return [String(t), short(values[0]!), short(values.at(-1)!), reach];
  });
  return [
    `Jacobians of ${layer}, s = [${states.join('; ')}], ${size} numbers`,
    table([['t', 'largest σ of ∂sₜ/∂sₜ₋₁', 'smallest', `‖∂s_${product.from}/∂sₜ‖`], ...rows]),
    ...radii.map(
      ({ parameter, block, radius }) => `  ρ(${parameter}, ${block}) = ${radius.toPrecision(4)}`,
    ),
  ].join('\n');
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

/** t → ∂sₜ/∂sₜ₋₁ of one sequence, `[S, S]`; over padding the state does not change. */
function stepJacobians(run: LayerRun, sequence: number, size: number): (t: number) => Float64Array {
  const jacobianAt = unitJacobian(run, sequence) ?? seededJacobian(run, sequence, size);
  return (t) => (run.isValid(t, sequence) ? jacobianAt(t) : identity(size));
}

/** Of any cell, with a unit vector as seed for each row. */
export function seededJacobian(
  run: LayerRun,
  sequence: number,
  size: number,
): (t: number) => Float64Array {
  const bundle = new SeedBundle(run, size, { sequences: [sequence], toInput: false });
  const { states } = run.program;
  return (t) => {
    bundle.back(t, (adjoints) => {
      let row = 0;
      for (const { next, size: width } of states)
        for (let unit = 0; unit < width; unit++, row++)
          adjoints[next]!.data[row * width + unit]! += 1;
    });
    const result = new Float64Array(size * size);
    let at = 0;
    for (const { node, size: width } of states) {
      const { data } = bundle.adjoints[node]!;
      for (let row = 0; row < size; row++)
        result.set(data.subarray(row * width, (row + 1) * width), row * size + at);
      at += width;
    }
    return result;
  };
}

/** One of so many numbers of a block is not zero. */
const sparse = 8;

/**
 * left · jacobian, block of columns by block. How the cell state depends on itself is diagonal in an LSTM, and
 * in any cell with a gated sum: such blocks take their few numbers one by one.
 */
function timesJacobian(
  left: Float64Array,
  jacobian: Float64Array,
  size: number,
  widths: readonly number[],
): Float64Array {
  const result = new Float64Array(size * size);
  let from = 0;
  for (const width of widths) {
    const places: number[] = [];
    for (let row = 0; row < size; row++)
      for (let at = row * size + from; at < row * size + from + width; at++)
        if (jacobian[at] !== 0) places.push(at);
    if (sparse * places.length <= size * width) addSparse(result, left, jacobian, places, size);
    else {
      const block = new Float64Array(size * width);
      gemm(block, left, size, 1, jacobian.subarray(from), size, 1, size, width, size);
      for (let row = 0; row < size; row++)
        result.set(block.subarray(row * width, (row + 1) * width), row * size + from);
    }
    from += width;
  }
  return result;
}

function addSparse(
  result: Float64Array,
  left: Float64Array,
  right: Float64Array,
  places: readonly number[],
  size: number,
): void {
  for (const place of places) {
    const factor = right[place]!;
    const column = place % size;
    const row = (place - column) / size;
    for (let at = 0; at < size * size; at += size) result[at + column]! += left[at + row]! * factor;
  }
}

/** P_from = I, Pₖ₋₁ = Pₖ · ∂sₖ/∂sₖ₋₁. */
function productNorms(
  run: LayerRun,
  jacobianAt: (t: number) => Float64Array,
  size: number,
  from: number,
  { lags, negligible }: { lags: number; negligible: number },
): Jacobians['product'] {
  const widths = run.program.states.map((state) => state.size);
  let product = identity(size);
  const k: number[] = [];
  const norms: number[] = [];
  let largest = 0;
  const vector = new Float64Array(size);
  const last = run.inOrder(from);
  for (let p = last; p >= Math.max(0, last - lags); p--) {
    // The next leading vector is near the last, but must not be orthogonal to it by accident.
    for (let i = 0; i < size; i++) vector[i]! += 0.01 / Math.sqrt(size);
    k.push(run.inOrder(p));
    norms.push(spectralNorm(product, size, size, vector));
    largest = Math.max(largest, norms.at(-1)!);
    if (norms.at(-1)! < negligible * largest) break;
    product = timesJacobian(product, jacobianAt(run.inOrder(p)), size, widths);
  }
  return { from, k, norm: Float64Array.from(norms) };
}

/** For every weight `[G·H, H]` whose product with a state enters the program. */
export function spectralRadii({
  program,
  run,
  gates,
  parameterNames,
}: LayerTrace): SpectralRadius[] {
  const { nodes } = program;
  return program.parameters.flatMap(({ node, shape }, k) => {
    const [rows, size] = shape;
    if (shape.length !== 2 || !size || rows! % size !== 0 || !multipliesState(program, node))
      return [];
    const { data } = run.inputs.parameters[k]!;
    return Array.from({ length: rows! / size }, (_, block) => ({
      parameter: parameterNames[k]!,
      block:
        gateOfRows(nodes, gates, block * size, (block + 1) * size) ??
        `rows ${block * size} to ${(block + 1) * size - 1}`,
      radius: spectralRadius(data.subarray(block * size * size, (block + 1) * size * size), size),
    }));
  });
}

/** Whether the weight, or a slice of it, multiplies something that depends on a state. */
function multipliesState({ nodes, states }: CellProgram, weight: number): boolean {
  const depends = new Set(states.map(({ node }) => node));
  const parts = new Set([weight]);
  let found = false;
  nodes.forEach(({ operands, op, invariant }, index) => {
    if (invariant && operands.some((one) => parts.has(one))) parts.add(index);
    if (operands.some((one) => depends.has(one))) depends.add(index);
    if (op === 'linear' && parts.has(operands[1]!) && depends.has(operands[0]!)) found = true;
  });
  return found;
}

/** The only gate that reads these rows of what is computed for several gates at once. */
function gateOfRows(
  nodes: CellProgram['nodes'],
  gates: LayerTrace['gates'],
  start: number,
  end: number,
): string | undefined {
  const found = new Set<string>();
  nodes.forEach((node, index) => {
    if (node.op !== 'slice' || node.shape[0] !== batch) return;
    const range = node.attributes as { start: number; end: number };
    const gate = gates[index];
    if (range.start === start && range.end === end && gate !== undefined) found.add(gate);
  });
  return found.size === 1 ? [...found][0] : undefined;
}
