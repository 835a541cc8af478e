import { OptionError } from '../../errors.js';
import { checkOptions, is, optional } from '../../options.js';
import { Schedule, type Scheduled } from './schedule.js';

/** Options of `OneCycleLR`. */
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
  /** Lower momentum, or Adam's β₁, while the rate is high; an optimiser without is left alone. Default true. */
  cycleMomentum?: boolean;
  /** Momentum where the rate is highest. Default 0.85. */
  baseMomentum?: number;
  /** Momentum at both ends. Default 0.95. */
  maxMomentum?: number;
  /** Fall to the first rate as slowly as it rose, and only then to the last. Default false. */
  threePhase?: boolean;
}

/** A stretch between two corners of the cycle: learning rate and momentum at its ends. */
interface Phase {
  end: number;
  rate: Span;
  momentum: Span;
}
type Span = readonly [from: number, to: number];

const between = {
  cos: ([from, to]: Span, part: number) => to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2,
  linear: ([from, to]: Span, part: number) => from + (to - from) * part,
};

/**
 * One cycle: the rate rises from maxLr/divFactor to maxLr and falls to the last rate, where it is at the last of
 * `totalSteps` steps. Momentum (above 0) or β₁ goes the other way. What the optimiser had before does not matter.
 *
 * `step()` beyond the cycle throws. Source: L. N. Smith, N. Topin, "Super-convergence: very fast training of neural
 * networks using large learning rates", 2018.
 */
export class OneCycleLR extends Schedule {
  readonly #totalSteps: number;
  readonly #anneal: (span: Span, part: number) => number;
  readonly #phases: readonly Phase[];
  readonly #cyclesMomentum: boolean;

  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    super(optimizer);
    checkOptions('OneCycleLR', options, {
      maxLr: is.positive,
      totalSteps: is.positiveInteger,
      pctStart: optional(is.probability),
      annealStrategy: optional(is.oneOf('cos', 'linear')),
      divFactor: optional(is.positive),
      finalDivFactor: optional(is.positive),
      cycleMomentum: optional(is.boolean),
      baseMomentum: optional(is.decay),
      maxMomentum: optional(is.decay),
      threePhase: optional(is.boolean),
    });
    this.#totalSteps = options.totalSteps;
    this.#anneal = between[options.annealStrategy ?? 'cos'];
    this.#phases = toPhases(options);
    this.#cyclesMomentum = options.cycleMomentum ?? true;
    this.apply();
  }

  override rateAt(t: number): number {
    const { phase, part } = this.#at(t);
    return this.#anneal(phase.rate, part);
  }

  protected override apply(): void {
    super.apply();
    if (!this.#cyclesMomentum) return;
    const { phase, part } = this.#at(this.t);
    const momentum = this.#anneal(phase.momentum, part);
    for (const group of this.optimizer.groups)
      if (group.betas) group.betas = [momentum, group.betas[1]];
      else if (group.momentum) group.momentum = momentum;
  }

  /** The phase that t is in, and which part of it has passed. */
  #at(t: number): { phase: Phase; part: number } {
    if (t > this.#totalSteps)
      throw new OptionError(
        `OneCycleLR: expected at most totalSteps = ${this.#totalSteps} steps, got step ${t}`,
      );
    const found = this.#phases.findIndex(({ end }) => t <= end);
    const i = found < 0 ? this.#phases.length - 1 : found;
    const phase = this.#phases[i]!;
    const begin = this.#phases[i - 1]?.end ?? 0;
    const part = phase.end > begin ? Math.min(1, (t - begin) / (phase.end - begin)) : 1;
    return { phase, part };
  }
}

function toPhases(options: OneCycleLROptions): Phase[] {
  const { maxLr, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  const { baseMomentum: low = 0.85, maxMomentum: high = 0.95 } = options;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  const end = totalSteps - 1;
  const rise: Phase = { end: peak, rate: [first, maxLr], momentum: [high, low] };
  if (!options.threePhase) return [rise, { end, rate: [maxLr, last], momentum: [low, high] }];
  return [
    rise,
    { end: 2 * peak, rate: [maxLr, first], momentum: [low, high] },
    { end, rate: [first, last], momentum: [high, high] },
  ];
}
