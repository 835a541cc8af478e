/** Losses of plain outputs, so that contestants that only infer are compared too. */
import type { Problem } from './problem.js';
import type { Workload } from './workloads.js';

/** softmax(logits), in `into` where given: sampling asks for it so often that a new array would be felt. */
export function softmax(
  logits: Float32Array,
  into: Float32Array = new Float32Array(logits.length),
): Float32Array {
  let highest = logits[0]!;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > highest) highest = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const power = Math.exp(logits[i]! - highest);
    into[i] = power;
    sum += power;
  }
  for (let i = 0; i < logits.length; i++) into[i]! /= sum;
  return into;
}

/** The first index at which the cumulative probability exceeds `uniform`. */
export function drawToken(probabilities: Float32Array, uniform: number): number {
  let rest = uniform;
  for (let token = 0; token < probabilities.length; token++) {
    rest -= probabilities[token]!;
    if (rest < 0) return token;
  }
  return probabilities.length - 1;
}

export function lossOf(output: Float32Array, problem: Problem, { loss }: Workload): number {
  const target = problem['target']!.data;
  if (loss === 'mse')
    return output.reduce((sum, one, i) => sum + (one - target[i]!) ** 2, 0) / output.length;
  const width = output.length / target.length;
  return target.reduce((sum, token, i) => {
    const probabilities = softmax(output.subarray(i * width, (i + 1) * width));
    return sum - Math.log(probabilities[token]!) / target.length;
  }, 0);
}
