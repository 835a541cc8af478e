import { sizeOf } from '../ndarray.js';
import { isRecurrent, type Network } from './network.js';
import type { Precision } from './passes.js';

/** What a trace keeps: width · (2 · Σ sizes of slots + 3 · Σ over recurrent layers of T·B·S). */
export function traceBytes(network: Network, dtype: Precision): number {
  let numbers = 0;
  for (const { shape } of network.slots) numbers += 2 * sizeOf(shape);
  for (const operation of network.operations.filter(isRecurrent)) {
    const [timeSteps, batchSize] = network.slots[operation.inputs[0]!]!.shape as [number, number];
    for (const { size } of operation.program.states) numbers += 3 * timeSteps * batchSize * size;
  }
  return numbers * (dtype === 'float32' ? 4 : 8);
}
