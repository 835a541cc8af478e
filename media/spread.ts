/** Something on a line that wants a place and takes room. */
export interface Placed {
  /** Where its middle would like to be. */
  wanted: number;
  /** Room it takes, gaps included. */
  size: number;
  /** How much moving it costs; 1 where left out. */
  weight?: number;
}

/**
 * Middles that keep the given order, do not overlap, and move as little as possible (weighted squares).
 *
 * Shifting each place by the room before it turns "no overlap" into "does not decrease", which pooling
 * adjacent violators solves exactly: Best and Chakravarti, Mathematical Programming 47 (1990).
 */
export function spread(places: readonly Placed[]): number[] {
  const offsets: number[] = [];
  let room = 0;
  for (const { size } of places) {
    offsets.push(room + size / 2);
    room += size;
  }
  const pools: { sum: number; weight: number; count: number }[] = [];
  places.forEach(({ wanted, weight = 1 }, index) => {
    pools.push({ sum: (wanted - offsets[index]!) * weight, weight, count: 1 });
    for (let last = pools.length - 1; last > 0; last--) {
      const [before, after] = [pools[last - 1]!, pools[last]!];
      if (before.sum / before.weight <= after.sum / after.weight) break;
      before.sum += after.sum;
      before.weight += after.weight;
      before.count += after.count;
      pools.pop();
    }
  });
  const starts = pools.flatMap(({ sum, weight, count }) => Array<number>(count).fill(sum / weight));
  return starts.map((start, index) => start + offsets[index]!);
}

/** As `spread`, then moved as a whole to lie within [low, high] where it fits. */
export function spreadWithin(places: readonly Placed[], low: number, high: number): number[] {
  const held = places.map((place) => ({
    ...place,
    wanted: Math.min(high - place.size / 2, Math.max(low + place.size / 2, place.wanted)),
  }));
  const middles = spread(held);
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last) return middles;
  const above = Math.max(0, low - (middles[0]! - first.size / 2));
  const below = Math.max(0, middles.at(-1)! + last.size / 2 - high);
  return middles.map((middle) => middle + (above > 0 ? above : -below));
}
