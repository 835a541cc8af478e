/** Losses of plain outputs, so that contestants that only infer are compared too. */
import type { Problem } from './problem.js';
import type { Workload } from './workloads.js';

/**
 * Draws a token with the probabilities softmax(logits): the first at which the cumulative probability exceeds
 * `uniform`. `powers` has room for as many numbers as there are logits: this is asked for so often that a new array
 * would be felt.
 * @returns the token, and −ln of its probability
 */
export function drawToken(
  logits: Float32Array,
  uniform: number,
  powers: Float64Array,
): { token: number; loss: number } {
  const sum = exponentials(logits, powers);
  const last = logits.length - 1;
  let token = 0;
  for (let rest = uniform * sum - powers[0]!; rest >= 0 && token < last; rest -= powers[token]!)
    token++;
  return { token, loss: Math.log(sum / powers[token]!) };
}

/** eˣ⁻ᵐ of each logit x, where m is the highest. @returns their sum */
function exponentials(logits: Float32Array, into: Float64Array): number {
  let highest = logits[0]!;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > highest) highest = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const power = Math.exp(logits[i]! - highest);
    into[i] = power;
    sum += power;
  }
  return sum;
}

export function lossOf(output: Float32Array, problem: Problem, { loss }: Workload): number {
  const target = problem['target']!.data;
  if (loss === 'mse')
    return output.reduce((sum, one, i) => sum + (one - target[i]!) ** 2, 0) / output.length;
  const width = output.length / target.length;
  const powers = new Float64Array(width);
  return target.reduce((total, token, i) => {
    const sum = exponentials(output.subarray(i * width, (i + 1) * width), powers);
    return total + Math.log(sum / powers[token]!) / target.length;
  }, 0);
}
