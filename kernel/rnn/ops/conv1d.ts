import { ShapeError } from '../errors.js';
import { gemm } from '../gemm.js';
import { createNumbers, dtypeOf, showShape, type NumberArray, type Shape } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface Conv1dAttributes {
  stride: number;
  /** Zeros before and behind the input. */
  padding: readonly [number, number];
  /** Distance between the inputs that neighbouring weights read. */
  dilation: number;
  /** Channels fall into so many groups that do not see each other. */
  groups: number;
}

/**
 * One-dimensional cross-correlation, as in PyTorch: x `[B, C, L]`, weight `[D, C/groups, K]`, bias `[D]` (may be left
 * out) → y `[B, D, L′]` with L′ = ⌊(L + padding − dilation·(K − 1) − 1) / stride⌋ + 1:
 *
 *     y[b, d, l] = bias[d] + Σ_c Σ_k weight[d, c, k] · x[b, c, l·stride + k·dilation − padding₀]
 *
 * The windows of a sequence are laid out as columns of a matrix `[C/groups·K, L′]`, so that its product with the
 * weight is the result.
 */
export const conv1d: Rule<Conv1dAttributes> = {
  shape: ([x, weight, bias], attributes) => {
    checkShapes(x!, weight!, bias, attributes.groups);
    const { stride, padding, dilation } = attributes;
    const reach = dilation * (weight![2]! - 1) + 1;
    const padded = x![2]! + padding[0] + padding[1];
    if (padded < reach)
      throw new ShapeError(
        `conv1d: input is ${showShape(x!)}, expected a length of at least ${reach} with its padding, got ${padded}`,
      );
    return [x![0]!, weight![0]!, Math.floor((padded - reach) / stride) + 1];
  },
  forward: (out, [x, weight, bias], attributes) => {
    const layout = layoutOf(x!.shape, weight!.shape, out.shape, attributes);
    const { depth, outLength, outputs } = layout;
    const windows = createNumbers(dtypeOf(x!.data), depth * outLength);
    out.data.fill(0);
    eachGroup(layout, ({ input, output, kernel, channel }) => {
      copyWindows(windows, x!.data, input, layout, attributes);
      const y = out.data.subarray(output, output + outputs * outLength);
      if (bias)
        for (let o = 0; o < outputs; o++)
          y.fill(bias.data[channel + o]!, o * outLength, (o + 1) * outLength);
      const w = weight!.data.subarray(kernel, kernel + outputs * depth);
      gemm(y, w, depth, 1, windows, outLength, 1, outputs, outLength, depth);
    });
  },
  backward: ([gx, gw, gb], adjoint, [x, weight], output, attributes) => {
    const layout = layoutOf(x!.shape, weight!.shape, output.shape, attributes);
    const { depth, outLength, outputs } = layout;
    const windows = createNumbers(dtypeOf(x!.data), depth * outLength);
    eachGroup(layout, ({ input, output: at, kernel, channel }) => {
      const g = adjoint.data.subarray(at, at + outputs * outLength);
      if (gb)
        for (let i = 0; i < g.length; i++) gb.data[channel + Math.floor(i / outLength)]! += g[i]!;
      if (gw) {
        copyWindows(windows, x!.data, input, layout, attributes);
        const target = gw.data.subarray(kernel, kernel + outputs * depth);
        gemm(target, g, outLength, 1, windows, 1, outLength, outputs, depth, outLength);
      }
      if (gx) {
        const w = weight!.data.subarray(kernel, kernel + outputs * depth);
        windows.fill(0);
        gemm(windows, w, 1, depth, g, outLength, 1, depth, outLength, outputs);
        addWindows(gx.data, input, windows, layout, attributes);
      }
    });
  },
  equation: ([x, weight, bias]) => `${weight!} ∗ ${x!}${bias === undefined ? '' : ` + ${bias}`}`,
};

function checkShapes(x: Shape, weight: Shape, bias: Shape | undefined, groups: number): void {
  const fits =
    x.length === 3 &&
    weight.length === 3 &&
    x[1] === weight[1]! * groups &&
    weight[0]! % groups === 0 &&
    !weight.includes(0);
  if (!fits)
    throw new ShapeError(
      `conv1d: input is ${showShape(x)}, expected [B, C, L] for weight [D, C/groups, K] = ${showShape(weight)} in ${groups} groups`,
    );
  if (bias && (bias.length !== 1 || bias[0] !== weight[0]))
    throw new ShapeError(`conv1d: bias is ${showShape(bias)}, expected [${weight[0]!}]`);
}

/** The extents of a convolution. */
interface Layout {
  batchSize: number;
  groups: number;
  length: number;
  outLength: number;
  kernelSize: number;
  /** Channels of a group: read and written. */
  inputs: number;
  outputs: number;
  /** inputs · kernelSize */
  depth: number;
}

function layoutOf(x: Shape, weight: Shape, out: Shape, { groups }: Conv1dAttributes): Layout {
  const [inputs, kernelSize] = [weight[1]!, weight[2]!];
  return {
    batchSize: x[0]!,
    groups,
    length: x[2]!,
    outLength: out[2]!,
    kernelSize,
    inputs,
    outputs: weight[0]! / groups,
    depth: inputs * kernelSize,
  };
}

/** Visits each group of each sequence with the offsets of its input, output, weights and first output channel. */
function eachGroup(
  { batchSize, groups, length, outLength, inputs, outputs, depth }: Layout,
  visit: (at: { input: number; output: number; kernel: number; channel: number }) => void,
): void {
  for (let b = 0; b < batchSize; b++)
    for (let g = 0; g < groups; g++) {
      const part = b * groups + g;
      visit({
        input: part * inputs * length,
        output: part * outputs * outLength,
        kernel: g * outputs * depth,
        channel: g * outputs,
      });
    }
}

/** windows[c·K + k, l] = x[c, l·stride + k·dilation − padding₀], zero outside. */
function copyWindows(
  windows: NumberArray,
  x: NumberArray,
  input: number,
  { inputs, kernelSize, length, outLength }: Layout,
  { stride, padding, dilation }: Conv1dAttributes,
): void {
  for (let c = 0, i = 0; c < inputs; c++)
    for (let k = 0; k < kernelSize; k++)
      for (let l = 0, at = k * dilation - padding[0]; l < outLength; l++, at += stride)
        windows[i++] = at >= 0 && at < length ? x[input + c * length + at]! : 0;
}

/** The adjoint of `copyWindows`. */
function addWindows(
  gx: NumberArray,
  input: number,
  windows: NumberArray,
  { inputs, kernelSize, length, outLength }: Layout,
  { stride, padding, dilation }: Conv1dAttributes,
): void {
  for (let c = 0, i = 0; c < inputs; c++)
    for (let k = 0; k < kernelSize; k++)
      for (let l = 0, at = k * dilation - padding[0]; l < outLength; l++, i++, at += stride)
        if (at >= 0 && at < length) gx[input + c * length + at]! += windows[i]!;
}
