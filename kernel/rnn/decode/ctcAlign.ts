import { OptionError } from '../errors.js';
import { checkLabels, lengthsOption, toLabels, type Lengths } from '../losses/ctcTargets.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import { decodeOptions, forEachSequence, type CtcDecodeOptions } from './ctcRows.js';

/** Options of `ctcAlign`. */
export interface CtcAlignOptions extends CtcDecodeOptions {
  /** Valid labels of each target. Default: all there are. */
  targetLengths?: Lengths;
}

/** A label and the time steps from..to − 1 that a CTC network spends on it. */
export interface CtcSpan {
  readonly label: number;
  readonly from: number;
  readonly to: number;
}

/** The likeliest path of a CTC network that reads as a given target. */
export interface CtcPath {
  /** The class of each time step, blanks among them. */
  readonly path: Int32Array;
  /** Where each label of the target is, in order. */
  readonly spans: readonly CtcSpan[];
  /** Of the path, in nats. */
  readonly logProbability: number;
}

/**
 * Forced alignment: of all paths that read as the target when repetitions are merged and blanks removed, the likeliest,
 * found by the Viterbi recursion v_t(s) = ln y_t(s) + max(v_{t−1}(s), v_{t−1}(s−1), [may skip] v_{t−1}(s−2)) over
 * the states blank y₁ blank y₂ … blank. It says when each label is heard, as far as the network tells: with CTC it is free to
 * say a label at any moment after it has recognised it.
 *
 * Source: A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification", ICML 2006, with the
 * maximum in place of the sum
 *
 * @param logits `[T, B, C]`, or log probabilities (which are logits too)
 * @param targets `[B, S]` (int32, with `targetLengths`) or an array of B arrays of labels, as in `ctcLoss`
 * @returns for each of the B sequences its path
 * @throws ShapeError if a shape or a number of lengths does not fit, VocabularyError for a label that is the blank or no
 * class, OptionError for a sequence too short for its target, NonFiniteError for NaN
 */
export function ctcAlign(
  logits: Tensor,
  targets: Tensor | readonly (readonly number[])[],
  options: CtcAlignOptions = {},
): CtcPath[] {
  checkOptions('ctcAlign', options, { ...decodeOptions, targetLengths: lengthsOption });
  const { targetLengths, ...decoding } = options;
  let labels: readonly (readonly number[])[] | undefined;
  return forEachSequence('ctcAlign', logits, decoding, (rows, blank, b) => {
    const [, batchSize, classes] = logits.shape as [number, number, number];
    if (!labels) {
      labels = toLabels('ctcAlign', targets, batchSize, targetLengths);
      checkLabels('ctcAlign', labels, classes, blank);
    }
    const states = new Int32Array(2 * labels[b]!.length + 1).fill(blank);
    labels[b]!.forEach((label, i) => (states[2 * i + 1] = label));
    const { visited, logProbability } = bestStates(rows(), states);
    if (visited.length > 0 && logProbability === -Infinity)
      throw new OptionError(
        `ctcAlign: target ${b} of ${labels[b]!.length} labels has no alignment with ${visited.length} time steps`,
      );
    const path = Int32Array.from(visited, (s) => states[s]!);
    return { path, spans: toSpans(visited, states), logProbability };
  });
}

/** The likeliest way through the states, one for each row. */
function bestStates(rows: Iterable<Float64Array>, states: Int32Array) {
  const count = states.length;
  // Before the first row: as if behind a blank that is not there.
  let scores = new Float64Array(count).fill(-Infinity);
  /** For each row and state how many states back it came from. */
  const steps: Uint8Array[] = [];
  for (const row of rows) {
    const next = new Float64Array(count);
    const back = new Uint8Array(count);
    for (let s = 0; s < count; s++) {
      let best = steps.length === 0 && s < 2 ? 0 : scores[s]!;
      for (let k = 1; k <= (maySkipTo(states, s) ? 2 : 1) && k <= s; k++)
        if (scores[s - k]! > best) {
          best = scores[s - k]!;
          back[s] = k;
        }
      next[s] = best + row[states[s]!]!;
    }
    scores = next;
    steps.push(back);
  }
  // A path ends in the last label or in the blank behind it.
  let at = count > 1 && scores[count - 2]! > scores[count - 1]! ? count - 2 : count - 1;
  const logProbability = steps.length === 0 && count === 1 ? 0 : scores[at]!;
  const visited = new Int32Array(steps.length);
  for (let t = steps.length - 1; t >= 0; t--) {
    visited[t] = at;
    at -= steps[t]![at]!;
  }
  return { visited, logProbability };
}

const maySkipTo = (states: Int32Array, s: number): boolean =>
  s % 2 === 1 && states[s] !== states[s - 2];

function toSpans(visited: Int32Array, states: Int32Array): CtcSpan[] {
  return Array.from({ length: (states.length - 1) / 2 }, (_, i) => {
    const from = visited.indexOf(2 * i + 1);
    return { label: states[2 * i + 1]!, from, to: visited.lastIndexOf(2 * i + 1) + 1 };
  });
}
