import { OptionError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { RandomStream } from '../../rnn/random.js';

/**
 * A sound with white noise added.
 *
 * @param decibels loudness of the sound above the noise, 10·log₁₀ of the ratio of their mean powers
 * @throws OptionError if it is not a finite number
 */
export function addNoise(samples: Float32Array, decibels: number, seed = 0): Float32Array {
  if (!Number.isFinite(decibels))
    throw new OptionError(`addNoise: expected decibels as a finite number, got ${decibels}`);
  const random = new RandomStream(seed, 'noise');
  let power = 0;
  for (const sample of samples) power += (sample * sample) / samples.length;
  const deviation = Math.sqrt(power / 10 ** (decibels / 10));
  return samples.map((sample) => sample + deviation * random.normal());
}

/** The room and microphone of a recording. */
export interface RoomOptions {
  /** Samples per second. */
  sampleRate: number;
  /** Time in which the echo falls by 60 dB, in seconds. Default 0.3. */
  reverberation?: number;
  /** Power of the echo, relative to the direct sound's. Default 0.2. */
  wetness?: number;
  /** Of the room. Default 0. */
  seed?: number;
}

/**
 * A sound in a room: convolved with an impulse and, after it, noise that fades exponentially.
 * Source: J. A. Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979
 *
 * @returns as many samples as there were
 * @throws OptionError for a wrong option
 */
export function addRoom(samples: Float32Array, options: RoomOptions): Float32Array {
  checkOptions('addRoom', options, {
    sampleRate: is.positive,
    reverberation: optional(is.positive),
    wetness: optional(is.nonNegative),
    seed: optional(is.integer),
  });
  const { sampleRate, reverberation = 0.3, wetness = 0.2, seed = 0 } = options;
  const random = new RandomStream(seed, 'room');
  const echoes = roomEchoes(reverberation * sampleRate, wetness, sampleRate, random);
  const out = samples.slice();
  for (const { delay, gain } of echoes)
    for (let i = delay; i < out.length; i++) out[i]! += gain * samples[i - delay]!;
  return out;
}

/** Echoes a few milliseconds apart: as good as dense noise to the ear after a speaker's voice, and quick. */
function roomEchoes(length: number, wetness: number, sampleRate: number, random: RandomStream) {
  const spacing = 0.004 * sampleRate;
  const echoes: { delay: number; gain: number }[] = [];
  for (let at = spacing; at < length; at += spacing * (0.5 + random.uniform()))
    echoes.push({ delay: Math.round(at), gain: random.normal() * 10 ** ((-3 * at) / length) });
  const power = echoes.reduce((sum, { gain }) => sum + gain * gain, 0);
  const scale = power > 0 ? Math.sqrt(wetness / power) : 0;
  return echoes.map(({ delay, gain }) => ({ delay, gain: scale * gain }));
}
