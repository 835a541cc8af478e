/** Two neighbouring tokens that become one. */
export type Merge = readonly [number, number];

/** Merge k makes token 256 + k: below are the bytes. */
export const firstMerged = 256;

/** A pair as one number, exact up to 2²¹ tokens. */
export const pairKey = (a: number, b: number): number => a * 2 ** 21 + b;

/**
 * Learns merges from words (as bytes) and how often each occurs: again and again, the most frequent pair of
 * neighbouring tokens becomes one token; of equally frequent ones the smaller (first token, then second).
 *
 * Source: R. Sennrich, B. Haddow, A. Birch, "Neural machine translation of rare words with subword units", ACL 2016,
 * https://aclanthology.org/P16-1162
 *
 * @param minFrequency pairs that occur less often are not merged
 */
export function trainBpe(
  words: readonly { readonly bytes: ArrayLike<number>; readonly count: number }[],
  mostMerges: number,
  minFrequency: number,
): Merge[] {
  const tokens = words.map(({ bytes }) => Array.from(bytes));
  const pairs = new PairCounts();
  tokens.forEach((word, w) => {
    for (let i = 0; i + 1 < word.length; i++) pairs.add(word[i]!, word[i + 1]!, w, words[w]!.count);
  });
  pairs.commit();
  const merges: Merge[] = [];
  while (merges.length < mostMerges) {
    const best = pairs.mostFrequent();
    if (!best || best.count < minFrequency) break;
    const { a, b } = best;
    const merged = firstMerged + merges.length;
    merges.push([a, b]);
    for (const w of pairs.wordsWith(a, b)) {
      const { count } = words[w]!;
      tokens[w] = mergePair(tokens[w]!, a, b, merged, (before, after) => {
        pairs.add(a, b, w, -count);
        if (before !== undefined) {
          pairs.add(before, a, w, -count);
          pairs.add(before, merged, w, count);
        }
        if (after !== undefined) {
          pairs.add(b, after, w, -count);
          pairs.add(merged, after, w, count);
        }
      });
    }
    pairs.commit();
  }
  return merges;
}

/**
 * Every occurrence of a, b replaced by `merged`, from left to right.
 * @param onMerge told of each, with what stands before it by then and after it
 */
export function mergePair(
  word: readonly number[],
  a: number,
  b: number,
  merged: number,
  onMerge?: (before: number | undefined, after: number | undefined) => void,
): number[] {
  const out: number[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] !== a || word[i + 1] !== b) {
      out.push(word[i]!);
      continue;
    }
    onMerge?.(out[out.length - 1], word[i + 2]);
    out.push(merged);
    i++;
  }
  return out;
}

/** How often each pair occurs, in which words, and which is the most frequent. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  /** Words that a pair occurs in, or once did. */
  readonly #words = new Map<number, number[]>();
  readonly #changed = new Set<number>();
  /** A heap of pairs with the counts they had; what has changed since stands there again. */
  readonly #heap: { key: number; count: number }[] = [];

  /** The pair occurs `count` more times in word w. */
  add(a: number, b: number, w: number, count: number): void {
    const key = pairKey(a, b);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    this.#changed.add(key);
    if (count < 0) return;
    const places = this.#words.get(key);
    if (!places) this.#words.set(key, [w]);
    else if (places[places.length - 1] !== w) places.push(w);
  }

  /** Takes note of the changes since the last call. */
  commit(): void {
    for (const key of this.#changed) {
      const count = this.#counts.get(key)!;
      if (count > 0) this.#push({ key, count });
      else {
        this.#counts.delete(key);
        this.#words.delete(key);
      }
    }
    this.#changed.clear();
  }

  mostFrequent(): { a: number; b: number; count: number } | undefined {
    for (let top = this.#pop(); top; top = this.#pop()) {
      const { key, count } = top;
      if (this.#counts.get(key) === count)
        return { a: Math.floor(key / 2 ** 21), b: key % 2 ** 21, count };
    }
    return undefined;
  }

  wordsWith(a: number, b: number): readonly number[] {
    return this.#words.get(pairKey(a, b)) ?? [];
  }

  #precedes(i: number, j: number): boolean {
    const [p, q] = [this.#heap[i]!, this.#heap[j]!];
    return p.count > q.count || (p.count === q.count && p.key < q.key);
  }

  #swap(i: number, j: number): void {
    [this.#heap[i], this.#heap[j]] = [this.#heap[j]!, this.#heap[i]!];
  }

  #push(entry: { key: number; count: number }): void {
    this.#heap.push(entry);
    for (let at = this.#heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#precedes(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): { key: number; count: number } | undefined {
    const [top] = this.#heap;
    const last = this.#heap.pop();
    if (!top || this.#heap.length === 0) return top;
    this.#heap[0] = last!;
    for (let at = 0; ;) {
      let child = 2 * at + 1;
      if (child >= this.#heap.length) return top;
      if (child + 1 < this.#heap.length && this.#precedes(child + 1, child)) child++;
      if (!this.#precedes(child, at)) return top;
      this.#swap(child, at);
      at = child;
    }
  }
}
