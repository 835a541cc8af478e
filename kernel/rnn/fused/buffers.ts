import type { NdArray } from '../ndarray.js';
import type { Engine } from '../wasm/engine.js';
import type { Compiled } from './compile.js';
import type { BufferKey } from './groupKernels.js';
import { packedLength } from '../wasm/packing.js';
import { widthOf, type Product } from './plan.js';

/** A buffer and how far its next time step is, in floats; 0 where all time steps share it. */
export interface Buffer {
  readonly data: Float32Array;
  readonly stride: number;
}

/** Packed weights of one product, for forward and for backward. */
export interface PackedProduct {
  readonly product: Product;
  readonly forward: Float32Array;
  readonly backward: Float32Array;
}

/** All memory of a run over T time steps and B sequences. */
export interface Buffers {
  readonly timeSteps: number;
  readonly batchSize: number;
  /** What all of it takes. */
  readonly bytes: number;
  readonly byKey: ReadonlyMap<BufferKey, Buffer>;
  /** By pre-activation, in the plan's order. */
  readonly products: readonly (readonly PackedProduct[])[];
  /** Gradient of each parameter that a product multiplies with. */
  readonly weightGradients: ReadonlyMap<number, Float32Array>;
}

export function createBuffers(
  { plan, engine }: Compiled,
  parameters: readonly NdArray[],
  timeSteps: number,
  batchSize: number,
): Buffers {
  const { program } = plan;
  const byKey = new Map<BufferKey, Buffer>();
  const add = (key: BufferKey, width: number, steps: number): void => {
    const stride = width * batchSize;
    byKey.set(key, { data: engine.allocate(stride * steps), stride: steps > 1 ? stride : 0 });
  };
  const perStep = (key: BufferKey, width: number, extra = 0): void => {
    const stride = width * batchSize;
    byKey.set(key, { data: engine.allocate(stride * (timeSteps + extra)), stride });
  };
  const width = (node: number): number => widthOf(program.nodes[node]!);

  perStep(`value:${program.input}`, program.inputSize);
  perStep(`adjoint:${program.input}`, program.inputSize);
  perStep('adjoint:-1', width(program.output));
  for (const { node, width: columns } of plan.preactivations) {
    perStep(`value:${node}`, columns);
    perStep(`adjoint:${node}`, columns);
  }
  program.states.forEach(({ node, size }, k) => {
    perStep(`value:${node}`, size, 1);
    const whole = byKey.get(`value:${node}`)!;
    byKey.set(`next:${k}`, { ...whole, data: whole.data.subarray(whole.stride) });
    add(`carryIn:${k}`, size, 1);
    add(`carryOut:${k}`, size, 1);
  });
  for (const { node, state, hasAdjoint, width: columns } of plan.stored) {
    if (state === undefined) perStep(`value:${node}`, columns);
    if (hasAdjoint) add(`adjoint:${node}`, columns, 1);
  }
  for (const node of plan.vectors)
    for (const kind of ['value', 'adjoint'] as const)
      byKey.set(`${kind}:${node}`, { data: engine.allocate(width(node)), stride: 0 });

  const weightGradients = new Map<number, Float32Array>();
  const products = plan.preactivations.map(({ terms }) =>
    terms.map((product) => {
      const { weight, depth } = product;
      if (!weightGradients.has(weight.parameter))
        weightGradients.set(
          weight.parameter,
          engine.allocate(parameters[weight.parameter]!.data.length),
        );
      return {
        product,
        forward: engine.allocate(packedLength(weight.rows, depth)).fill(0),
        backward: engine.allocate(packedLength(depth, weight.rows)).fill(0),
      };
    }),
  );
  const memory = { byKey, products, weightGradients };
  const bytes = piecesOf(memory).reduce((total, { byteLength }) => total + byteLength, 0);
  return { timeSteps, batchSize, bytes, ...memory };
}

export function releaseBuffers(engine: Engine, buffers: Buffers): void {
  for (const piece of piecesOf(buffers)) engine.release(piece);
}

/** Every piece of memory once: a state's next values stand in the state's own. */
function piecesOf({
  byKey,
  products,
  weightGradients,
}: Pick<Buffers, 'byKey' | 'products' | 'weightGradients'>): Float32Array[] {
  const values = [...byKey].flatMap(([key, { data }]) => (key.startsWith('next:') ? [] : [data]));
  const packed = products.flat().flatMap(({ forward, backward }) => [forward, backward]);
  return [...values, ...packed, ...weightGradients.values()];
}
