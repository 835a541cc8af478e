import type { NumberArray } from '../ndarray.js';
import { logSumExp } from '../ops/reduce.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  classAt,
  classLossOptions,
  toClassTargets,
  type ClassLossOptions,
  type ClassTargets,
} from './classTargets.js';
import { applyLoss, type LossLoops } from './reduction.js';
import { softmaxRows, type SoftmaxRows } from './softmaxRows.js';

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** ε from 0 to 1: how much of each target is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy between softmax of logits x and class indices y, in nats:
 *
 *     ℓ = −Σ_c q_c ln softmax(x)_c        q_c = w_c · ((1 − ε)·[c = y] + ε/C)
 *
 * ε is `labelSmoothing`, w `weight`. The mean divides by Σ w_y, by the number of targets where there are no weights.
 * Unlike PyTorch, the classes are always the last axis, so a whole sequence goes in as it comes out:
 * logits `[…, C]`, targets `[…]` (int32), losses `[…]`.
 *
 * @throws ShapeError if targets do not have the logits' leading dimensions, VocabularyError for a target outside
 * 0 … C−1 that is neither masked nor `ignoreIndex`, OptionError for a mean over no target
 * Label smoothing: C. Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  checkOptions('crossEntropy', options, {
    ...classLossOptions,
    labelSmoothing: optional(is.probability),
  });
  const classTargets = toClassTargets('crossEntropy', logits, targets, options);
  const smoothing = options.labelSmoothing ?? 0;
  return applyLoss(
    'crossEntropy',
    [logits],
    classTargets.positions,
    ([x]) => crossEntropyLoops(x.data, classTargets, smoothing),
    options,
  );
}

/** With n = ln Σ eˣ and Q = Σ q: ℓ = Q·n − Σ q·x, ∂ℓ/∂x_c = Q·e^(x_c − n) − q_c. */
function crossEntropyLoops(x: NumberArray, given: ClassTargets, smoothing: number): LossLoops {
  const { classes, weight, targets } = given;
  const rows = targets.length;
  const smooth = smoothing > 0 ? spread(weight, classes, smoothing) : undefined;
  const certain = 1 - smoothing;
  const normalisers = new Float64Array(rows);
  let fast: SoftmaxRows | undefined;
  return {
    forward: (losses, step, counted) => {
      let divisor = 0;
      fast = softmaxRows(x, rows, classes);
      for (let row = 0, from = 0; row < rows; row++, from += classes) {
        const target = classAt('crossEntropy', given, row, counted);
        if (target < 0) continue;
        const w = weight ? weight[target]! : 1;
        divisor += w;
        const normaliser = fast ? fast.normalisers[row]! : logSumExp(x, from, from + classes);
        normalisers[row] = normaliser;
        let loss = certain * w * (normaliser - x[from + target]!);
        if (smooth)
          for (let c = 0; c < classes; c++) loss += smooth.shares[c]! * (normaliser - x[from + c]!);
        losses[row * step]! += loss;
      }
      return divisor;
    },
    backward: ([gradient], adjoints, step, counted) => {
      if (!gradient) return;
      const gx = gradient.data;
      for (let row = 0, from = 0; row < rows; row++, from += classes) {
        const target = classAt('crossEntropy', given, row, counted);
        if (target < 0) continue;
        const a = adjoints[row * step]!;
        const peak = a * certain * (weight ? weight[target]! : 1);
        const whole = peak + a * (smooth ? smooth.total : 0);
        const normaliser = normalisers[row]!;
        const end = from + classes;
        if (fast) for (let i = from; i < end; i++) gx[i]! += whole * fast.probabilities[i]!;
        else for (let i = from; i < end; i++) gx[i]! += whole * Math.exp(x[i]! - normaliser);
        gx[from + target]! -= peak;
        if (smooth) for (let c = 0; c < classes; c++) gx[from + c]! -= a * smooth.shares[c]!;
      }
    },
  };
}

/** The part of q that is the same for every target: ε·w_c/C, and its sum. */
function spread(weight: NumberArray | undefined, classes: number, smoothing: number) {
  const shares = Float64Array.from(
    { length: classes },
    (_, c) => (smoothing / classes) * (weight ? weight[c]! : 1),
  );
  return { shares, total: shares.reduce((sum, share) => sum + share, 0) };
}
