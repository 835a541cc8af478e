import { StandardScaler } from '../../rnn/data/scalers.js';
import { OptionError } from '../../rnn/errors.js';
import { warpingPath, type WarpingPath } from '../../rnn/metrics/dynamicTimeWarping.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import type { Tensor } from '../../rnn/tensor.js';
import { melSpectrogram } from '../spectrogram.js';
import { estimatePitch } from './estimatePitch.js';
import { normalizePeak } from './normalizePeak.js';
import {
  randomVoice,
  speakDigits,
  type Speech,
  type SpeechPart,
  type Voice,
} from './speakDigits.js';

/** Options of `alignDigits`. */
export interface AlignDigitsOptions {
  /** Samples per second. Default 16000. */
  sampleRate?: number;
  /** Voices that the recording is compared with. Default: twelve random ones. */
  voices?: readonly Required<Voice>[];
}

/** Where the digits are in a recording. */
export interface DigitAlignment {
  /** A pause, a digit, a pause, … and a pause at the end, as `speakDigits` gives them; a pause may be empty. */
  parts: SpeechPart[];
  /** The voice that is nearest, at the recording's pitch and tempo. */
  voice: Required<Voice>;
  /** How far the recording is from that voice, of log-mel features that are scaled to deviation 1. */
  distance: number;
}

const hopSeconds = 0.01;
const windowSeconds = 0.032;
const defaultVoices = 12;

/**
 * Finds the digits in a recording of which one knows what is said: the synthesiser says the same in several voices, and the one
 * that is nearest is laid on the recording by dynamic time warping. Good to a few hundredths of a second where one speaks clearly (less so
 * between a pause and the silence with which a t begins), so that a model learns durations from it.
 *
 * Source: the idea of F. Malfrère, T. Dutoit, "High quality speech synthesis for phonetic speech segmentation", Eurospeech 1997
 *
 * @param samples one channel
 * @param text digits, as they are said
 * @throws OptionError for a recording shorter than a tenth of a second, another text, no voice or a wrong option
 */
export function alignDigits(
  samples: Float32Array,
  text: string,
  options: AlignDigitsOptions = {},
): DigitAlignment {
  checkOptions('alignDigits', options, {
    sampleRate: optional(is.positive),
    voices: optional((value) =>
      Array.isArray(value) && value.length > 0 ? undefined : 'a list of voices, not an empty one',
    ),
  });
  const { sampleRate = 16_000 } = options;
  if (samples.length < sampleRate / 10)
    throw new OptionError(
      `alignDigits: got ${samples.length} samples, expected a tenth of a second or more, ${Math.ceil(sampleRate / 10)}`,
    );
  const voices = options.voices ?? Array.from({ length: defaultVoices }, (_, i) => randomVoice(i));
  const hop = Math.round(hopSeconds * sampleRate);
  const features = (sound: Float32Array): Tensor => {
    const mel = melSpectrogram(normalizePeak(sound), {
      sampleRate,
      mels: 32,
      windowLength: Math.round(windowSeconds * sampleRate),
      hopLength: hop,
      fMin: 60,
      floor: 1e-2,
    });
    return new StandardScaler().fit(mel).transform(mel);
  };
  const recording = features(samples);
  const candidates = voices.map((voice) => {
    const speech = speakDigits(text, { voice, sampleRate });
    return { voice, speech, ...warpingPath(recording, features(speech.samples)) };
  });
  const best = candidates.reduce((a, b) => (b.distance < a.distance ? b : a));
  const { voice, speech, path, distance } = best;
  const tempo = speech.samples.length / samples.length;
  return {
    parts: layOn(speech, path, hop, samples.length),
    voice: {
      ...voice,
      pitch: estimatePitch(samples, { sampleRate }) ?? voice.pitch,
      rate: voice.rate * tempo,
    },
    distance,
  };
}

/** The borders of the speech, each where the path has it in the recording. */
function layOn(
  { parts }: Speech,
  path: WarpingPath['path'],
  hop: number,
  length: number,
): SpeechPart[] {
  const borders = parts.map(({ to }, i) => {
    if (i === parts.length - 1) return length;
    const [frame] = path.find(([, spoken]) => spoken * hop >= to) ?? path.at(-1)!;
    return Math.min(length, frame * hop);
  });
  return parts.map(({ digit }, i) => ({ digit, from: borders[i - 1] ?? 0, to: borders[i]! }));
}
