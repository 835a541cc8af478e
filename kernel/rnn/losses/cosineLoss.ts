import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape, type NumberArray } from '../ndarray.js';
import { checkOptions, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { applyLoss, checkAlike, isTensor, lossOptions, type LossOptions } from './reduction.js';

/** Options of `cosineLoss`. */
export interface CosineLossOptions extends LossOptions {
  /** `[…]`: 1 where two vectors should point the same way, -1 where they should not. Default: 1 each. */
  labels?: Tensor;
  /** From -1 to 1: vectors with label -1 may be this similar at no loss. Default 0. */
  margin?: number;
}

/**
 * How far vectors a and b along the last axis point apart:
 *
 *     ℓ = 1 − cos(a, b)    for label 1        ℓ = max(0, cos(a, b) − margin)    for label −1
 *     cos(a, b) = a·b / √((a·a + ε)(b·b + ε)),  ε = 10⁻¹²
 *
 * a and b are `[…, F]`, losses `[…]`. PyTorch's `cosine_embedding_loss`.
 *
 * @throws ShapeError if shapes differ, OptionError for a label that is neither 1 nor -1
 */
export function cosineLoss(a: Tensor, b: Tensor, options: CosineLossOptions = {}): Tensor {
  checkOptions('cosineLoss', options, {
    ...lossOptions,
    labels: optional(isTensor),
    margin: optional((value) =>
      typeof value === 'number' && Math.abs(value) <= 1 ? undefined : 'a number from -1 to 1',
    ),
  });
  checkAlike('cosineLoss', 'second', b, 'first', a);
  const positions = a.shape.slice(0, -1);
  const width = a.shape.at(-1);
  if (!width)
    throw new ShapeError(
      `cosineLoss: operands are ${showShape(a.shape)}, expected vectors along the last axis`,
    );
  const labels = checkLabels(options.labels, positions);
  const { margin = 0 } = options;
  const rows = a.size / width;
  return applyLoss(
    'cosineLoss',
    [a, b],
    positions,
    ([{ data: x }, { data: y }]) => ({
      forward: (losses, step, counted) => {
        let count = 0;
        for (let row = 0; row < rows; row++) {
          if (counted?.[row] === 0) continue;
          count++;
          const { cosine } = similarity(x, y, row * width, width);
          losses[row * step]! += labels?.[row] === -1 ? hinge(cosine - margin) : 1 - cosine;
        }
        return count;
      },
      backward: ([ga, gb], adjoints, step, counted) => {
        for (let row = 0; row < rows; row++) {
          if (counted?.[row] === 0) continue;
          const from = row * width;
          const { aa, bb, cosine } = similarity(x, y, from, width);
          const apart = labels?.[row] === -1;
          if (apart && cosine <= margin) continue;
          const g = apart ? adjoints[row * step]! : -adjoints[row * step]!;
          const root = Math.sqrt(aa) * Math.sqrt(bb);
          for (let i = from; i < from + width; i++) {
            if (ga) ga.data[i]! += g * (y[i]! / root - (cosine * x[i]!) / aa);
            if (gb) gb.data[i]! += g * (x[i]! / root - (cosine * y[i]!) / bb);
          }
        }
      },
    }),
    options,
  );
}

const epsilon = 1e-12;

/** Keeps NaN. */
const hinge = (x: number): number => (x < 0 ? 0 : x);

function similarity(a: NumberArray, b: NumberArray, from: number, width: number) {
  let aa = epsilon;
  let bb = epsilon;
  let ab = 0;
  for (let i = from; i < from + width; i++) {
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
    ab += a[i]! * b[i]!;
  }
  return { aa, bb, cosine: ab / (Math.sqrt(aa) * Math.sqrt(bb)) };
}

function checkLabels(
  labels: Tensor | undefined,
  positions: readonly number[],
): NumberArray | undefined {
  if (!labels) return undefined;
  if (!sameShape(labels.shape, positions))
    throw new ShapeError(
      `cosineLoss: labels are ${showShape(labels.shape)}, expected ${showShape(positions)}`,
    );
  const wrong = labels.data.find((label) => label !== 1 && label !== -1);
  if (wrong !== undefined)
    throw new OptionError(`cosineLoss: labels must be 1 or -1, got ${wrong}`);
  return labels.data;
}
