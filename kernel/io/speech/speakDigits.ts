import { OptionError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { RandomStream } from '../../rnn/random.js';
import { synthesizeFrames, type SpeechFrame } from './formantSynthesizer.js';
import { normalizePeak } from './normalizePeak.js';
import { digitPhones, phones, type Phone, type PhoneName } from './phones.js';

/** Who speaks. */
export interface Voice {
  /** Mean pitch in hertz. Default 120, a man's. */
  pitch?: number;
  /** Length of the vocal tract: 1 a man's, about 0.87 a woman's, 0.75 a child's. Default 1. */
  tract?: number;
  /** How fast: 2 takes half the time. Default 1. */
  rate?: number;
  /** Breath in the voice, from 0 to 1. Default 0.1. */
  breathiness?: number;
}

/** Options of `speakDigits`. */
export interface SpeechOptions {
  /** Who speaks. Default: the standard voice. */
  voice?: Voice;
  /** Samples per second. Default 16000. */
  sampleRate?: number;
  /** Silence before, between and after digits, in milliseconds. Default 60. */
  pause?: number;
  /** No two utterances of a seed are alike, but all that are made with it are. Default 0. */
  seed?: number;
}

/** Where a phone is in a sound, in samples. */
export interface PhoneSegment {
  phone: PhoneName;
  /** Position of its digit in the text; −1 for silence. */
  digit: number;
  from: number;
  to: number;
}

/** Where a digit is in a sound, or the pause before, between or behind, in samples. */
export interface SpeechPart {
  /** Position in the text; −1 for a pause. */
  digit: number;
  from: number;
  to: number;
}

/** Spoken digits, and which sound is where. */
export interface Speech {
  /** From −1 to 1. */
  samples: Float32Array;
  sampleRate: number;
  segments: PhoneSegment[];
  /** A pause, a digit, a pause, … and a pause at the end: the segments, put together. */
  parts: SpeechPart[];
}

const frameSeconds = 0.005;
/** Frames over which formants and loudness change from one phone to the next. */
const formantSmoothing = 9;
const loudnessSmoothing = 3;

const checks = {
  voice: optional(is.object),
  sampleRate: optional(is.positive),
  pause: optional(is.nonNegative),
  seed: optional(is.integer),
};
const voiceChecks = {
  pitch: optional(is.positive),
  tract: optional(is.positive),
  rate: optional(is.positive),
  breathiness: optional(is.probability),
};

/**
 * Speaks digits: a formant synthesiser, understood by people and simple enough to know what is in the sound. Each phone
 * varies a little in length, pitch and formants, as it does with people.
 *
 * @param text digits, `'2507'`; spaces are longer pauses
 * @throws OptionError for another character, an empty text or a wrong option
 * Sources: see `phones` and `synthesizeFrames`
 *
 * @example audio(speakDigits('2507', { voice: { pitch: 210, tract: 0.87 } }).samples, { sampleRate: 16000 });
 */
export function speakDigits(text: string, options: SpeechOptions = {}): Speech {
  checkOptions('speakDigits', options, checks);
  checkOptions('speakDigits: voice', options.voice ?? {}, voiceChecks);
  if (!/^[0-9 ]*[0-9][0-9 ]*$/.test(text))
    throw new OptionError(`speakDigits: expected digits and spaces, got ${JSON.stringify(text)}`);
  const { sampleRate = 16_000, pause = 60, seed = 0, voice = {} } = options;
  const random = new RandomStream(seed, `speech ${text}`);
  const spoken = varyPhones(phonesOf(text), voice, pause, random);
  const frames = toFrames(spoken, voice, random);
  const frameLength = Math.round(frameSeconds * sampleRate);
  const { tract = 1 } = voice;
  const samples = normalizePeak(
    synthesizeFrames(frames, { sampleRate, frameLength, tract, random }),
  );
  let at = 0;
  const segments = spoken.map(({ name, digit, frames: count }) => {
    const from = at;
    at += count * frameLength;
    return { phone: name, digit, from, to: at };
  });
  return { samples, sampleRate, segments, parts: partsOf(segments) };
}

/** Neighbours of one digit are one part, and so are pauses. */
function partsOf(segments: readonly PhoneSegment[]): SpeechPart[] {
  const parts: SpeechPart[] = [];
  for (const { digit, from, to } of segments) {
    const last = parts.at(-1);
    if (last?.digit === digit) last.to = to;
    else parts.push({ digit, from, to });
  }
  return parts;
}

/** A voice drawn at random: man, woman or child, calm or in a hurry. */
export function randomVoice(seed: number): Required<Voice> {
  const random = new RandomStream(seed, 'voice');
  const tract = 0.75 + 0.3 * random.uniform();
  // Short tracts go with high voices, not strictly.
  const pitch = 110 * tract ** -2.2 * Math.exp(0.12 * random.normal());
  const rate = Math.exp(0.15 * random.normal());
  return { pitch, tract, rate, breathiness: 0.3 * random.uniform() };
}

interface Named {
  name: PhoneName;
  digit: number;
}
interface SpokenPhone extends Named {
  phone: Phone;
  frames: number;
}

function phonesOf(text: string): Named[] {
  const all: Named[] = [{ name: 'SIL', digit: -1 }];
  Array.from(text).forEach((character, digit) => {
    if (character !== ' ')
      for (const name of digitPhones[Number(character)]!) all.push({ name, digit });
    all.push({ name: 'SIL', digit: -1 });
  });
  return all;
}

function varyPhones(
  names: readonly Named[],
  { rate = 1 }: Voice,
  pause: number,
  random: RandomStream,
): SpokenPhone[] {
  return names.map(({ name, digit }) => {
    const phone: Phone = phones[name];
    const milliseconds = name === 'SIL' ? pause : phone.duration;
    const seconds = (milliseconds / 1000 / rate) * Math.exp(0.12 * random.normal());
    const formants = phone.formants.map((one) => one * Math.exp(0.03 * random.normal()));
    return {
      name,
      digit,
      phone: { ...phone, formants: formants as [number, number, number] },
      frames: Math.max(1, Math.round(seconds / frameSeconds)),
    };
  });
}

/** Phones hold still; smoothing over time makes the transitions. */
function toFrames(
  spoken: readonly SpokenPhone[],
  { pitch = 120, breathiness = 0.1 }: Voice,
  random: RandomStream,
): SpeechFrame[] {
  const held = spoken.flatMap(({ phone, frames }) => Array<Phone>(frames).fill(phone));
  const track = (width: number, valueOf: (phone: Phone) => number): Float64Array =>
    smooth(Float64Array.from(held, valueOf), width);
  const formants = [0, 1, 2].map((k) => track(formantSmoothing, ({ formants: all }) => all[k]!));
  const voice = track(loudnessSmoothing, (phone) => phone.voice);
  const breath = track(loudnessSmoothing, (phone) => phone.breath + breathiness * phone.voice);
  const loudness = track(loudnessSmoothing, ({ noise }) => noise[0]);
  let wander = 0;
  return held.map(({ noise: [, centre, bandwidth] }, t) => {
    wander = 0.9 * wander + 0.006 * random.normal();
    // The voice falls by a fifth of its pitch over an utterance.
    const declination = 1.1 - (0.2 * t) / held.length;
    return {
      pitch: pitch * declination * Math.exp(wander),
      formants: formants.map((one) => one[t]!) as [number, number, number],
      voice: voice[t]!,
      breath: breath[t]!,
      noise: [loudness[t]!, centre, bandwidth],
    };
  });
}

/** A running mean over an odd number of neighbours. */
function smooth(values: Float64Array, width: number): Float64Array {
  const reach = (width - 1) / 2;
  return values.map((_, t) => {
    let [sum, count] = [0, 0];
    for (let s = Math.max(0, t - reach); s <= Math.min(values.length - 1, t + reach); s++) {
      sum += values[s]!;
      count++;
    }
    return sum / count;
  });
}
