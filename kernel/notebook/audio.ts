import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { toBase64 } from './base64.js';
import { escapeHtml } from './escapeHtml.js';
import { Media } from './mimeBundle.js';
import { startsWith } from './startsWith.js';
import { toWav } from '../io/wav.js';

/** A sound's samples, from -1 to 1. */
export type Samples = Float32Array | Float64Array | readonly number[];

/** Options of `audio`. */
export interface AudioOptions {
  /** Samples per second; needed where samples are given. */
  sampleRate?: number;
  /** What is heard. */
  label?: string;
}

/** A tensor by its looks: `[samples]` or `[channels, samples]`. */
interface TensorLike {
  data: ArrayLike<number>;
  shape: readonly number[];
}

/**
 * A sound to play: samples from -1 to 1 (what is louder is clipped), one array per channel or a tensor of
 * shape `[samples]` or `[channels, samples]`; or the bytes of a WAV, MP3, Ogg or FLAC file.
 *
 * @throws OptionError without a sample rate, for channels of different lengths, and for other values
 */
export function audio(
  sound: Samples | readonly Samples[] | TensorLike | Uint8Array | ArrayBuffer,
  options: AudioOptions = {},
): Media {
  checkOptions('audio', options, {
    sampleRate: optional(is.positive),
    label: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
  });
  const { sampleRate, label } = options;
  const file = sound instanceof ArrayBuffer ? new Uint8Array(sound) : sound;
  if (file instanceof Uint8Array) return player(file, mimeOf(file), label ?? 'Sound');
  const channels = toChannels(sound as Exclude<typeof sound, ArrayBuffer>);
  if (sampleRate === undefined)
    throw new OptionError('audio: expected { sampleRate } in samples per second, got none');
  const seconds = (channels[0]!.length / sampleRate).toFixed(2);
  const text = `${label ?? 'Sound'}, ${seconds} s at ${sampleRate} Hz`;
  const written = {
    sampleRate: Math.max(1, Math.round(sampleRate)),
    channels: channels.map((channel) => Float32Array.from(channel)),
  };
  return player(toWav(written), 'audio/wav', text);
}

function player(bytes: Uint8Array, mime: string, text: string): Media {
  const source = `data:${mime};base64,${toBase64(bytes)}`;
  return new Media({
    'text/html':
      `<figure style="margin:0"><figcaption>${escapeHtml(text)}</figcaption>` +
      `<audio controls preload="metadata" src="${source}"></audio></figure>`,
    'text/plain': text,
  });
}

/** How files of each kind begin. */
const signatures: [text: string, at: number, mime: string][] = [
  ['WAVE', 8, 'audio/wav'],
  ['OggS', 0, 'audio/ogg'],
  ['fLaC', 0, 'audio/flac'],
  ['ID3', 0, 'audio/mpeg'],
  ['\xff\xfb', 0, 'audio/mpeg'],
];

function mimeOf(bytes: Uint8Array): string {
  for (const [text, at, mime] of signatures) if (startsWith(bytes, text, at)) return mime;
  throw new OptionError(
    `audio: expected samples, or the bytes of a WAV, MP3, Ogg or FLAC file, got ${bytes.length} other bytes`,
  );
}

function toChannels(
  sound: Samples | readonly Samples[] | TensorLike | Uint8Array,
): ArrayLike<number>[] {
  const channels = channelsOf(sound);
  const length = channels[0]?.length ?? 0;
  if (length === 0) throw new OptionError('audio: expected samples, got none');
  const other = channels.find((channel) => channel.length !== length);
  if (other)
    throw new OptionError(
      `audio: expected channels of one length, got ${length} and ${other.length} samples`,
    );
  return channels;
}

function channelsOf(sound: unknown): ArrayLike<number>[] {
  if (isNumbers(sound)) return [sound];
  if (Array.isArray(sound) && sound.every(isNumbers)) return sound;
  if (isTensor(sound)) {
    const samples = sound.shape.at(-1) ?? 0;
    const count = sound.shape.length === 2 ? sound.shape[0]! : 1;
    const { data } = sound;
    return Array.from({ length: count }, (_, channel) =>
      Float64Array.from({ length: samples }, (_one, i) => data[channel * samples + i]!),
    );
  }
  throw new OptionError(
    'audio: expected samples (numbers from -1 to 1), one array per channel, or a tensor of shape ' +
      `[samples] or [channels, samples], got ${Array.isArray(sound) ? 'an array of other things' : typeof sound}`,
  );
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  if (value instanceof Float32Array || value instanceof Float64Array) return true;
  return Array.isArray(value) && value.every((sample) => typeof sample === 'number');
}

function isTensor(value: unknown): value is TensorLike {
  if (typeof value !== 'object' || value === null) return false;
  const { shape, data } = value as Partial<TensorLike>;
  return Array.isArray(shape) && (shape.length === 1 || shape.length === 2) && data !== undefined;
}
