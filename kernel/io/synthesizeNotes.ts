import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { beatToSeconds, type Note, type Tempo } from './midi.js';

/** Options of `synthesizeNotes`. */
export interface SynthesizeOptions {
  /** Beats per minute throughout, or the changes of tempo. Default 120. */
  tempo?: number | readonly Tempo[];
  /** Samples per second. Default 22050. */
  sampleRate?: number;
}

/** Overtones of a plucked string: the k-th is as loud as 1/k, and dies away k times as fast. */
const partials = 8;
/** Seconds in which the fundamental of middle C falls to 1/e. */
const decay = 0.9;
const attack = 0.006;
const release = 0.06;

/**
 * Notes as sound, for `audio`: a plucked string for each,
 * Σₖ 1/k · exp(−k·t / τ) · sin(2πk·f·t) with f = 440 · 2^((pitch − 69) / 12), as loud as its velocity says.
 *
 * @param notes times in beats, as `parseMidi`, `parseAbc` and `rollToNotes` give them; velocity 80 where left out
 * @returns samples from −1 to 1, up to the end of the last note
 * @throws OptionError if there is no note, or a time is no number of beats
 */
export function synthesizeNotes(
  notes: readonly (Pick<Note, 'pitch' | 'start' | 'duration'> & Partial<Note>)[],
  options: SynthesizeOptions = {},
): Float32Array {
  checkOptions('synthesizeNotes', options, {
    tempo: optional((value) => (Array.isArray(value) ? undefined : is.positive(value))),
    sampleRate: optional(is.positive),
  });
  const { tempo = 120, sampleRate = 22050 } = options;
  if (notes.length === 0)
    throw new OptionError('synthesizeNotes: expected at least one note, got none');
  const tempos = typeof tempo === 'number' ? [{ beat: 0, beatsPerMinute: tempo }] : tempo;
  const spans = notes.map(({ pitch, start, duration, velocity = 80 }, i) => {
    if (!(start >= 0 && duration >= 0 && Number.isFinite(start + duration + pitch)))
      throw new OptionError(
        `synthesizeNotes: note ${i} must have a pitch, a start and a duration of zero or more beats, got ${pitch}, ${start} and ${duration}`,
      );
    const from = beatToSeconds(start, tempos);
    const to = beatToSeconds(start + duration, tempos);
    return { frequency: 440 * 2 ** ((pitch - 69) / 12), from, to, gain: velocity / 127 };
  });
  const seconds = spans.reduce((most, { to }) => Math.max(most, to), 0) + release;
  const samples = new Float32Array(Math.ceil(seconds * sampleRate));
  for (const span of spans) addNote(samples, span, sampleRate);
  return normalise(samples);
}

interface Span {
  frequency: number;
  from: number;
  to: number;
  gain: number;
}

function addNote(samples: Float32Array, span: Span, sampleRate: number): void {
  const { frequency, from, to, gain } = span;
  const first = Math.round(from * sampleRate);
  const last = Math.min(samples.length, Math.round((to + release) * sampleRate));
  const tau = decay * Math.sqrt(261.6 / frequency);
  // Only what can be heard at this sample rate: above half of it a tone would come back as another one.
  const count = Math.min(partials, Math.floor(sampleRate / 2 / frequency));
  // Each partial is a complex number that turns and shrinks: no sine and no exponential per sample.
  const turns = Array.from({ length: count }, (_, k) => {
    const angle = (2 * Math.PI * (k + 1) * frequency) / sampleRate;
    const shrink = Math.exp(-(k + 1) / (tau * sampleRate));
    return [shrink * Math.cos(angle), shrink * Math.sin(angle)] as const;
  });
  const x = Float64Array.from(turns, (_, k) => gain / (k + 1));
  const y = new Float64Array(count);
  for (let i = first; i < last; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const [real, imaginary] = turns[k]!;
      const [re, im] = [x[k]!, y[k]!];
      sum += im;
      x[k] = re * real - im * imaginary;
      y[k] = re * imaginary + im * real;
    }
    samples[i]! += sum * envelope((i - first) / sampleRate, to - from);
  }
}

/** No clicks: a note rises and ends within milliseconds. */
const envelope = (seconds: number, duration: number): number =>
  Math.min(1, seconds / attack, Math.max(0, 1 - (seconds - duration) / release));

/** Several notes at once may be louder than 1. */
function normalise(samples: Float32Array): Float32Array {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return loudest > 1 ? samples.map((value) => value / loudest) : samples;
}
