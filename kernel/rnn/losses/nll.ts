import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  classAt,
  classLossOptions,
  toClassTargets,
  type ClassLossOptions,
} from './classTargets.js';
import { applyLoss } from './reduction.js';

/**
 * Negative log-likelihood of class indices y under log-probabilities x, ℓ = −w_y·x_y: what comes after
 * `logSoftmax`. The mean divides by Σ w_y. As in `crossEntropy`, the classes are the last axis: x `[…, C]`,
 * targets `[…]` (int32), losses `[…]`.
 *
 * @throws ShapeError if targets do not have the leading dimensions of x, VocabularyError for a target outside
 * 0 … C−1 that is neither masked nor `ignoreIndex`, OptionError for a mean over no target
 */
export function nll(
  logProbabilities: Tensor,
  targets: Tensor,
  options: ClassLossOptions = {},
): Tensor {
  checkOptions('nll', options, classLossOptions);
  const given = toClassTargets('nll', logProbabilities, targets, options);
  const { classes, weight, positions } = given;
  const rows = targets.size;
  return applyLoss(
    'nll',
    [logProbabilities],
    positions,
    ([{ data: x }]) => ({
      forward: (losses, step, counted) => {
        let divisor = 0;
        for (let row = 0; row < rows; row++) {
          const target = classAt('nll', given, row, counted);
          if (target < 0) continue;
          const w = weight ? weight[target]! : 1;
          divisor += w;
          losses[row * step]! -= w * x[row * classes + target]!;
        }
        return divisor;
      },
      backward: ([gx], adjoints, step, counted) => {
        if (!gx) return;
        for (let row = 0; row < rows; row++) {
          const target = classAt('nll', given, row, counted);
          if (target < 0) continue;
          const w = weight ? weight[target]! : 1;
          gx.data[row * classes + target]! -= w * adjoints[row * step]!;
        }
      },
    }),
    options,
  );
}
