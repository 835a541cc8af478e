import { OptionError } from '../../errors.js';
import { checkOptions, is, optional } from '../../options.js';
import { Schedule, type Scheduled } from './schedule.js';

export interface OneCycleLROptions {
  /** The highest rate. */
  maxLr: number;
  /** Steps of the whole cycle. */
  totalSteps: number;
  /** The part of the cycle in which the rate rises. Default 0.3. */
  pctStart?: number;
  /** Half a cosine or a line between the corners. Default `'cos'`. */
  annealStrategy?: 'cos' | 'linear';
  /** The first rate is maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default 10⁴. */
  finalDivFactor?: number;
  /** Fall to the first rate as slowly as it rose, and only then to the last. Default false. */
  threePhase?: boolean;
}

/** A stretch between two corners of the cycle. */
interface Phase {
  end: number;
  from: number;
  to: number;
}

const between = {
  cos: (from: number, to: number, part: number) =>
    to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2,
  linear: (from: number, to: number, part: number) => from + (to - from) * part,
};

/**
 * One cycle: the rate rises from maxLr/divFactor to maxLr and falls to the last rate, where it is at the last of
 * `totalSteps` steps. The rates that the optimiser had do not matter. Unlike in PyTorch, momentum is left alone.
 *
 * `step()` beyond the cycle throws. Source: L. N. Smith, N. Topin, "Super-convergence: very fast training of neural
 * networks using large learning rates", 2018.
 */
export class OneCycleLR extends Schedule {
  readonly #totalSteps: number;
  readonly #anneal: (from: number, to: number, part: number) => number;
  readonly #phases: readonly Phase[];

  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    super(optimizer);
    checkOptions('OneCycleLR', options, {
      maxLr: is.positive,
      totalSteps: is.positiveInteger,
      pctStart: optional(is.probability),
      annealStrategy: optional(is.oneOf('cos', 'linear')),
      divFactor: optional(is.positive),
      finalDivFactor: optional(is.positive),
      threePhase: optional(is.boolean),
    });
    this.#totalSteps = options.totalSteps;
    this.#anneal = between[options.annealStrategy ?? 'cos'];
    this.#phases = toPhases(options);
    this.apply();
  }

  override rateAt(t: number): number {
    if (t > this.#totalSteps)
      throw new OptionError(
        `OneCycleLR: expected at most totalSteps = ${this.#totalSteps} steps, got step ${t}`,
      );
    let begin = 0;
    for (const [i, { end, from, to }] of this.#phases.entries()) {
      if (t <= end || i === this.#phases.length - 1)
        return this.#anneal(from, to, end > begin ? Math.min(1, (t - begin) / (end - begin)) : 1);
      begin = end;
    }
    return 0;
  }
}

function toPhases(options: OneCycleLROptions): Phase[] {
  const { maxLr, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const rise = pctStart * totalSteps - 1;
  if (!options.threePhase)
    return [
      { end: rise, from: first, to: maxLr },
      { end: totalSteps - 1, from: maxLr, to: last },
    ];
  return [
    { end: rise, from: first, to: maxLr },
    { end: 2 * rise, from: maxLr, to: first },
    { end: totalSteps - 1, from: first, to: last },
  ];
}
