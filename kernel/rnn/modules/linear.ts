import { uniformInitializer } from '../cell/defineCell.js';
import { createNumbers, sizeOf, type Shape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { ParameterInitializer } from '../cell/program.js';
import { expectTensor, Parameter, type Tensor } from '../tensor.js';
import { findEngine } from '../wasm/engine.js';
import { Module } from './module.js';

export type FloatType = 'float32' | 'float64';

/** What `dtype` may be in any module. */
export const floatType = optional(is.oneOf('float32', 'float64'));

/** A parameter that starts as told; in the engine's memory where it can be. */
export function createParameter(
  shape: Shape,
  dtype: FloatType,
  initialize: ParameterInitializer,
): Parameter {
  const size = sizeOf(shape);
  const data = (dtype === 'float32' && findEngine()?.keep(size)) || createNumbers(dtype, size);
  initialize(data, dtype);
  return new Parameter(data, shape);
}

/** Options of `Linear`. */
export interface LinearOptions {
  /** Size of the input's last axis. */
  inFeatures: number;
  /** Size of the output's last axis. */
  outFeatures: number;
  /** Default true. */
  bias?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/**
 * y = x·Wᵀ + b, with x `[…, inFeatures]` → y `[…, outFeatures]`.
 * `weight` is `[outFeatures, inFeatures]`; weight and bias start as U(−1/√inFeatures, 1/√inFeatures), as PyTorch's
 * `nn.Linear`. `forward` throws a ShapeError where the last axis is not inFeatures.
 */
export class Linear extends Module {
  /** May be shared with an `Embedding` of the same shape: `head.weight = embedding.weight`. */
  weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(options: LinearOptions) {
    super();
    checkOptions('Linear', options, {
      inFeatures: is.positiveInteger,
      outFeatures: is.positiveInteger,
      bias: optional(is.boolean),
      dtype: floatType,
    });
    const { inFeatures, outFeatures, bias = true, dtype = 'float32' } = options;
    const initialize = uniformInitializer(inFeatures);
    this.weight = createParameter([outFeatures, inFeatures], dtype, initialize);
    this.bias = bias ? createParameter([outFeatures], dtype, initialize) : undefined;
  }

  /** @throws ShapeError unless the last dimension is inFeatures */
  override forward(input: Tensor): Tensor {
    expectTensor('Linear.forward', 'input', input);
    return input.linear(this.weight, this.bias);
  }
}
