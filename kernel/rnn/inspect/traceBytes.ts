import { sizeOf } from '../ndarray.js';
import { keptNumbers } from './keptValues.js';
import { isRecurrent, type Network } from './network.js';
import type { Precision } from './passes.js';

/**
 * What a trace keeps: width · (2 · Σ sizes of slots + Σ over recurrent layers of 3·T·B·S + V), with V the values of their
 * operations, where these are few.
 */
export function traceBytes(network: Network, dtype: Precision): number {
  let numbers = 0;
  for (const { shape } of network.slots) numbers += 2 * sizeOf(shape);
  for (const operation of network.operations.filter(isRecurrent)) {
    const [timeSteps, batchSize] = network.slots[operation.inputs[0]!]!.shape as [number, number];
    for (const { size } of operation.program.states) numbers += 3 * timeSteps * batchSize * size;
    numbers += keptNumbers(operation.program, timeSteps, batchSize);
  }
  return numbers * (dtype === 'float32' ? 4 : 8);
}
