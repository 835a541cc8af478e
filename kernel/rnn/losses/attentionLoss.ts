import { sizeOf } from '../ndarray.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import {
  applyLoss,
  checkAlike,
  lossOptions,
  type LossLoops,
  type LossOptions,
} from './reduction.js';

/** Keeps ln α finite where attention has gone to 0. */
const least = 1e-5;

/**
 * How far attention α is from where it should be a, in nats: the cross-entropy of each row,
 *
 *     ℓ = −Σ_s a_s ln(α_s + 10⁻⁵)
 *
 * Attention and expected `[…, S]`, losses `[…]`. Rows of `expected` may sum to less than 1: then the rest of the
 * attention is free. The mean is over the rows that expect anything.
 *
 * Shows a decoder where to look while it learns, with what `IbmModel1.alignBatch` gives. Source: W. Chen, E. Matusov,
 * S. Khadivi, J.-T. Peter, "Guided alignment training for topic-aware neural machine translation", AMTA 2016,
 * https://arxiv.org/abs/1607.01628
 *
 * @throws ShapeError or DTypeError unless both have one shape and floating-point type
 */
export function attentionLoss(
  attention: Tensor,
  expected: Tensor,
  options: LossOptions = {},
): Tensor {
  checkOptions('attentionLoss', options, lossOptions);
  checkAlike('attentionLoss', 'expected', expected, 'attention', attention);
  const positions = attention.shape.slice(0, -1);
  const rows = sizeOf(positions);
  const width = attention.shape.at(-1)!;
  const wanted = expected.data;
  const isFree = (row: number): boolean =>
    !wanted.subarray(row * width, (row + 1) * width).some((value) => value > 0);
  return applyLoss(
    'attentionLoss',
    [attention],
    positions,
    ([{ data }]): LossLoops => ({
      forward: (losses, step, counted) => {
        let divisor = 0;
        for (let row = 0; row < rows; row++) {
          if (counted?.[row] === 0 || isFree(row)) continue;
          divisor++;
          for (let i = row * width; i < (row + 1) * width; i++)
            if (wanted[i]! > 0) losses[row * step]! -= wanted[i]! * Math.log(data[i]! + least);
        }
        return divisor;
      },
      backward: ([gradient], adjoints, step, counted) => {
        if (!gradient) return;
        for (let i = 0; i < data.length; i++) {
          const row = Math.floor(i / width);
          if (counted?.[row] === 0 || !(wanted[i]! > 0)) continue;
          gradient.data[i]! -= (adjoints[row * step]! * wanted[i]!) / (data[i]! + least);
        }
      },
    }),
    options,
  );
}
