import type { CellProgram } from '../cell/program.js';
import { sizeOf, type Shape } from '../ndarray.js';
import type { OpName } from '../ops/table.js';
import type { TapeNode } from '../tensor.js';
import type { RecurrentDetail } from './cellLayer.js';

/** Floating-point operations of a primitive, given the shapes of its operands and its result. */
type Cost = (inputs: readonly Shape[], output: number) => number;

const free: Cost = () => 0;
const perInput: Cost = ([x]) => sizeOf(x!);

/** Where a primitive is not one operation for each element of its result. A multiply-add is two operations. */
const costs: { readonly [K in OpName]?: Cost } = {
  linear: ([, weight, bias], output) => output * (2 * weight![1]! + (bias ? 1 : 0)),
  matmul: ([a], output) => 2 * output * a!.at(-1)!,
  conv1d: ([, weight, bias], output) => output * (2 * weight![1]! * weight![2]! + (bias ? 1 : 0)),
  slice: free,
  cat: free,
  reshape: free,
  permute: free,
  embedding: free,
  sum: perInput,
  // Shift, exponential, sum, quotient.
  softmax: (_, output) => 4 * output,
  logSoftmax: (_, output) => 4 * output,
  // Mean, difference, square, sum, scale; gain and bias.
  layerNorm: (inputs, output) => (4 + inputs.length) * output,
};

function costOf(op: string, inputs: readonly Shape[], output: Shape): number {
  const cost = costs[op as OpName];
  return cost ? cost(inputs, sizeOf(output)) : sizeOf(output);
}

/** What one application on the tape costs going forward. */
export function flopsOf({ op, inputs, outputShapes, detail }: TapeNode): number {
  const shapes = inputs.map(({ shape }) => shape);
  if (op !== 'recurrent') return costOf(op, shapes, outputShapes[0]!);
  const { program, timeSteps } = detail as RecurrentDetail;
  return timeSteps * programFlops(program, shapes[0]![1]!);
}

/** One time step of a cell for a batch; what depends on parameters only is computed once, and not counted. */
function programFlops(program: CellProgram, batchSize: number): number {
  const concrete = (shape: Shape): Shape =>
    shape.map((extent) => (extent < 0 ? batchSize : extent));
  let total = 0;
  for (const { kind, op, operands, shape, invariant } of program.nodes)
    if (kind === 'operation' && !invariant)
      total += costOf(
        op!,
        operands.map((operand) => concrete(program.nodes[operand]!.shape)),
        concrete(shape),
      );
  return total;
}
