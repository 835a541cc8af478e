import { broadcastShapes, forEachRun, type NumberArray, type Run } from '../ndarray.js';
import type { None, Rule } from './rule.js';

/**
 * Elementwise functions of two operands, as loops over one stretch of elements each: a loop shared between functions
 * would call through a megamorphic site per element.
 */
interface BinaryOperation {
  name: string;
  symbol: string;
  /** out = f(a, b) */
  forward: (out: NumberArray, a: NumberArray, b: NumberArray, run: Run) => void;
  /** ga += g · ∂f/∂a and gb += g · ∂f/∂b. */
  backwardA: Backward;
  backwardB: Backward;
}

type Backward = (to: NumberArray, g: NumberArray, a: NumberArray, b: NumberArray, run: Run) => void;

function binary({ name, symbol, forward, backwardA, backwardB }: BinaryOperation): Rule<None> {
  return {
    shape: ([a, b]) => broadcastShapes(name, a!, b!),
    forward: (out, [a, b]) => {
      const [x, y] = [a!.data, b!.data];
      forEachRun(out.shape, a!.shape, b!.shape, (run) => forward(out.data, x, y, run));
    },
    backward: ([ga, gb], adjoint, [a, b], output) => {
      const [g, x, y] = [adjoint.data, a!.data, b!.data];
      forEachRun(output.shape, a!.shape, b!.shape, (run) => {
        if (ga) backwardA(ga.data, g, x, y, run);
        if (gb) backwardB(gb.data, g, x, y, run);
      });
    },
    equation: ([a, b]) => `${a!} ${symbol} ${b!}`,
  };
}

const addToA: Backward = (ga, g, _a, _b, { at, a: ia, stepA, count }) => {
  for (let i = at, j = ia; i < at + count; i++, j += stepA) ga[j]! += g[i]!;
};

export const add = binary({
  name: 'add',
  symbol: '+',
  forward: (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      out[i] = a[j]! + b[k]!;
  },
  backwardA: addToA,
  backwardB: (gb, g, _a, _b, { at, b: ib, stepB, count }) => {
    for (let i = at, k = ib; i < at + count; i++, k += stepB) gb[k]! += g[i]!;
  },
});

export const sub = binary({
  name: 'sub',
  symbol: '−',
  forward: (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      out[i] = a[j]! - b[k]!;
  },
  backwardA: addToA,
  backwardB: (gb, g, _a, _b, { at, b: ib, stepB, count }) => {
    for (let i = at, k = ib; i < at + count; i++, k += stepB) gb[k]! -= g[i]!;
  },
});

export const mul = binary({
  name: 'mul',
  symbol: '⊙',
  forward: (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      out[i] = a[j]! * b[k]!;
  },
  backwardA: (ga, g, _a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      ga[j]! += g[i]! * b[k]!;
  },
  backwardB: (gb, g, a, _b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      gb[k]! += g[i]! * a[j]!;
  },
});

export const div = binary({
  name: 'div',
  symbol: '/',
  forward: (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      out[i] = a[j]! / b[k]!;
  },
  backwardA: (ga, g, _a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      ga[j]! += g[i]! / b[k]!;
  },
  backwardB: (gb, g, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
    for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
      gb[k]! -= (g[i]! * a[j]!) / (b[k]! * b[k]!);
  },
});
