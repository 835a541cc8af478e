/**
 * Which of many points to draw: of each stretch of the line the first, the smallest and the largest, so
 * that spikes stay, and the very last.
 *
 * @returns at most `most` increasing indices
 */
export function thin(values: readonly number[], most: number): number[] {
  const { length } = values;
  if (length <= most) return values.map((_, i) => i);
  const stretches = Math.floor((most - 1) / 3);
  const kept = new Set<number>([length - 1]);
  for (let k = 0; k < stretches; k++) {
    const from = Math.floor((k * length) / stretches);
    const to = Math.floor(((k + 1) * length) / stretches);
    let least = from;
    let greatest = from;
    for (let i = from; i < to; i++) {
      if (values[i]! < values[least]!) least = i;
      if (values[i]! > values[greatest]!) greatest = i;
    }
    kept.add(from).add(least).add(greatest);
  }
  return [...kept].sort((a, b) => a - b);
}
