import { checkOptions, is, optional } from '../../options.js';

/** How often the decoder reads the target rather than what it said itself, as training goes on. */
export type ScheduledSamplingOptions =
  | {
      /** From `start` to `end` in a straight line over `steps` steps. */
      decay: 'linear';
      steps: number;
      /** Default 1. */
      start?: number;
      /** Default 0. */
      end?: number;
    }
  | {
      /** kⁱ at step i, 0 < k < 1. */
      decay: 'exponential';
      k: number;
    }
  | {
      /** k/(k + e^(i/k)) at step i, k ≥ 1: half of the targets at i = k·ln k. */
      decay: 'inverseSigmoid';
      k: number;
    };

/**
 * A schedule for `teacherForcing`: a function of the training step.
 *
 * Source: S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, "Scheduled sampling for sequence prediction with recurrent neural
 * networks", NeurIPS 2015, section 2.4.
 *
 * @example
 * const schedule = scheduledSampling({ decay: 'inverseSigmoid', k: 500 });
 * model.forward(source, target, { teacherForcing: schedule(step) });
 * @throws OptionError for an option that is missing, unknown or out of range
 */
export function scheduledSampling(options: ScheduledSamplingOptions): (step: number) => number {
  checkOptions(
    'scheduledSampling',
    { decay: options.decay },
    {
      decay: is.oneOf('linear', 'exponential', 'inverseSigmoid'),
    },
  );
  const decay = is.oneOf(options.decay);
  if (options.decay === 'linear') {
    checkOptions('scheduledSampling', options, {
      decay,
      steps: is.positiveInteger,
      start: optional(is.probability),
      end: optional(is.probability),
    });
    const { steps, start = 1, end = 0 } = options;
    return (step) => (step >= steps ? end : start + (end - start) * (step / steps));
  }
  const { k } = options;
  if (options.decay === 'exponential') {
    checkOptions('scheduledSampling', options, {
      decay,
      k: (value) => (is.positive(value) ?? is.decay(value)) && 'a number between 0 and 1',
    });
    return (step) => k ** step;
  }
  checkOptions('scheduledSampling', options, {
    decay,
    k: (value) =>
      typeof value === 'number' && value >= 1 && Number.isFinite(value)
        ? undefined
        : 'a number that is one or more',
  });
  return (step) => k / (k + Math.exp(step / k));
}
