import { broadcastShapes, forEachRun, type NumberArray, type Run } from '../ndarray.js';
import type { None, Rule } from './rule.js';

/** 1 where a comparison of two operands holds, else 0; it does not hold where one is NaN. The derivative is 0. */
function comparison(
  name: string,
  symbol: string,
  forward: (out: NumberArray, a: NumberArray, b: NumberArray, run: Run) => void,
): Rule<None> {
  return {
    shape: ([a, b]) => broadcastShapes(name, a!, b!),
    forward: (out, [a, b]) =>
      forEachRun(out.shape, a!.shape, b!.shape, (run) => forward(out.data, a!.data, b!.data, run)),
    backward: () => undefined,
    deciding: [0, 1],
    equation: ([a, b]) => `[${a!} ${symbol} ${b!}]`,
  };
}

export const gt = comparison('gt', '>', (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
  for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
    out[i] = a[j]! > b[k]! ? 1 : 0;
});

export const ge = comparison('ge', '≥', (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
  for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
    out[i] = a[j]! >= b[k]! ? 1 : 0;
});

export const eq = comparison('eq', '=', (out, a, b, { at, a: ia, b: ib, stepA, stepB, count }) => {
  for (let i = at, j = ia, k = ib; i < at + count; i++, j += stepA, k += stepB)
    out[i] = a[j]! === b[k]! ? 1 : 0;
});

/**
 * y = a where the condition is not 0, else b: what is not chosen does not count, be it NaN. Backward: the adjoint goes to
 * what was chosen; the condition gets none.
 */
export const where: Rule<None> = {
  shape: ([condition, a, b]) =>
    broadcastShapes('where', condition!, broadcastShapes('where', a!, b!)),
  forward: (out, [condition, a, b]) => {
    const [c, x, y, z] = [condition!.data, a!.data, b!.data, out.data];
    forEachRun(
      out.shape,
      condition!.shape,
      a!.shape,
      ({ at, a: ic, b: ix, stepA, stepB, count }) => {
        for (let i = at, j = ic, k = ix; i < at + count; i++, j += stepA, k += stepB)
          if (c[j] !== 0) z[i] = x[k]!;
      },
    );
    forEachRun(
      out.shape,
      condition!.shape,
      b!.shape,
      ({ at, a: ic, b: iy, stepA, stepB, count }) => {
        for (let i = at, j = ic, k = iy; i < at + count; i++, j += stepA, k += stepB)
          if (c[j] === 0) z[i] = y[k]!;
      },
    );
  },
  backward: ([, ga, gb], { data: g }, [condition, a, b], output) => {
    const c = condition!.data;
    if (ga)
      forEachRun(
        output.shape,
        condition!.shape,
        a!.shape,
        ({ at, a: ic, b, stepA, stepB, count }) => {
          for (let i = at, j = ic, k = b; i < at + count; i++, j += stepA, k += stepB)
            if (c[j] !== 0) ga.data[k]! += g[i]!;
        },
      );
    if (gb)
      forEachRun(
        output.shape,
        condition!.shape,
        b!.shape,
        ({ at, a: ic, b, stepA, stepB, count }) => {
          for (let i = at, j = ic, k = b; i < at + count; i++, j += stepA, k += stepB)
            if (c[j] === 0) gb.data[k]! += g[i]!;
        },
      );
  },
  deciding: [0],
  equation: ([condition, a, b]) => `${a!} where ${condition!}, else ${b!}`,
};
