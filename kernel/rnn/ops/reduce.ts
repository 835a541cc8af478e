import { ShapeError } from '../errors.js';
import { forEachRun, resolveAxis, showShape, type NdArray, type Shape } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface ReduceAttributes {
  /** Axes to go over; all where left out. */
  axes?: readonly number[];
  /** Leave these axes in place with extent 1. */
  keepDims?: boolean;
}

/** Sum over some axes. */
export const sum: Rule<ReduceAttributes> = {
  shape: ([x], attributes) => reducedShape('sum', x!, attributes),
  forward: (out, [x], { axes }) => {
    const kept = keptShape('sum', x!.shape, axes);
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
    forEachRun(x!.shape, x!.shape, keptShape('sum', x!.shape, axes), ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB) to[i]! += g[o]!;
    });
  },
  equation: ([x]) => `Σ ${x!}`,
};

/**
 * The largest number over some axes, NaN where one is. Backward: the adjoint goes to the largest, in equal parts where
 * several are.
 */
export const max: Rule<ReduceAttributes> = {
  shape: ([x], attributes) => {
    const shape = reducedShape('max', x!, attributes);
    if (x!.includes(0)) throw new ShapeError(`max: there is no number in ${showShape(x!)}`);
    return shape;
  },
  forward: (out, [x], { axes }) => {
    const [from, to] = [x!.data, out.data];
    const seen = new Uint8Array(to.length);
    forEachRun(x!.shape, x!.shape, keptShape('max', x!.shape, axes), ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB) {
        const value = from[i]!;
        if (seen[o] === 0 || value > to[o]! || Number.isNaN(value)) to[o] = value;
        seen[o] = 1;
      }
    });
  },
  backward: ([gx], { data: g }, [x], { data: largest }, { axes }) => {
    if (!gx) return;
    const [from, to] = [x!.data, gx.data];
    const kept = keptShape('max', x!.shape, axes);
    const counts = new Uint32Array(largest.length);
    forEachRun(x!.shape, x!.shape, kept, ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB)
        if (from[i] === largest[o]) counts[o]!++;
    });
    forEachRun(x!.shape, x!.shape, kept, ({ at, count, b, stepB }) => {
      for (let i = at, o = b; i < at + count; i++, o += stepB)
        if (from[i] === largest[o]) to[i]! += g[o]! / counts[o]!;
    });
  },
  equation: ([x]) => `max ${x!}`,
};

function reducedShape(owner: string, x: Shape, { axes, keepDims }: ReduceAttributes): number[] {
  const kept = keptShape(owner, x, axes);
  return keepDims ? kept : kept.filter((_, axis) => !isReduced(owner, x, axes, axis));
}

function isReduced(owner: string, x: Shape, axes: readonly number[] | undefined, axis: number) {
  return axes === undefined || axes.some((one) => resolveAxis(owner, one, x) === axis);
}

function keptShape(owner: string, x: Shape, axes: readonly number[] | undefined): number[] {
  axes?.forEach((axis) => resolveAxis(owner, axis, x));
  return x.map((extent, axis) => (isReduced(owner, x, axes, axis) ? 1 : extent));
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
