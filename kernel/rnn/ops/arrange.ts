import { OptionError, ShapeError } from '../errors.js';
import { resolveAxis, showShape, sizeOf, type NdArray, type Shape } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface SliceAttributes {
  axis: number;
  start: number;
  end: number;
}

/** Elements [start, end) along one axis. */
export const slice: Rule<SliceAttributes> = {
  shape: ([x], { axis, start, end }) => {
    const at = resolveAxis('slice', axis, x!);
    const extent = x![at]!;
    if (!(
      Number.isInteger(start) &&
      Number.isInteger(end) &&
      0 <= start &&
      start < end &&
      end <= extent
    ))
      throw new ShapeError(
        `slice: range ${start} to ${end} does not lie in axis ${axis} of shape ${showShape(x!)}`,
      );
    return x!.with(at, end - start);
  },
  forward: (out, [x], { axis, start }) => {
    const { outer, part, whole, offset } = strip(x!.shape, out.shape, axis, start);
    for (let o = 0; o < outer; o++) {
      const from = o * whole + offset;
      for (let i = 0; i < part; i++) out.data[o * part + i] = x!.data[from + i]!;
    }
  },
  backward: ([gx], adjoint, [x], output, { axis, start }) => {
    if (!gx) return;
    const { outer, part, whole, offset } = strip(x!.shape, output.shape, axis, start);
    for (let o = 0; o < outer; o++) {
      const to = o * whole + offset;
      for (let i = 0; i < part; i++) gx.data[to + i]! += adjoint.data[o * part + i]!;
    }
  },
  equation: ([x], { start, end }) => `${x!}[${start}:${end}]`,
};

/** Joins along one axis. */
export const cat: Rule<{ axis: number }> = {
  shape: (inputs, { axis }) => {
    const [first] = inputs;
    if (!first) throw new ShapeError('cat: expected at least one tensor, got none');
    const at = resolveAxis('cat', axis, first);
    let extent = 0;
    for (const shape of inputs) {
      if (shape.length !== first.length || shape.some((n, i) => i !== at && n !== first[i]))
        throw new ShapeError(
          `cat: shapes ${inputs.map(showShape).join(', ')} differ outside axis ${axis}`,
        );
      extent += shape[at]!;
    }
    return first.with(at, extent);
  },
  forward: (out, inputs, { axis }) =>
    eachPart(out, inputs, axis, (k, to, from, length) => {
      for (let i = 0; i < length; i++) out.data[to + i] = inputs[k]!.data[from + i]!;
    }),
  backward: (gradients, adjoint, inputs, output, { axis }) =>
    eachPart(output, inputs, axis, (k, from, to, length) => {
      const gradient = gradients[k];
      if (gradient)
        for (let i = 0; i < length; i++) gradient.data[to + i]! += adjoint.data[from + i]!;
    }),
  equation: (operands) => `[${operands.join('; ')}]`,
};

/** The same elements under another shape. */
export const reshape: Rule<{ shape: Shape }> = {
  shape: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x!))
      throw new ShapeError(
        `reshape: ${showShape(x!)} has ${sizeOf(x!)} elements, ${showShape(shape)} needs ${sizeOf(shape)}`,
      );
    return [...shape];
  },
  forward: (out, [x]) => {
    out.data.set(x!.data);
  },
  backward: ([gx], adjoint) => {
    if (gx) for (let i = 0; i < gx.data.length; i++) gx.data[i]! += adjoint.data[i]!;
  },
  equation: ([x], { shape }) => `reshape(${x!}, ${showShape(shape)})`,
};

/** Reorders axes: axis i of the result is axis `order[i]` of x. */
export const permute: Rule<{ order: readonly number[] }> = {
  shape: ([x], { order }) => {
    const sorted = [...order].sort((a, b) => a - b);
    if (order.length !== x!.length || sorted.some((axis, i) => axis !== i))
      throw new OptionError(
        `permute: order [${order.join(', ')}] is not a permutation of the ${x!.length} axes of ${showShape(x!)}`,
      );
    return order.map((axis) => x![axis]!);
  },
  forward: ({ data: y, shape }, [x], { order }) => {
    const { starts, length } = permutedRuns(shape, x!.shape, order);
    for (let run = 0, i = 0; run < starts.length; run++)
      for (let j = starts[run]!, end = j + length; j < end; j++) y[i++] = x!.data[j]!;
  },
  backward: ([gx], { data: gy }, [x], { shape }, { order }) => {
    if (!gx) return;
    const { starts, length } = permutedRuns(shape, x!.shape, order);
    for (let run = 0, i = 0; run < starts.length; run++)
      for (let j = starts[run]!, end = j + length; j < end; j++) gx.data[j]! += gy[i++]!;
  },
  equation: ([x], { order }) => `permute(${x!}, ${order.join(' ')})`,
};

/** How a slice along `axis` lies in memory: `outer` runs of `part` elements, `whole` apart. */
function strip(x: Shape, out: Shape, axis: number, start: number) {
  const at = axis < 0 ? axis + x.length : axis;
  const inner = sizeOf(x.slice(at + 1));
  return {
    outer: sizeOf(x.slice(0, at)),
    part: out[at]! * inner,
    whole: x[at]! * inner,
    offset: start * inner,
  };
}

/** Visits each contiguous run of each input of `cat`: (input, offset in the whole, offset in the input, length). */
function eachPart(
  whole: NdArray,
  inputs: readonly NdArray[],
  axis: number,
  visit: (input: number, inWhole: number, inPart: number, length: number) => void,
): void {
  let start = 0;
  inputs.forEach((input, k) => {
    const run = strip(whole.shape, input.shape, axis, start);
    for (let o = 0; o < run.outer; o++)
      visit(k, o * run.whole + run.offset, o * run.part, run.part);
    start += input.shape.at(axis)!;
  });
}

/** Where each run of the result that lies together in x begins there: the last axes that stay where they are make runs. */
function permutedRuns(
  out: Shape,
  x: Shape,
  order: readonly number[],
): { starts: Int32Array; length: number } {
  const stride = new Array<number>(x.length).fill(1);
  for (let axis = x.length - 2; axis >= 0; axis--) stride[axis] = stride[axis + 1]! * x[axis + 1]!;
  let moved = out.length;
  while (moved > 0 && order[moved - 1] === moved - 1) moved--;
  const length = sizeOf(out.slice(moved));
  const starts = new Int32Array(sizeOf(out.slice(0, moved)));
  const index = new Array<number>(moved).fill(0);
  for (let run = 0, j = 0; run < starts.length; run++) {
    starts[run] = j;
    for (let axis = moved - 1; axis >= 0; axis--) {
      const step = stride[order[axis]!]!;
      j += step;
      if (++index[axis]! < out[axis]!) break;
      j -= step * out[axis]!;
      index[axis] = 0;
    }
  }
  return { starts, length };
}
