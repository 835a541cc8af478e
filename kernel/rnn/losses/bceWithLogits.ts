import { ShapeError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { checkOptions, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  applyLoss,
  checkAlike,
  countPositions,
  isTensor,
  lossOptions,
  type LossOptions,
} from './reduction.js';

/** Options of `bceWithLogits`. */
export interface BceWithLogitsOptions extends LossOptions {
  /** p: how much more a positive target counts, one for each index of the last axis `[C]`. Default: 1 each. */
  posWeight?: Tensor;
}

/**
 * Binary cross-entropy between logits x and targets y in [0, 1], elementwise, in nats:
 *
 *     ℓ = −p·y·ln σ(x) − (1 − y)·ln(1 − σ(x)) = (1 − y)·x + (1 + (p − 1)·y)·ln(1 + e⁻ˣ)
 *
 * The logarithm is computed as max(−x, 0) + ln(1 + e^(−|x|)), which neither overflows nor loses small values.
 * Logits and targets have one shape and one floating-point type.
 *
 * @throws ShapeError if shapes differ or posWeight is not one number for each index of the last axis
 */
export function bceWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BceWithLogitsOptions = {},
): Tensor {
  checkOptions('bceWithLogits', options, { ...lossOptions, posWeight: optional(isTensor) });
  checkAlike('bceWithLogits', 'logits', logits, 'targets', targets);
  const { posWeight } = options;
  const classes = logits.shape.at(-1) ?? 1;
  if (posWeight && !sameShape(posWeight.shape, [classes]))
    throw new ShapeError(
      `bceWithLogits: posWeight is ${showShape(posWeight.shape)}, expected [${classes}] for logits ${showShape(logits.shape)}`,
    );
  const extra = posWeight?.data;
  return applyLoss(
    'bceWithLogits',
    [logits, targets],
    logits.shape,
    ([{ data: x }, { data: y }]) => ({
      forward: (losses, step, counted) => {
        for (let i = 0; i < x.length; i++) {
          if (counted?.[i] === 0) continue;
          const factor = extra ? 1 + (extra[i % classes]! - 1) * y[i]! : 1;
          losses[i * step]! += (1 - y[i]!) * x[i]! + factor * softplusOfNegative(x[i]!);
        }
        return countPositions(x.length, counted);
      },
      backward: ([gx, gy], adjoints, step, counted) => {
        for (let i = 0; i < x.length; i++) {
          if (counted?.[i] === 0) continue;
          const a = adjoints[i * step]!;
          const more = extra ? extra[i % classes]! - 1 : 0;
          if (gx) gx.data[i]! += a * (1 - y[i]! - (1 + more * y[i]!) * sigmoidOfNegative(x[i]!));
          if (gy) gy.data[i]! += a * (more * softplusOfNegative(x[i]!) - x[i]!);
        }
      },
    }),
    options,
  );
}

/** ln(1 + e⁻ˣ) */
const softplusOfNegative = (x: number): number =>
  (x < 0 ? -x : 0) + Math.log1p(Math.exp(x < 0 ? x : -x));

/** 1 / (1 + eˣ) */
function sigmoidOfNegative(x: number): number {
  const e = Math.exp(x < 0 ? x : -x);
  return x < 0 ? 1 / (1 + e) : e / (1 + e);
}
