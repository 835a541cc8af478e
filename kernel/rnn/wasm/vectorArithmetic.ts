import type { NumberArray } from '../ndarray.js';
import { findEngine } from './engine.js';

/**
 * What a training step does to gradients and parameters as a whole: in WebAssembly for numbers in the engine's memory,
 * else in a loop.
 */

/** Σ x² */
export function sumOfSquares(x: NumberArray): number {
  const engine = findEngine();
  if (engine?.owns(x)) return engine.core['sumOfSquares']!(x.byteOffset, x.length);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return sum;
}

/** x ← factor·x */
export function scaleInPlace(x: NumberArray, factor: number): void {
  const engine = findEngine();
  if (engine?.owns(x)) engine.core['scale']!(x.byteOffset, x.length, factor);
  else for (let i = 0; i < x.length; i++) x[i]! *= factor;
}

/**
 * Updates a parameter and the moments that an optimiser keeps of it by one of the engine's kernels (see
 * `trainingKernels.ts`), where parameter and moments are in its memory.
 * @returns false where they are not; nothing is then changed
 */
export function fastUpdate(
  kernel: 'adam' | 'sgd',
  parameter: NumberArray,
  gradient: NumberArray,
  moments: readonly NumberArray[],
  numbers: readonly number[],
): boolean {
  const engine = findEngine();
  if (!engine?.owns(parameter) || !moments.every((moment) => engine.owns(moment))) return false;
  const copy = engine.owns(gradient) ? undefined : engine.allocate(gradient.length);
  copy?.set(gradient);
  engine.core[kernel]!(
    parameter.byteOffset,
    (copy ?? gradient).byteOffset,
    ...moments.map((moment) => moment.byteOffset),
    parameter.length,
    ...numbers,
  );
  if (copy) engine.release(copy);
  return true;
}
