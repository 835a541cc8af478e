import { NonFiniteError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream, type RandomStream } from '../random.js';

/** How the next symbol is drawn from logits. */
export interface SamplingOptions {
  /** Divides the logits: below 1 bolder, above 1 more varied, 0 always the likeliest symbol. Default 1. */
  temperature?: number;
  /** Draws from the K likeliest symbols only (of equal ones, those with the smaller index). */
  topK?: number;
  /**
   * Draws from the nucleus only: the fewest likeliest symbols whose probabilities sum to P or more, after
   * `temperature` and `topK`.
   * Source: A. Holtzman et al., "The curious case of neural text degeneration", ICLR 2020, https://arxiv.org/abs/1904.09751
   */
  topP?: number;
}

/** The rows of an option table that `SamplingOptions` needs. */
export const samplingOptions = {
  temperature: optional(is.nonNegative),
  topK: optional(is.positiveInteger),
  topP: optional((value) =>
    typeof value === 'number' && value > 0 && value <= 1 ? undefined : 'a number above 0, up to 1',
  ),
};

/**
 * Draws indices from logits, again and again: buffers and stream are kept between draws, nothing is allocated.
 * Named streams make draws repeatable under `manualSeed`.
 */
export class Sampler {
  readonly #temperature: number;
  readonly #topK: number;
  readonly #topP: number;
  readonly #stream: RandomStream;
  #weights = new Float64Array(0);
  #order = new Int32Array(0);

  constructor(options: SamplingOptions, streamName: string) {
    checkOptions('Sampler', options, samplingOptions);
    this.#temperature = options.temperature ?? 1;
    this.#topK = options.topK ?? Infinity;
    this.#topP = options.topP ?? 1;
    this.#stream = randomStream(streamName);
  }

  /**
   * An index drawn from softmax(logits[from … from + width) / temperature), cut down by `topK` and `topP`.
   * @param allowed the only indices that may be drawn; all where left out
   * @throws NonFiniteError if a logit is NaN or +∞, or all are −∞
   */
  choose(
    logits: ArrayLike<number>,
    from: number,
    width: number,
    allowed?: ArrayLike<number>,
  ): number {
    const best = allowed ? likeliestOf(logits, from, allowed) : likeliest(logits, from, width);
    const top = logits[from + best]!;
    if (!Number.isFinite(top)) throw refuse(logits, from, width, allowed);
    if (this.#temperature === 0 || this.#topK === 1) return best;
    if (this.#weights.length < width) {
      this.#weights = new Float64Array(width);
      this.#order = new Int32Array(width);
    }
    const total = allowed
      ? this.#weighAllowed(logits, from, top, allowed)
      : this.#weigh(logits, from, top, width);
    const count = allowed ? allowed.length : width;
    if (this.#topK < count || this.#topP < 1) return this.#drawFromTop(count, total, allowed);
    return this.#draw(count, total, best, allowed);
  }

  /** weights[i] = exp((logits[i] − top) / temperature). @returns their sum */
  #weigh(logits: ArrayLike<number>, from: number, top: number, width: number): number {
    const scale = 1 / this.#temperature;
    const weights = this.#weights;
    let total = 0;
    for (let i = 0; i < width; i++)
      total += weights[i] = Math.exp((logits[from + i]! - top) * scale);
    return total;
  }

  /** As `#weigh`; the k-th weight belongs to `allowed[k]`. */
  #weighAllowed(
    logits: ArrayLike<number>,
    from: number,
    top: number,
    allowed: ArrayLike<number>,
  ): number {
    const scale = 1 / this.#temperature;
    const weights = this.#weights;
    let total = 0;
    for (let k = 0; k < allowed.length; k++)
      total += weights[k] = Math.exp((logits[from + allowed[k]!]! - top) * scale);
    return total;
  }

  #draw(count: number, total: number, best: number, allowed?: ArrayLike<number>): number {
    let rest = this.#stream.uniform() * total;
    for (let i = 0; i < count; i++) {
      rest -= this.#weights[i]!;
      if (rest < 0) return allowed ? allowed[i]! : i;
    }
    // What rounding left over.
    return best;
  }

  #drawFromTop(count: number, total: number, allowed?: ArrayLike<number>): number {
    const order = this.#order;
    const weights = this.#weights;
    for (let i = 0; i < count; i++) order[i] = i;
    for (let i = (count >> 1) - 1; i >= 0; i--) siftDown(order, weights, i, count);
    const most = Math.min(this.#topK, count);
    let kept = 0;
    let sum = 0;
    if (most < count) {
      while (kept < most) sum += weights[popTop(order, weights, count - kept++)]!;
      total = sum;
      sum = 0;
      kept = 0;
      while (kept < most && (kept === 0 || sum < this.#topP * total))
        sum += weights[order[count - ++kept]!]!;
    } else {
      while (kept < count && (kept === 0 || sum < this.#topP * total))
        sum += weights[popTop(order, weights, count - kept++)]!;
    }
    let rest = this.#stream.uniform() * sum;
    let k = 0;
    while (k < kept - 1 && (rest -= weights[order[count - 1 - k]!]!) >= 0) k++;
    const chosen = order[count - 1 - k]!;
    return allowed ? allowed[chosen]! : chosen;
  }
}

/** The index, relative to `from`, of the largest of `width` numbers; the first of equal ones, or of NaN. */
function likeliest(logits: ArrayLike<number>, from: number, width: number): number {
  let best = 0;
  let top = logits[from]!;
  for (let i = 1; i < width; i++) {
    const logit = logits[from + i]!;
    if (logit > top) {
      top = logit;
      best = i;
    } else if (Number.isNaN(logit)) return i;
  }
  return best;
}

function likeliestOf(logits: ArrayLike<number>, from: number, allowed: ArrayLike<number>): number {
  let best = allowed[0]!;
  for (let k = 1; k < allowed.length; k++) {
    const logit = logits[from + allowed[k]!]!;
    if (logit > logits[from + best]!) best = allowed[k]!;
    else if (Number.isNaN(logit)) return allowed[k]!;
  }
  return best;
}

/** Whether index a comes before b: a larger weight, or an equal one and a smaller index. */
const precedes = (weights: Float64Array, a: number, b: number): boolean =>
  weights[a]! > weights[b]! || (weights[a] === weights[b] && a < b);

/** Restores the heap below `at`, likeliest at the root. */
function siftDown(order: Int32Array, weights: Float64Array, at: number, count: number): void {
  const moved = order[at]!;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && precedes(weights, order[child + 1]!, order[child]!)) child++;
    if (!precedes(weights, order[child]!, moved)) break;
    order[at] = order[child]!;
    at = child;
  }
  order[at] = moved;
}

/** Takes the likeliest index off a heap of `count` and leaves it right behind the heap. */
function popTop(order: Int32Array, weights: Float64Array, count: number): number {
  const top = order[0]!;
  order[0] = order[count - 1]!;
  order[count - 1] = top;
  siftDown(order, weights, 0, count - 1);
  return top;
}

function refuse(
  logits: ArrayLike<number>,
  from: number,
  width: number,
  allowed: ArrayLike<number> | undefined,
): NonFiniteError {
  const indices = allowed ? Array.from(allowed) : Array.from({ length: width }, (_, i) => i);
  const bad = indices.find((i) => !(logits[from + i]! < Infinity));
  return new NonFiniteError(
    bad === undefined
      ? 'sampling: expected at least one logit above −∞'
      : `sampling: expected logits below ∞, got ${logits[from + bad]!} at index ${bad}`,
  );
}
