import type { NumberArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  applyLoss,
  checkAlike,
  countPositions,
  lossOptions,
  type Counted,
  type LossLoopsOf,
  type LossOptions,
} from './reduction.js';

/** The loops of an elementwise loss of d = prediction − target: ℓ(d), and `g += a·ℓ′(d)`. */
interface Loops {
  forward: (
    losses: Float64Array,
    step: number,
    counted: Counted,
    x: NumberArray,
    y: NumberArray,
  ) => void;
  /** Adds to gx and subtracts from gy. */
  backward: (
    gx: NumberArray | undefined,
    gy: NumberArray | undefined,
    adjoints: NumberArray,
    step: number,
    counted: Counted,
    x: NumberArray,
    y: NumberArray,
  ) => void;
}

function differenceLoss(
  name: string,
  prediction: Tensor,
  target: Tensor,
  options: LossOptions,
  { forward, backward }: Loops,
): Tensor {
  checkAlike(name, 'prediction', prediction, 'target', target);
  const loopsOf: LossLoopsOf = ([{ data: x }, { data: y }]) => ({
    forward: (losses, step, counted) => {
      forward(losses, step, counted, x, y);
      return countPositions(x.length, counted);
    },
    backward: ([gx, gy], adjoints, step, counted) =>
      backward(gx?.data, gy?.data, adjoints, step, counted, x, y),
  });
  return applyLoss(name, [prediction, target], prediction.shape, loopsOf, options);
}

/**
 * Squared error ℓ = (x − y)², elementwise, of a prediction x and a target y of one shape.
 * @throws ShapeError unless both have one shape, DTypeError unless one floating-point type
 */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('mse', options, lossOptions);
  return differenceLoss('mse', prediction, target, options, squared);
}

const squared: Loops = {
  forward: (losses, step, counted, x, y) => {
    if (step === 0 && !counted) {
      losses[0]! += squaredDistance(x, y);
      return;
    }
    for (let i = 0; i < x.length; i++) {
      if (counted?.[i] === 0) continue;
      const d = x[i]! - y[i]!;
      losses[i * step]! += d * d;
    }
  },
  backward: (gx, gy, adjoints, step, counted, x, y) => {
    for (let i = 0; i < x.length; i++) {
      if (counted?.[i] === 0) continue;
      const g = 2 * (x[i]! - y[i]!) * adjoints[i * step]!;
      if (gx) gx[i]! += g;
      if (gy) gy[i]! -= g;
    }
  },
};

/** Σ (x − y)²: the most common loss of all, in a loop without questions. */
function squaredDistance(x: NumberArray, y: NumberArray): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const d = x[i]! - y[i]!;
    sum += d * d;
  }
  return sum;
}

/**
 * Absolute error ℓ = |x − y|, elementwise; its derivative at 0 is 0.
 * @throws ShapeError unless both have one shape, DTypeError unless one floating-point type
 */
export function l1(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('l1', options, lossOptions);
  return differenceLoss('l1', prediction, target, options, absolute);
}

const absolute: Loops = {
  forward: (losses, step, counted, x, y) => {
    for (let i = 0; i < x.length; i++)
      if (counted?.[i] !== 0) losses[i * step]! += Math.abs(x[i]! - y[i]!);
  },
  backward: (gx, gy, adjoints, step, counted, x, y) => {
    for (let i = 0; i < x.length; i++) {
      if (counted?.[i] === 0) continue;
      const g = Math.sign(x[i]! - y[i]!) * adjoints[i * step]!;
      if (gx) gx[i]! += g;
      if (gy) gy[i]! -= g;
    }
  },
};

/** Options of `huber`. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola goes over into lines, δ. Default 1. */
  delta?: number;
}

/**
 * Huber's loss, elementwise: ℓ = ½d² where |d| ≤ δ, else δ(|d| − ½δ), with d = x − y.
 *
 * @throws ShapeError unless both have one shape, DTypeError unless one floating-point type
 * Source: P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).
 */
export function huber(prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  checkOptions('huber', options, { ...lossOptions, delta: optional(is.positive) });
  return differenceLoss('huber', prediction, target, options, huberLoops(options.delta ?? 1));
}

const huberLoops = (delta: number): Loops => ({
  forward: (losses, step, counted, x, y) => {
    for (let i = 0; i < x.length; i++) {
      if (counted?.[i] === 0) continue;
      const d = Math.abs(x[i]! - y[i]!);
      losses[i * step]! += d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
    }
  },
  backward: (gx, gy, adjoints, step, counted, x, y) => {
    for (let i = 0; i < x.length; i++) {
      if (counted?.[i] === 0) continue;
      // Written so that a NaN stays one.
      const d = x[i]! - y[i]!;
      const g = (Math.abs(d) > delta ? Math.sign(d) * delta : d) * adjoints[i * step]!;
      if (gx) gx[i]! += g;
      if (gy) gy[i]! -= g;
    }
  },
});
