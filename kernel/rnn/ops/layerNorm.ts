import { ShapeError } from '../errors.js';
import { sameShape, showShape, sizeOf, type NumberArray, type Shape } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface LayerNormAttributes {
  /** Added to the variance. */
  eps: number;
  /** How many of the last axes are normalised together. */
  axes: number;
}

/**
 * y = γ ⊙ x̂ + β with x̂ = (x − μ)/√(σ² + ε); μ and σ² are mean and (biased) variance over the last axes, γ and β
 * have the shape of those axes and may be left out.
 *
 * Backward, with g = γ ⊙ ∂L/∂y and means over the same axes: ∂L/∂x = (g − mean(g) − x̂·mean(g ⊙ x̂))/√(σ² + ε).
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016, https://arxiv.org/abs/1607.06450
 */
export const layerNorm: Rule<LayerNormAttributes> = {
  shape: ([x, gain, bias], { axes }) => {
    const normalised = x!.slice(x!.length - axes);
    if (axes < 1 || axes > x!.length || sizeOf(normalised) === 0)
      throw new ShapeError(
        `layerNorm: input is ${showShape(x!)}, expected at least ${axes} axes that are not empty`,
      );
    for (const [name, given] of [['weight', gain] as const, ['bias', bias] as const])
      if (given && !sameShape(given, normalised))
        throw new ShapeError(
          `layerNorm: ${name} is ${showShape(given)}, expected ${showShape(normalised)}`,
        );
    return [...x!];
  },
  forward: (out, [x, gain, bias], { eps, axes }) => {
    const width = widthOf(x!.shape, axes);
    for (let from = 0; from < x!.data.length; from += width) {
      const { mean, inverse } = moments(x!.data, from, width, eps);
      for (let i = 0; i < width; i++) {
        const scaled = (x!.data[from + i]! - mean) * inverse * (gain ? gain.data[i]! : 1);
        out.data[from + i] = scaled + (bias ? bias.data[i]! : 0);
      }
    }
  },
  backward: ([gx, gw, gb], adjoint, [x, gain], _output, { eps, axes }) => {
    const width = widthOf(x!.shape, axes);
    const g = adjoint.data;
    for (let from = 0; from < g.length; from += width) {
      const { mean, inverse } = moments(x!.data, from, width, eps);
      let [sum, dot] = [0, 0];
      for (let i = 0; i < width; i++) {
        const normal = (x!.data[from + i]! - mean) * inverse;
        const scaled = g[from + i]! * (gain ? gain.data[i]! : 1);
        sum += scaled;
        dot += scaled * normal;
        if (gw) gw.data[i]! += g[from + i]! * normal;
        if (gb) gb.data[i]! += g[from + i]!;
      }
      if (!gx) continue;
      for (let i = 0; i < width; i++) {
        const normal = (x!.data[from + i]! - mean) * inverse;
        const scaled = g[from + i]! * (gain ? gain.data[i]! : 1);
        gx.data[from + i]! += inverse * (scaled - (sum + normal * dot) / width);
      }
    }
  },
  equation: (operands) => `layerNorm(${operands.join(', ')})`,
};

const widthOf = (x: Shape, axes: number): number => sizeOf(x.slice(x.length - axes));

function moments(x: NumberArray, from: number, width: number, eps: number) {
  let total = 0;
  for (let i = from; i < from + width; i++) total += x[i]!;
  const mean = total / width;
  let squares = 0;
  for (let i = from; i < from + width; i++) squares += (x[i]! - mean) ** 2;
  return { mean, inverse: 1 / Math.sqrt(squares / width + eps) };
}
