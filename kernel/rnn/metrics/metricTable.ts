import type { Tensor } from '../tensor.js';
import { bleu } from './bleu.js';
import { accuracy, auc, f1Score } from './classification.js';
import { characterErrorRate, editDistance, wordErrorRate } from './editDistance.js';
import { bitsPerCharacter, nrmse, perplexity } from './prediction.js';

/** What was predicted for a whole data set, as metrics take it. */
export interface Measured {
  /** The mean loss over all targets that count. */
  readonly loss: number;
  /** Sequences of symbols, as texts where there is a tokenizer. */
  readonly sequences: readonly SymbolPair[];
}

export interface SymbolPair {
  readonly predicted: string | readonly number[];
  readonly target: string | readonly number[];
}

/**
 * A measure of one's own, of everything that counts in the data.
 *
 * @param predictions the model's outputs: `[N, C]` where they have the classes as one more dimension than the targets,
 * else `[N]`
 * @param targets `[N]`
 */
export type MetricFunction = (
  predictions: Tensor,
  targets: Tensor,
  measured: Pick<Measured, 'loss'>,
) => number;

/** Predicted classes and those wanted. */
export interface ClassPairs {
  readonly predicted: readonly number[];
  readonly target: readonly number[];
}

interface Common {
  /** Which value of two is the better one. */
  readonly better: 'min' | 'max';
}

/** A metric, and what it has to be given. */
export type Metric =
  | (Common & { readonly of: 'loss'; measure(loss: number): number })
  | (Common & { readonly of: 'classes'; measure(pairs: ClassPairs): number })
  | (Common & { readonly of: 'sequences'; measure(pairs: readonly SymbolPair[]): number })
  | {
      readonly of: 'values';
      readonly better: 'min' | 'max' | undefined;
      readonly measure: MetricFunction;
    };

/**
 * - `accuracy`: share of targets predicted; `f1`: of class 1 where there are two classes, else the mean over classes
 * - `auc`: of a score per target, or of the second of two classes against the first; `nrmse`: 1 for who says the mean
 * - `perplexity`, `bitsPerCharacter`: of the mean loss in nats
 * - `bleu` (0 to 1), `editDistance` (mean per sequence), `wordErrorRate`, `characterErrorRate`: of sequences of symbols,
 *   or of texts where there is a tokenizer; a symbol then counts as word and as character
 */
export type MetricName =
  | 'accuracy'
  | 'auc'
  | 'bitsPerCharacter'
  | 'bleu'
  | 'characterErrorRate'
  | 'editDistance'
  | 'f1'
  | 'nrmse'
  | 'perplexity'
  | 'wordErrorRate';

const predictedOf = (pairs: readonly SymbolPair[]) => pairs.map(({ predicted }) => predicted);
const targetsOf = (pairs: readonly SymbolPair[]) => pairs.map(({ target }) => target);

export const metricTable: Readonly<Record<MetricName, Metric>> = {
  accuracy: {
    of: 'classes',
    better: 'max',
    measure: ({ predicted, target }) => accuracy(predicted, target),
  },
  f1: {
    of: 'classes',
    better: 'max',
    measure: ({ predicted, target }) => {
      const isBinary = [predicted, target].every((all) => all.every((one) => one <= 1));
      return f1Score(predicted, target, { average: isBinary ? 'binary' : 'macro' });
    },
  },
  auc: {
    of: 'values',
    better: 'max',
    measure: (scores, labels) =>
      auc(
        scores.shape.length === 1
          ? scores
          : Array.from(
              { length: labels.size },
              (_, i) => scores.data[2 * i + 1]! - scores.data[2 * i]!,
            ),
        labels,
      ),
  },
  nrmse: { of: 'values', better: 'min', measure: (predicted, target) => nrmse(predicted, target) },
  perplexity: { of: 'loss', better: 'min', measure: perplexity },
  bitsPerCharacter: { of: 'loss', better: 'min', measure: (nats) => bitsPerCharacter(nats) },
  bleu: {
    of: 'sequences',
    better: 'max',
    measure: (pairs) =>
      bleu(
        predictedOf(pairs),
        targetsOf(pairs).map((one) => [one]),
      ).score,
  },
  editDistance: {
    of: 'sequences',
    better: 'min',
    measure: (pairs) =>
      pairs.reduce((sum, { predicted, target }) => sum + editDistance(predicted, target), 0) /
      pairs.length,
  },
  wordErrorRate: {
    of: 'sequences',
    better: 'min',
    measure: (pairs) => wordErrorRate(predictedOf(pairs), targetsOf(pairs)),
  },
  characterErrorRate: {
    of: 'sequences',
    better: 'min',
    measure: (pairs) => characterErrorRate(predictedOf(pairs), targetsOf(pairs)),
  },
};
