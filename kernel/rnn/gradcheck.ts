import { GradcheckError } from './errors.js';
import { showShape } from './ndarray.js';
import { Tensor } from './tensor.js';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** Step of the central difference. Default 1e-6. */
  eps?: number;
  /** Allowed absolute error. Default 1e-7. */
  atol?: number;
  /** Allowed relative error. Default 1e-5. */
  rtol?: number;
}

/**
 * Compares backward with central differences, (L(x+ε) − L(x−ε)) / 2ε, at every element of every input that
 * requires gradients. L is the outputs' inner product with fixed random-looking weights, so that a wrong
 * element cannot hide in a sum.
 *
 * @param fn computes a tensor, or several, from the inputs
 * @param inputs float64 tensors; those that require gradients are checked, and restored afterwards
 * @returns the largest error |analytic − numeric| / max(1, |numeric|)
 * @throws GradcheckError that names input, element, and both numbers, beyond atol + rtol·|numeric|
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor | Tensor[],
  inputs: Tensor[],
  options: GradcheckOptions = {},
): number {
  const { eps = 1e-6, atol = 1e-7, rtol = 1e-5 } = options;
  const checked = inputs.filter((input) => input.requiresGrad);
  if (checked.length === 0 || checked.some((input) => input.dtype !== 'float64'))
    throw new GradcheckError(
      'gradcheck: expected at least one input that requires gradients, all of them float64',
    );
  const loss = (): Tensor =>
    [fn(...inputs)]
      .flat()
      .map((output, k) => output.mul(weightsLike(output, k)).sum())
      .reduce((total, term) => total.add(term));

  for (const input of checked) input.grad = null;
  loss().backward();
  const analytic = checked.map((input) => input.grad?.data ?? new Float64Array(input.size));
  for (const input of checked) input.grad = null;

  let worst = 0;
  checked.forEach((input, k) => {
    for (let i = 0; i < input.size; i++) {
      const numeric = centralDifference(input, i, eps, () => loss().item());
      const error = Math.abs(analytic[k]![i]! - numeric);
      worst = Math.max(worst, error / Math.max(1, Math.abs(numeric)));
      if (!(error <= atol + rtol * Math.abs(numeric)))
        throw new GradcheckError(
          `gradcheck: input ${inputs.indexOf(input)} ${showShape(input.shape)}, element ${i}: backward gives ${analytic[k]![i]!}, expected ${numeric} from central differences`,
        );
    }
  });
  return worst;
}

function centralDifference(input: Tensor, i: number, eps: number, loss: () => number): number {
  const before = input.data[i]!;
  input.data[i] = before + eps;
  const above = loss();
  input.data[i] = before - eps;
  const below = loss();
  input.data[i] = before;
  return (above - below) / (2 * eps);
}

/** Weights in [0.5, 1.5), different for each element, the same at every call. */
function weightsLike(output: Tensor, k: number): Tensor {
  const data = new Float64Array(output.size);
  for (let i = 0; i < data.length; i++) data[i] = 0.5 + ((0.618033988749895 * (i + 1 + 7 * k)) % 1);
  return new Tensor(data, output.shape);
}
