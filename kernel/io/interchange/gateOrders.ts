import type { Shape } from '../../rnn/ndarray.js';

/** The operators of ONNX for recurrent layers, with the blocks of their weights: `order[k]` is our block at place k. */
export const onnxGates = {
  /** i o f c of ours i f g o */
  LSTM: [0, 3, 1, 2],
  /** z r h of ours r z n */
  GRU: [1, 0, 2],
  RNN: [0],
} as const satisfies Record<string, readonly number[]>;

/** Blocks of peepholes: i o f of ours i f o. */
export const onnxPeepholes = [0, 2, 1] as const;

/** Rows in `order.length` blocks, put so that block k of the result is block `order[k]`. */
export function reorderBlocks(data: ArrayLike<number>, order: readonly number[]): Float64Array {
  const size = data.length / order.length;
  const out = new Float64Array(data.length);
  order.forEach((from, to) => {
    for (let i = 0; i < size; i++) out[to * size + i] = data[from * size + i]!;
  });
  return out;
}

/** The order that takes `order` back. */
export const invertOrder = (order: readonly number[]): number[] =>
  order.map((_, block) => order.indexOf(block));

/** `[rows, columns]` → `[columns, rows]` */
export function transposed(data: ArrayLike<number>, [rows, columns]: Shape): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows!; i++)
    for (let j = 0; j < columns!; j++) out[j * rows! + i] = data[i * columns! + j]!;
  return out;
}
