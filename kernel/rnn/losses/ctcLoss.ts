import { OptionError, ShapeError } from '../errors.js';
import { showShape, type NdArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { alignBackward, alignForward, type CtcAlignment } from './ctcAlignment.js';
import { checkLabels, lengthsOption, toLabels, toLengths, type Lengths } from './ctcTargets.js';
import { applyLoss, lossOptions, type LossLoops, type Reduction } from './reduction.js';

/** Options of `ctcLoss`. */
export interface CtcLossOptions {
  /** Valid time steps of each sequence, in any order. Default: T each. */
  inputLengths?: Lengths;
  /** Valid labels of each target. Default: all there are. */
  targetLengths?: Lengths;
  /** The class that stands for no label. Default 0. */
  blank?: number;
  /** `'mean'`: of each sequence's loss over its number of labels (at least 1). Default `'mean'`. */
  reduction?: Reduction;
  /** A target that no alignment reaches gives loss 0 and gradient 0 instead of infinity. Default false. */
  zeroInfinity?: boolean;
}

/**
 * Connectionist temporal classification: −ln of the probability of all alignments of T time steps that, with
 * repeats joined and then blanks taken out, read as the target.
 *
 * Softmax is part of the loss: logits are `[T, B, C]`, losses `[B]`. Targets are `[B, S]` (int32, padded, with
 * `targetLengths`) or an array of B arrays of labels; empty ones are legal. A target needs as many time steps as it
 * has labels and pairs of equal neighbours; with fewer the loss is infinite and its gradient NaN, unless
 * `zeroInfinity`. Time steps beyond `inputLengths` are not read and have gradient 0. Log-probabilities instead of
 * logits give the same loss and PyTorch's gradient.
 *
 * @throws ShapeError if a shape or a number of lengths does not fit, VocabularyError for a label that is the blank
 * or outside 0 … C−1, OptionError for a length out of range
 * Source: A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification", ICML 2006.
 */
export function ctcLoss(
  logits: Tensor,
  targets: Tensor | readonly (readonly number[])[],
  options: CtcLossOptions = {},
): Tensor {
  checkOptions('ctcLoss', options, {
    reduction: lossOptions.reduction,
    zeroInfinity: optional(is.boolean),
    blank: optional(is.integer),
    inputLengths: lengthsOption,
    targetLengths: lengthsOption,
  });
  if (logits.shape.length !== 3 || logits.dtype === 'int32')
    throw new ShapeError(
      `ctcLoss: logits are ${showShape(logits.shape)} ${logits.dtype}, expected floating point [T, B, C]`,
    );
  const [timeSteps, batchSize, classes] = logits.shape as [number, number, number];
  const { blank = 0, reduction = 'mean' } = options;
  if (blank < 0 || blank >= classes)
    throw new OptionError(`ctcLoss: blank must be a class from 0 to ${classes - 1}, got ${blank}`);
  const labels = toLabels('ctcLoss', targets, batchSize, options.targetLengths);
  checkLabels('ctcLoss', labels, classes, blank);
  const most = new Array<number>(batchSize).fill(timeSteps);
  const steps = toLengths('ctcLoss', 'inputLengths', options.inputLengths ?? most, most);
  return applyLoss(
    'ctcLoss',
    [logits],
    [batchSize],
    ([x]) => ctcLoops(x, labels, steps, { ...options, blank }),
    { reduction },
  );
}

function ctcLoops(
  logits: NdArray,
  labels: readonly (readonly number[])[],
  steps: readonly number[],
  { blank, reduction = 'mean', zeroInfinity = false }: CtcLossOptions & { blank: number },
): LossLoops {
  const [timeSteps, batchSize, classes] = logits.shape as [number, number, number];
  const normalisers = new Float64Array(timeSteps * batchSize);
  const scores = { logits: logits.data, batchSize, classes, blank, normalisers };
  const share = (b: number): number =>
    reduction === 'mean' ? 1 / Math.max(1, labels[b]!.length) : 1;
  const isPassedOver = ({ logLikelihood }: CtcAlignment): boolean =>
    zeroInfinity && logLikelihood === -Infinity;
  let alignments: CtcAlignment[] = [];
  return {
    forward: (losses, step) => {
      alignments = labels.map((sequence, b) => alignForward(scores, b, steps[b]!, sequence));
      alignments.forEach((alignment, b) => {
        if (!isPassedOver(alignment)) losses[b * step]! -= alignment.logLikelihood * share(b);
      });
      return batchSize;
    },
    backward: ([gradient], adjoints, step) => {
      if (!gradient) return;
      alignments.forEach((alignment, b) => {
        if (!isPassedOver(alignment))
          alignBackward(gradient.data, scores, alignment, adjoints[b * step]! * share(b));
      });
    },
  };
}
