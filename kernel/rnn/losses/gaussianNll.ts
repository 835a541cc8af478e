import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  applyLoss,
  checkAlike,
  checkFloats,
  countPositions,
  lossOptions,
  type LossOptions,
} from './reduction.js';

/** Options of `gaussianNll`. */
export interface GaussianNllOptions extends LossOptions {
  /** Include the constant ½ ln 2π. Default false. */
  full?: boolean;
  /** The least variance ε. Default 1e-6. */
  eps?: number;
}

/**
 * Negative log-likelihood of targets y under normal distributions with mean μ and variance v, elementwise:
 *
 *     ℓ = ½ (ln v + (μ − y)² / v)  [+ ½ ln 2π with full]        v = max(variance, ε)
 *
 * Mean and target have one shape `[…, F]`, the variance too, or `[…, 1]` for one variance over F. As in PyTorch, a
 * variance below ε gets the gradient that it would have at ε.
 *
 * @throws ShapeError if a shape does not fit, OptionError for a variance that is negative or not a number
 * Source: D. A. Nix, A. S. Weigend, "Estimating the mean and variance of the target probability distribution",
 * ICNN 1994.
 */
export function gaussianNll(
  mean: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllOptions = {},
): Tensor {
  checkOptions('gaussianNll', options, {
    ...lossOptions,
    full: optional(is.boolean),
    eps: optional(is.positive),
  });
  checkAlike('gaussianNll', 'mean', mean, 'target', target);
  const shared = checkVariance(mean, variance);
  const { eps = 1e-6 } = options;
  const constant = options.full ? 0.5 * Math.log(2 * Math.PI) : 0;
  return applyLoss(
    'gaussianNll',
    [mean, target, variance],
    mean.shape,
    ([{ data: m }, { data: y }, { data: v }]) => ({
      forward: (losses, step, counted) => {
        for (let i = 0; i < m.length; i++) {
          if (counted?.[i] === 0) continue;
          const given = v[Math.floor(i / shared)]!;
          if (!(given >= 0))
            throw new OptionError(
              `gaussianNll: variance must hold numbers that are zero or more, got ${given}`,
            );
          const used = Math.max(given, eps);
          const d = m[i]! - y[i]!;
          losses[i * step]! += 0.5 * (Math.log(used) + (d * d) / used) + constant;
        }
        return countPositions(m.length, counted);
      },
      backward: ([gm, gy, gv], adjoints, step, counted) => {
        for (let i = 0; i < m.length; i++) {
          if (counted?.[i] === 0) continue;
          const k = Math.floor(i / shared);
          const used = Math.max(v[k]!, eps);
          const a = adjoints[i * step]!;
          const scaled = (m[i]! - y[i]!) / used;
          if (gm) gm.data[i]! += a * scaled;
          if (gy) gy.data[i]! -= a * scaled;
          if (gv) gv.data[k]! += 0.5 * a * (1 / used - scaled * scaled);
        }
      },
    }),
    options,
  );
}

/** How many neighbouring elements share one variance. */
function checkVariance(mean: Tensor, variance: Tensor): number {
  checkFloats('gaussianNll', 'variance', variance, 'mean', mean);
  if (sameShape(mean.shape, variance.shape)) return 1;
  if (mean.shape.length > 0 && sameShape(mean.shape.with(-1, 1), variance.shape))
    return mean.shape.at(-1)!;
  throw new ShapeError(
    `gaussianNll: variance is ${showShape(variance.shape)}, expected the shape of the mean ${showShape(mean.shape)}, or 1 in its last dimension`,
  );
}
