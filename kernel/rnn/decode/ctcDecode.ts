import { NonFiniteError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { decodeOptions, forEachSequence, type CtcDecodeOptions } from './ctcRows.js';
import { logAdd } from './logSpace.js';

/** Options of `ctcBeamDecode`. */
export interface CtcBeamOptions extends CtcDecodeOptions {
  /** W, prefixes kept at each time step. Default 16. */
  beamWidth?: number;
  /** How many labellings to give for each sequence. Default 1. */
  count?: number;
  /**
   * Added to the log probability when `next` is appended to `prefix`: a language model's weighted log probability,
   * a bonus for each symbol, or −∞ to forbid it. Default 0.
   */
  score?: (prefix: readonly number[], next: number) => number;
}

/** A labelling that a CTC decoder found. */
export interface CtcHypothesis {
  /** The labelling, blanks and repetitions removed. */
  readonly indices: Int32Array;
  /** In nats: of the best path for the greedy decoder, of the labelling (with `score`) for the beam. */
  readonly logProbability: number;
}

/**
 * Best path decoding: the likeliest class of each time step, repetitions merged, blanks removed. The labelling that
 * most probability leads to may be another one; `ctcBeamDecode` looks for that.
 *
 * @param logits `[T, B, C]`, or log probabilities (which are logits too)
 * @returns for each of the B sequences its labelling
 * @throws ShapeError unless logits have three dimensions, OptionError for a blank or lengths that do not fit,
 * NonFiniteError for NaN
 */
export function ctcGreedyDecode(logits: Tensor, options: CtcDecodeOptions = {}): CtcHypothesis[] {
  checkOptions('ctcGreedyDecode', options, decodeOptions);
  return forEachSequence('ctcGreedyDecode', logits, options, (rows, blank) => {
    const indices: number[] = [];
    let logProbability = 0;
    let last = blank;
    for (const row of rows()) {
      let best = 0;
      for (let c = 1; c < row.length; c++) if (row[c]! > row[best]!) best = c;
      logProbability += row[best]!;
      if (best !== blank && best !== last) indices.push(best);
      last = best;
    }
    return { indices: Int32Array.from(indices), logProbability };
  });
}

/**
 * Prefix beam search: the labellings with the largest probability, each summed over all alignments that lead to it.
 * Exact where the beam is wide enough to hold every prefix.
 *
 * Source: A. Y. Hannun et al., "First-pass large vocabulary continuous speech recognition using bi-directional
 * recurrent DNNs", 2014, https://arxiv.org/abs/1408.2873
 *
 * @param logits `[T, B, C]`, or log probabilities (which are logits too)
 * @returns for each of the B sequences `count` labellings at most, the likeliest first
 * @throws ShapeError unless logits have three dimensions, OptionError for a blank or lengths that do not fit,
 * NonFiniteError for NaN in logits, and for a score that is NaN or ∞
 */
export function ctcBeamDecode(logits: Tensor, options: CtcBeamOptions = {}): CtcHypothesis[][] {
  checkOptions('ctcBeamDecode', options, {
    ...decodeOptions,
    beamWidth: optional(is.positiveInteger),
    count: optional(is.positiveInteger),
    score: optional(is.function),
  });
  const { beamWidth = 16, count = 1, score } = options;
  return forEachSequence('ctcBeamDecode', logits, options, (rows, blank) => {
    let beam: Prefix[] = [new Prefix(undefined, blank)];
    beam[0]!.endingInBlank = 0;
    for (const row of rows()) beam = nextBeam(beam, row, blank, beamWidth, score);
    return beam
      .filter(({ total }) => total > -Infinity)
      .slice(0, count)
      .map((prefix) => ({
        indices: Int32Array.from(indicesOf(prefix)),
        logProbability: prefix.total,
      }));
  });
}

/** A labelling's beginning, as a leaf of the tree of prefixes, with the log probability of its alignments so far. */
class Prefix {
  readonly children = new Map<number, Prefix>();
  endingInBlank = -Infinity;
  endingInSymbol = -Infinity;
  nextInBlank = -Infinity;
  nextInSymbol = -Infinity;
  /** Whether it is in the beam of this time step. */
  isKept = true;

  constructor(
    readonly parent: Prefix | undefined,
    readonly symbol: number,
  ) {}

  get total(): number {
    return logAdd(this.endingInBlank, this.endingInSymbol);
  }

  advance(): void {
    this.endingInBlank = this.nextInBlank;
    this.endingInSymbol = this.nextInSymbol;
    this.nextInBlank = this.nextInSymbol = -Infinity;
  }
}

function indicesOf(prefix: Prefix): number[] {
  const indices: number[] = [];
  for (let at = prefix; at.parent; at = at.parent) indices.push(at.symbol);
  return indices.reverse();
}

/** A prefix for the next beam: one that stays, or `parent` with `symbol` appended. */
interface Candidate {
  readonly prefix: Prefix | undefined;
  readonly parent: Prefix;
  readonly symbol: number;
  readonly logProbability: number;
}

function nextBeam(
  beam: readonly Prefix[],
  row: Float64Array,
  blank: number,
  beamWidth: number,
  score: CtcBeamOptions['score'],
): Prefix[] {
  const candidates: Candidate[] = [];
  for (const prefix of beam) {
    const { total, endingInBlank, symbol: last } = prefix;
    const indices = score ? indicesOf(prefix) : [];
    prefix.nextInBlank = logAdd(prefix.nextInBlank, total + row[blank]!);
    if (prefix.parent)
      prefix.nextInSymbol = logAdd(prefix.nextInSymbol, prefix.endingInSymbol + row[last]!);
    for (let symbol = 0; symbol < row.length; symbol++) {
      if (symbol === blank) continue;
      // A symbol that repeats the last one is a new one only after a blank.
      const before = prefix.parent && symbol === last ? endingInBlank : total;
      const logProbability = before + row[symbol]! + (score ? score(indices, symbol) : 0);
      if (logProbability === -Infinity) continue;
      if (!(logProbability < Infinity))
        throw new NonFiniteError(
          `ctcBeamDecode: expected score to give a number below ∞, got ${score?.(indices, symbol) ?? 0}`,
        );
      const child = prefix.children.get(symbol);
      if (child?.isKept) child.nextInSymbol = logAdd(child.nextInSymbol, logProbability);
      else candidates.push({ prefix: undefined, parent: prefix, symbol, logProbability });
    }
  }
  for (const prefix of beam) {
    prefix.isKept = false;
    prefix.advance();
    const logProbability = prefix.total;
    candidates.push({ prefix, parent: prefix, symbol: prefix.symbol, logProbability });
  }
  candidates.sort((a, b) => b.logProbability - a.logProbability);
  return candidates.slice(0, beamWidth).map(keep);
}

function keep({ prefix, parent, symbol, logProbability }: Candidate): Prefix {
  let kept = prefix ?? parent.children.get(symbol);
  if (!kept) parent.children.set(symbol, (kept = new Prefix(parent, symbol)));
  if (!prefix) {
    kept.endingInBlank = -Infinity;
    kept.endingInSymbol = logProbability;
  }
  kept.isKept = true;
  return kept;
}
