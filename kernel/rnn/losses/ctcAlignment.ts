import type { NumberArray } from '../ndarray.js';
import { logSumExp } from '../ops/reduce.js';

/** What all sequences of a batch share: logits `[T, B, C]` and, once computed, ln Σ e^logit of their rows. */
export interface CtcScores {
  readonly logits: NumberArray;
  readonly batchSize: number;
  readonly classes: number;
  readonly blank: number;
  readonly normalisers: Float64Array;
}

/** One sequence of the batch after the forward pass over its alignments. */
export interface CtcAlignment {
  readonly sequence: number;
  readonly timeSteps: number;
  /** The target with a blank before, between and after its labels: blank y₁ blank y₂ … blank. */
  readonly states: Int32Array;
  /** α, `[timeSteps, states]`: ln of the probability of all ways to be in a state at a time step. */
  readonly alpha: Float64Array;
  /** ln p(target | input), −∞ where no alignment exists. */
  readonly logLikelihood: number;
}

/**
 * The forward recursion over alignments, with logarithms throughout:
 * α_t(s) = ln y_t(s) + ln(e^α_{t−1}(s) + e^α_{t−1}(s−1) + [may skip] e^α_{t−1}(s−2)).
 */
export function alignForward(
  scores: CtcScores,
  sequence: number,
  timeSteps: number,
  labels: ArrayLike<number>,
): CtcAlignment {
  const states = new Int32Array(2 * labels.length + 1).fill(scores.blank);
  for (let i = 0; i < labels.length; i++) states[2 * i + 1] = labels[i]!;
  const count = states.length;
  const alpha = new Float64Array(timeSteps * count).fill(-Infinity);
  for (let t = 0; t < timeSteps; t++) {
    normalise(scores, t, sequence);
    const now = t * count;
    const before = now - count;
    for (let s = 0; s < count; s++) {
      let total = s < 2 ? 0 : -Infinity;
      if (t > 0)
        total = logAdd(
          alpha[before + s]!,
          s > 0 ? alpha[before + s - 1]! : -Infinity,
          maySkipTo(states, s) ? alpha[before + s - 2]! : -Infinity,
        );
      if (total !== -Infinity) total += logProbability(scores, t, sequence, states[s]!);
      alpha[now + s] = total;
    }
  }
  return { sequence, timeSteps, states, alpha, logLikelihood: total(alpha, timeSteps, count) };
}

function total(alpha: Float64Array, timeSteps: number, count: number): number {
  // No time step has one alignment, the empty one, with the empty target only.
  if (timeSteps === 0) return count === 1 ? 0 : -Infinity;
  const last = alpha[alpha.length - 1]!;
  return count === 1 ? last : logAdd(last, alpha[alpha.length - 2]!, -Infinity);
}

/**
 * Adds a·∂(−ln p)/∂logit to `gradient`: a·(softmax(logits_t)_c − Σ_{s: state s is c} γ_t(s)), where
 * γ_t(s) = e^(α_t(s) + β_t(s) − ln p) and β is the backward recursion without the emission at t itself.
 */
export function alignBackward(
  gradient: NumberArray,
  scores: CtcScores,
  { sequence, timeSteps, states, alpha, logLikelihood }: CtcAlignment,
  a: number,
): void {
  const { batchSize, classes, logits, normalisers } = scores;
  const count = states.length;
  let beta = new Float64Array(count).fill(-Infinity);
  let following = new Float64Array(count);
  beta.fill(0, Math.max(0, count - 2));
  for (let t = timeSteps - 1; t >= 0; t--) {
    if (t < timeSteps - 1) {
      [beta, following] = [following, beta];
      stepBack(beta, following, scores, t + 1, sequence, states);
    }
    const row = t * batchSize + sequence;
    const from = row * classes;
    for (let c = from; c < from + classes; c++)
      gradient[c]! += a * Math.exp(logits[c]! - normalisers[row]!);
    for (let s = 0; s < count; s++)
      gradient[from + states[s]!]! -=
        a * Math.exp(alpha[t * count + s]! + beta[s]! - logLikelihood);
  }
}

/** β_{t−1} from β_t. */
function stepBack(
  beta: Float64Array,
  following: Float64Array,
  scores: CtcScores,
  t: number,
  sequence: number,
  states: Int32Array,
): void {
  for (let s = 0; s < states.length; s++)
    following[s]! += logProbability(scores, t, sequence, states[s]!);
  const count = states.length;
  for (let s = 0; s < count; s++)
    beta[s] = logAdd(
      following[s]!,
      s + 1 < count ? following[s + 1]! : -Infinity,
      s + 2 < count && maySkipTo(states, s + 2) ? following[s + 2]! : -Infinity,
    );
}

/** A label may follow the one before it without a blank between, unless both are the same. */
const maySkipTo = (states: Int32Array, s: number): boolean =>
  s > 1 && s % 2 === 1 && states[s] !== states[s - 2];

function normalise({ logits, batchSize, classes, normalisers }: CtcScores, t: number, b: number) {
  const row = t * batchSize + b;
  normalisers[row] = logSumExp(logits, row * classes, (row + 1) * classes);
}

function logProbability(scores: CtcScores, t: number, b: number, c: number): number {
  const row = t * scores.batchSize + b;
  return scores.logits[row * scores.classes + c]! - scores.normalisers[row]!;
}

/** ln(eᵃ + eᵇ + eᶜ) */
function logAdd(a: number, b: number, c: number): number {
  const max = Math.max(a, b, c);
  if (max === -Infinity) return max;
  return max + Math.log(Math.exp(a - max) + Math.exp(b - max) + Math.exp(c - max));
}
