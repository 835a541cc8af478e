import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape, type Shape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { applyOp, type Parameter, type Tensor } from '../tensor.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

/** Options of `LayerNorm`. */
export interface LayerNormOptions {
  /** The extent of the last axis, or the extents of the last axes, that are normalised together. */
  normalizedShape: number | Shape;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether there are a trained gain and bias. Default true. */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the gain. Default true. */
  bias?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/**
 * y = γ ⊙ (x − μ)/√(σ² + ε) + β, with mean μ and biased variance σ² over the last axes: x `[…, normalizedShape]` → y of
 * the same shape. `weight` (γ) starts at 1, `bias` (β) at 0; both have the normalised shape.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;

  constructor(options: LayerNormOptions) {
    super();
    checkOptions('LayerNorm', options, {
      normalizedShape: (value) =>
        [value].flat().every((extent) => is.positiveInteger(extent) === undefined)
          ? undefined
          : 'a positive integer or an array of them',
      eps: optional(is.positive),
      elementwiseAffine: optional(is.boolean),
      bias: optional(is.boolean),
      dtype: floatType,
    });
    const { normalizedShape, elementwiseAffine = true, bias = true, dtype = 'float32' } = options;
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    if (shape.length === 0)
      throw new OptionError('LayerNorm: normalizedShape must have at least one axis, got []');
    this.normalizedShape = shape;
    this.eps = options.eps ?? 1e-5;
    const filled = (value: number) =>
      createParameter(shape, dtype, (data) => {
        for (let i = 0; i < data.length; i++) data[i] = value;
      });
    this.weight = elementwiseAffine ? filled(1) : undefined;
    this.bias = elementwiseAffine && bias ? filled(0) : undefined;
  }

  /** @throws ShapeError unless the input's last axes are the normalised shape */
  override forward(input: Tensor): Tensor {
    const axes = this.normalizedShape.length;
    if (!sameShape(input.shape.slice(-axes), this.normalizedShape))
      throw new ShapeError(
        `LayerNorm.forward: input is ${showShape(input.shape)}, expected last axes normalizedShape = ${showShape(this.normalizedShape)}`,
      );
    const parameters = [this.weight, this.bias].filter((one) => one !== undefined);
    return applyOp('layerNorm', [input, ...parameters], { eps: this.eps, axes });
  }
}
