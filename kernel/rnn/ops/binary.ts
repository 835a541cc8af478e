import { broadcastShapes, forEachBroadcast, sameShape, type NumberArray } from '../ndarray.js';
import type { None, Rule } from './rule.js';

type Loop = (out: NumberArray, a: NumberArray, b: NumberArray) => void;

interface BinaryOperation {
  name: string;
  symbol: string;
  /** f(a, b) and its partial derivatives, for operands that broadcast. */
  f: (a: number, b: number) => number;
  da: (a: number, b: number) => number;
  db: (a: number, b: number) => number;
  /** The same for operands of one shape, the case inside cells, as loops of their own. */
  same: Loop;
  /** ga += g · ∂f/∂a and gb += g · ∂f/∂b. */
  sameA: (ga: NumberArray, g: NumberArray, a: NumberArray, b: NumberArray) => void;
  sameB: (gb: NumberArray, g: NumberArray, a: NumberArray, b: NumberArray) => void;
}

function binary({ name, symbol, f, da, db, same, sameA, sameB }: BinaryOperation): Rule<None> {
  return {
    shape: ([a, b]) => broadcastShapes(name, a!, b!),
    forward: (out, [a, b]) => {
      if (sameShape(a!.shape, b!.shape)) {
        same(out.data, a!.data, b!.data);
        return;
      }
      forEachBroadcast(out.shape, a!.shape, b!.shape, (i, ia, ib) => {
        out.data[i] = f(a!.data[ia]!, b!.data[ib]!);
      });
    },
    backward: ([ga, gb], adjoint, [a, b], output) => {
      if (sameShape(a!.shape, b!.shape)) {
        if (ga) sameA(ga.data, adjoint.data, a!.data, b!.data);
        if (gb) sameB(gb.data, adjoint.data, a!.data, b!.data);
        return;
      }
      forEachBroadcast(output.shape, a!.shape, b!.shape, (i, ia, ib) => {
        const g = adjoint.data[i]!;
        if (ga) ga.data[ia]! += g * da(a!.data[ia]!, b!.data[ib]!);
        if (gb) gb.data[ib]! += g * db(a!.data[ia]!, b!.data[ib]!);
      });
    },
    equation: ([a, b]) => `${a!} ${symbol} ${b!}`,
  };
}

function addTo(target: NumberArray, source: NumberArray): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

export const add = binary({
  name: 'add',
  symbol: '+',
  f: (a, b) => a + b,
  da: () => 1,
  db: () => 1,
  same: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
  },
  sameA: addTo,
  sameB: addTo,
});

export const sub = binary({
  name: 'sub',
  symbol: '−',
  f: (a, b) => a - b,
  da: () => 1,
  db: () => -1,
  same: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  },
  sameA: addTo,
  sameB: (gb, g) => {
    for (let i = 0; i < gb.length; i++) gb[i]! -= g[i]!;
  },
});

export const mul = binary({
  name: 'mul',
  symbol: '⊙',
  f: (a, b) => a * b,
  da: (_a, b) => b,
  db: (a) => a,
  same: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
  },
  sameA: (ga, g, _a, b) => {
    for (let i = 0; i < ga.length; i++) ga[i]! += g[i]! * b[i]!;
  },
  sameB: (gb, g, a) => {
    for (let i = 0; i < gb.length; i++) gb[i]! += g[i]! * a[i]!;
  },
});

export const div = binary({
  name: 'div',
  symbol: '/',
  f: (a, b) => a / b,
  da: (_a, b) => 1 / b,
  db: (a, b) => -a / (b * b),
  same: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! / b[i]!;
  },
  sameA: (ga, g, _a, b) => {
    for (let i = 0; i < ga.length; i++) ga[i]! += g[i]! / b[i]!;
  },
  sameB: (gb, g, a, b) => {
    for (let i = 0; i < gb.length; i++) gb[i]! -= (g[i]! * a[i]!) / (b[i]! * b[i]!);
  },
});
