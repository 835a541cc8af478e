import type { NumberArray } from '../ndarray.js';
import { findEngine } from './engine.js';

// What a training step does to whole gradients: in WebAssembly for those in the engine's memory, else in a loop.

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
