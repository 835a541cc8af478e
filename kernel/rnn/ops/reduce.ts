import { forEachRun, resolveAxis, type NdArray, type Shape } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface SumAttributes {
  /** Axes to sum over; all where left out. */
  axes?: readonly number[];
  /** Leave summed axes in place with extent 1. */
  keepDims?: boolean;
}

/** Sum over some axes. */
export const sum: Rule<SumAttributes> = {
  shape: ([x], { axes, keepDims }) => {
    const kept = keptShape(x!, axes);
    return keepDims ? kept : kept.filter((_, axis) => !isSummed(x!, axes, axis));
  },
  forward: (out, [x], { axes }) => {
    const kept = keptShape(x!.shape, axes);
    const sums = new Float64Array(out.data.length);
    const from = x!.data;
    forEachRun(x!.shape, x!.shape, kept, ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB) sums[o]! += from[i]!;
    });
    out.data.set(sums);
  },
  backward: ([gx], adjoint, [x], _output, { axes }) => {
    if (!gx) return;
    const [to, g] = [gx.data, adjoint.data];
    forEachRun(x!.shape, x!.shape, keptShape(x!.shape, axes), ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB) to[i]! += g[o]!;
    });
  },
  equation: ([x]) => `Σ ${x!}`,
};

function isSummed(x: Shape, axes: readonly number[] | undefined, axis: number): boolean {
  return axes === undefined || axes.some((one) => resolveAxis('sum', one, x) === axis);
}

function keptShape(x: Shape, axes: readonly number[] | undefined): number[] {
  axes?.forEach((axis) => resolveAxis('sum', axis, x));
  return x.map((extent, axis) => (isSummed(x, axes, axis) ? 1 : extent));
}

/**
 * Softmax over the last axis, yᵢ = e^(xᵢ−m) / Σⱼ e^(xⱼ−m) with m = max x, and its logarithm.
 * Backward: gx = y ⊙ (g − Σ g⊙y), and gx = g − softmax(x)·Σ g.
 */
export const softmax: Rule<Readonly<Record<string, never>>> = {
  shape: ([x]) => [...x!],
  forward: (out, [x]) =>
    eachRow(x!, (from, to) => {
      const normaliser = logSumExp(x!.data, from, to);
      for (let i = from; i < to; i++) out.data[i] = Math.exp(x!.data[i]! - normaliser);
    }),
  backward: ([gx], adjoint, [x], output) => {
    if (!gx) return;
    eachRow(x!, (from, to) => {
      let dot = 0;
      for (let i = from; i < to; i++) dot += adjoint.data[i]! * output.data[i]!;
      for (let i = from; i < to; i++) gx.data[i]! += output.data[i]! * (adjoint.data[i]! - dot);
    });
  },
  equation: ([x]) => `softmax(${x!})`,
};

export const logSoftmax: Rule<Readonly<Record<string, never>>> = {
  shape: ([x]) => [...x!],
  forward: (out, [x]) =>
    eachRow(x!, (from, to) => {
      const normaliser = logSumExp(x!.data, from, to);
      for (let i = from; i < to; i++) out.data[i] = x!.data[i]! - normaliser;
    }),
  backward: ([gx], adjoint, [x], output) => {
    if (!gx) return;
    eachRow(x!, (from, to) => {
      let total = 0;
      for (let i = from; i < to; i++) total += adjoint.data[i]!;
      for (let i = from; i < to; i++)
        gx.data[i]! += adjoint.data[i]! - Math.exp(output.data[i]!) * total;
    });
  },
  equation: ([x]) => `logSoftmax(${x!})`,
};

export function eachRow(x: NdArray, visit: (from: number, to: number, row: number) => void): void {
  const width = x.shape.at(-1) ?? 1;
  for (let from = 0, row = 0; from < x.data.length; from += width, row++)
    visit(from, from + width, row);
}

/** ln Σ eˣ over x[from, to), shifted by the maximum so that it neither overflows nor underflows. */
export function logSumExp(x: ArrayLike<number>, from: number, to: number): number {
  let max = -Infinity;
  for (let i = from; i < to; i++) if (x[i]! > max) max = x[i]!;
  const shift = max === -Infinity ? 0 : max;
  let total = 0;
  for (let i = from; i < to; i++) total += Math.exp(x[i]! - shift);
  return shift + Math.log(total);
}
