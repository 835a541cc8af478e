import { OptionError } from '../../rnn/errors.js';

/**
 * A sound made as loud as others: its loudest sample becomes `peak`. Silence stays silence.
 *
 * @param peak above 0, at most 1. Default 0.6
 * @returns as many samples as there were
 * @throws OptionError for another peak
 */
export function normalizePeak(samples: Float32Array, peak = 0.6): Float32Array {
  if (!(peak > 0 && peak <= 1))
    throw new OptionError(`normalizePeak: expected a peak above 0, at most 1, got ${peak}`);
  let loudest = 0;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  const factor = loudest > 0 ? peak / loudest : 1;
  return samples.map((sample) => sample * factor);
}
