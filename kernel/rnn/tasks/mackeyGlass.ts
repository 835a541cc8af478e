import { checkOptions, is, optional } from '../options.js';

/** Options of `tasks.mackeyGlass`. */
export interface MackeyGlassOptions {
  /** Number of values. Default 5000. */
  length?: number;
  /** τ, the delay in units of time; chaotic from about 17. Default 17. */
  tau?: number;
  /** Default 0.2. */
  beta?: number;
  /** Default 0.1. */
  gamma?: number;
  /** n, the exponent. Default 10. */
  exponent?: number;
  /** x for all times up to 0. Default 1.2. */
  initial?: number;
  /** Integration steps in a unit of time; values are one unit apart. Default 10. */
  stepsPerUnit?: number;
  /** Values at the start that are left out, until the series is on its attractor. Default 1000. */
  discard?: number;
}

/**
 * The Mackey–Glass series, a chaotic one with a memory, one value for each unit of time:
 * dx/dt = β·x(t−τ) / (1 + x(t−τ)ⁿ) − γ·x(t), by the fourth-order Runge–Kutta method, the delayed value between two
 * steps interpolated linearly. No random numbers: the same options give the same series.
 *
 * To be compared with, τ = 17, as NRMSE: the last value known ("persistence") has 0.146 one step ahead and 1.63 at
 * 84 steps ahead; a linear model of the last 18 values 0.113 at 6 and 0.53 at 84.
 *
 * Source: M. C. Mackey, L. Glass, "Oscillation and chaos in physiological control systems", Science 197, 1977
 */
export function mackeyGlass(options: MackeyGlassOptions = {}): Float64Array {
  checkOptions('tasks.mackeyGlass', options, {
    length: optional(is.positiveInteger),
    tau: optional(is.positive),
    beta: optional(is.positive),
    gamma: optional(is.positive),
    exponent: optional(is.positive),
    initial: optional(is.positive),
    stepsPerUnit: optional(is.positiveInteger),
    discard: optional(is.nonNegative),
  });
  const { length = 5000, initial = 1.2, stepsPerUnit = 10, discard = 1000 } = options;
  const { tau = 17, beta = 0.2, gamma = 0.1, exponent = 10 } = options;
  const dt = 1 / stepsPerUnit;
  const delay = Math.max(1, Math.round(tau * stepsPerUnit));
  const slope = (x: number, delayed: number): number =>
    (beta * delayed) / (1 + delayed ** exponent) - gamma * x;
  const first = Math.round(discard * stepsPerUnit);
  const x = new Float64Array(first + (length - 1) * stepsPerUnit + 1);
  x[0] = initial;
  for (let k = 0; k + 1 < x.length; k++) {
    const from = k < delay ? initial : x[k - delay]!;
    const to = k + 1 < delay ? initial : x[k + 1 - delay]!;
    const between = (from + to) / 2;
    const k1 = slope(x[k]!, from);
    const k2 = slope(x[k]! + (dt / 2) * k1, between);
    const k3 = slope(x[k]! + (dt / 2) * k2, between);
    const k4 = slope(x[k]! + dt * k3, to);
    x[k + 1] = x[k]! + (dt / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return Float64Array.from({ length }, (_, i) => x[first + i * stepsPerUnit]!);
}
