import { NonFiniteError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';

/** Options of `leastSquares`. */
export interface LeastSquaresOptions {
  /** λ, the weight of Σ w² against the mean squared error of columns scaled to deviation 1. Default 1e-12. */
  ridge?: number;
}

/** ŷ = x·Wᵀ + b. */
export interface LinearFit {
  /** `[K, F]` */
  readonly weight: Tensor;
  /** `[K]` */
  readonly bias: Tensor;
  /** @param input `[N, F]` @returns `[N, K]` @throws ShapeError for another number of columns */
  predict(input: Tensor): Tensor;
}

/**
 * The linear model with the least squared error, in closed form: what a network must beat where a few numbers are to be
 * told from many. With the last p values of a series as columns it is a linear autoregression.
 *
 * Columns are centred and scaled to deviation 1; then W = argmin 1/N · ‖Y − X·Wᵀ‖² + λ‖W‖², by Cholesky's decomposition
 * of XᵀX / N + λI in float64. The small default of λ only keeps columns apart that depend on each other.
 *
 * @param input `[N, F]`
 * @param target `[N, K]`
 * @throws ShapeError if they do not fit, NonFiniteError for NaN or infinity
 */
export function leastSquares(
  input: Tensor,
  target: Tensor,
  options: LeastSquaresOptions = {},
): LinearFit {
  checkOptions('leastSquares', options, { ridge: optional(is.positive) });
  const [rows, width] = matrixShape('input', input);
  const [targetRows, outputs] = matrixShape('target', target);
  if (rows !== targetRows || rows < 2)
    throw new ShapeError(
      `leastSquares: input is ${showShape(input.shape)} and target ${showShape(target.shape)}, expected two rows or more, as many in both`,
    );
  const x = standardise(input, rows, width);
  const y = standardise(target, rows, outputs);
  const normal = new Float64Array(width * width);
  const moments = new Float64Array(outputs * width);
  for (let n = 0; n < rows; n++)
    for (let i = 0; i < width; i++) {
      const value = x.data[n * width + i]! / rows;
      for (let j = 0; j <= i; j++) normal[i * width + j]! += value * x.data[n * width + j]!;
      for (let k = 0; k < outputs; k++) moments[k * width + i]! += value * y.data[n * outputs + k]!;
    }
  for (let i = 0; i < width; i++) normal[i * width + i]! += options.ridge ?? 1e-12;
  factorise(normal, width);
  const weight = new Float64Array(outputs * width);
  const bias = Float64Array.from(y.mean);
  for (let k = 0; k < outputs; k++) {
    const row = solve(normal, moments.subarray(k * width, (k + 1) * width));
    for (let i = 0; i < width; i++) {
      weight[k * width + i] = (row[i]! * y.deviation[k]!) / x.deviation[i]!;
      bias[k]! -= weight[k * width + i]! * x.mean[i]!;
    }
  }
  return {
    weight: new Tensor(weight, [outputs, width]),
    bias: new Tensor(bias, [outputs]),
    predict: (given) => predict(given, weight, bias),
  };
}

function matrixShape(name: string, { shape }: Tensor): readonly [number, number] {
  if (shape.length !== 2)
    throw new ShapeError(`leastSquares: ${name} is ${showShape(shape)}, expected [N, columns]`);
  return shape as [number, number];
}

/** Columns with mean 0 and deviation 1; one that does not vary is 0. */
function standardise({ data }: Tensor, rows: number, width: number) {
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width]! += data[i]! / rows;
  for (let i = 0; i < data.length; i++)
    deviation[i % width]! += (data[i]! - mean[i % width]!) ** 2 / rows;
  for (let k = 0; k < width; k++) {
    if (!Number.isFinite(deviation[k]!))
      throw new NonFiniteError(`leastSquares: expected finite numbers, column ${k} has others`);
    deviation[k] = Math.sqrt(deviation[k]!) || 1;
  }
  const scaled = Float64Array.from(
    data,
    (value, i) => (value - mean[i % width]!) / deviation[i % width]!,
  );
  return { data: scaled, mean, deviation };
}

/** Cholesky's decomposition A = L·Lᵀ of a positive definite matrix, in place of its lower half. */
function factorise(a: Float64Array, size: number): void {
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(sum) : sum / a[j * size + j]!;
    }
}

/** Solves L·Lᵀ·w = m. */
function solve(l: Float64Array, m: Float64Array): Float64Array {
  const w = Float64Array.from(m);
  const size = w.length;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) w[i]! -= l[i * size + k]! * w[k]!;
    w[i]! /= l[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) w[i]! -= l[k * size + i]! * w[k]!;
    w[i]! /= l[i * size + i]!;
  }
  return w;
}

function predict(input: Tensor, weight: Float64Array, bias: Float64Array): Tensor {
  const outputs = bias.length;
  const width = weight.length / outputs;
  const [rows, given] = matrixShape('input', input);
  if (given !== width)
    throw new ShapeError(
      `leastSquares: input is ${showShape(input.shape)}, expected [N, ${width}] as it was fitted`,
    );
  const out = new Float64Array(rows * outputs);
  for (let n = 0; n < rows; n++)
    for (let k = 0; k < outputs; k++) {
      let sum = bias[k]!;
      for (let i = 0; i < width; i++) sum += input.data[n * width + i]! * weight[k * width + i]!;
      out[n * outputs + k] = sum;
    }
  return new Tensor(out, [rows, outputs]);
}
