/** ln(eᵃ + eᵇ), −∞ standing for probability zero. */
export function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** out[i] = ln softmax(logits[from … from + width))[i], in float64. */
export function logSoftmaxRow(
  logits: ArrayLike<number>,
  from: number,
  width: number,
  out: Float64Array,
): void {
  let top = -Infinity;
  for (let i = 0; i < width; i++) if (logits[from + i]! > top) top = logits[from + i]!;
  let sum = 0;
  for (let i = 0; i < width; i++) sum += Math.exp(logits[from + i]! - top);
  const normaliser = top + Math.log(sum);
  for (let i = 0; i < width; i++) out[i] = logits[from + i]! - normaliser;
}
