import type { RandomStream } from '../random.js';

/** 0 … count − 1 in random order, all orders alike (Fisher and Yates). */
export function shuffledIndices(count: number, stream: RandomStream): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integer(0, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
