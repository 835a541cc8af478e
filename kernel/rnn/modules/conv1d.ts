import { uniformInitializer } from '../cell/defineCell.js';
import { OptionError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import type { Conv1dAttributes } from '../ops/conv1d.js';
import { checkOptions, is, optional } from '../options.js';
import { applyOp, type Parameter, type Tensor } from '../tensor.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

/** Options of `Conv1d`. */
export interface Conv1dOptions {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Weights along time, k. */
  kernelSize: number;
  /** Default 1. */
  stride?: number;
  /** Zeros on each side, or `'same'`: as many as keep the length (needs stride 1). Default 0. */
  padding?: number | 'same';
  /** Distance between the inputs that neighbouring weights read. Default 1. */
  dilation?: number;
  /** Channels fall into so many groups that do not see each other. Default 1. */
  groups?: number;
  /** Default true. */
  bias?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/**
 * Convolution over time: x `[B, inChannels, L]` → y `[B, outChannels, L′]`, channels before time as in PyTorch (a
 * sequence `[T, B, F]` comes in as `x.permute([1, 2, 0])`):
 *
 *     y[b, o, t] = bias[o] + Σ_c Σ_j weight[o, c, j] · x[b, c, stride·t + dilation·j − padding]
 *
 * with L′ = ⌊(L + 2·padding − dilation·(k − 1) − 1) / stride⌋ + 1, as PyTorch's `nn.Conv1d`.
 *
 * `weight` is `[outChannels, inChannels/groups, kernelSize]`; weight and bias start as U(−1/√n, 1/√n) with
 * n = inChannels/groups · kernelSize.
 */
export class Conv1d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #attributes: Conv1dAttributes;

  constructor(options: Conv1dOptions) {
    super();
    checkOptions('Conv1d', options, {
      inChannels: is.positiveInteger,
      outChannels: is.positiveInteger,
      kernelSize: is.positiveInteger,
      stride: optional(is.positiveInteger),
      padding: optional((value) =>
        value === 'same' || (is.integer(value) ?? is.nonNegative(value)) === undefined
          ? undefined
          : `an integer that is zero or more, or "same"`,
      ),
      dilation: optional(is.positiveInteger),
      groups: optional(is.positiveInteger),
      bias: optional(is.boolean),
      dtype: floatType,
    });
    const { inChannels, outChannels, kernelSize, dtype = 'float32' } = options;
    this.#attributes = toAttributes(options);
    const { groups } = this.#attributes;
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new OptionError(
        `Conv1d: inChannels ${inChannels} and outChannels ${outChannels} must divide into ${groups} groups`,
      );
    const inputs = inChannels / groups;
    const initialize = uniformInitializer(inputs * kernelSize);
    this.weight = createParameter([outChannels, inputs, kernelSize], dtype, initialize);
    this.bias =
      options.bias === false ? undefined : createParameter([outChannels], dtype, initialize);
  }

  /** @throws ShapeError unless the input is [B, inChannels, L] and long enough */
  override forward(input: Tensor): Tensor {
    const channels = this.weight.shape[1]! * this.#attributes.groups;
    if (input.shape.length !== 3 || input.shape[1] !== channels)
      throw new ShapeError(
        `Conv1d.forward: input is ${showShape(input.shape)}, expected [B, inChannels, L] with inChannels = ${channels}`,
      );
    const operands = this.bias ? [input, this.weight, this.bias] : [input, this.weight];
    return applyOp('conv1d', operands, this.#attributes);
  }
}

function toAttributes(options: Conv1dOptions): Conv1dAttributes {
  const { kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  if (padding !== 'same') return { stride, padding: [padding, padding], dilation, groups };
  if (stride !== 1) throw new OptionError(`Conv1d: padding "same" needs stride 1, got ${stride}`);
  const total = dilation * (kernelSize - 1);
  const before = Math.floor(total / 2);
  return { stride, padding: [before, total - before], dilation, groups };
}
