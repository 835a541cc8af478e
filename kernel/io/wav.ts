import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { FileFormatError, toBytes, type Bytes } from './fileFormatError.js';

/** Samples from −1 to 1, an array for each channel, all of one length. */
export interface Sound {
  /** Samples per second. */
  sampleRate: number;
  channels: Float32Array[];
}

interface SampleFormat {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const pcm = 1;
const float = 3;
const extensible = 0xfffe;

/** By format code and bits. */
const formats: Readonly<Record<string, SampleFormat>> = {
  [`${pcm}:8`]: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 128 },
  [`${pcm}:16`]: { bytes: 2, read: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  [`${pcm}:24`]: {
    bytes: 3,
    read: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  },
  [`${pcm}:32`]: { bytes: 4, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  [`${float}:32`]: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  [`${float}:64`]: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/**
 * Reads a WAV file: integers of 8, 16, 24 or 32 bits, floating point of 32 or 64.
 *
 * Sources: Microsoft and IBM, "Multimedia programming interface and data specifications 1.0", 1991;
 * http://soundfile.sapp.org/doc/WaveFormat/
 *
 * @throws FileFormatError if it is no such file, or is cut off
 */
export function parseWav(file: Bytes): Sound {
  const bytes = toBytes(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (textAt(view, 0) !== 'RIFF' || textAt(view, 8) !== 'WAVE')
    throw new FileFormatError('parseWav: expected the bytes of a WAV file, got something else');
  const { header, data } = findChunks(view);
  const { code, bits, channelCount, sampleRate } = header;
  const format = formats[`${code}:${bits}`];
  if (!format)
    throw new FileFormatError(
      `parseWav: expected 8 to 32 bits PCM or floating point, got format ${code} of ${bits} bits`,
    );
  const frameBytes = format.bytes * channelCount;
  const frames = Math.floor(data.length / frameBytes);
  const channels = Array.from({ length: channelCount }, (_, c) => {
    const samples = new Float32Array(frames);
    for (let i = 0; i < frames; i++)
      samples[i] = format.read(view, data.at + i * frameBytes + c * format.bytes);
    return samples;
  });
  return { sampleRate, channels };
}

interface Chunk {
  readonly at: number;
  readonly length: number;
}

function findChunks(view: DataView) {
  let header: ReturnType<typeof readHeader> | undefined;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = textAt(view, at);
    const length = view.getUint32(at + 4, true);
    const chunk = { at: at + 8, length };
    if (name === 'fmt ') header = readHeader(view, chunk);
    if (name === 'data') {
      if (!header) throw new FileFormatError('parseWav: the data come before their format');
      return { header, data: { at: at + 8, length: dataLength(view, chunk) } };
    }
    // Chunks start at even places.
    at += 8 + length + (length % 2);
  }
  throw new FileFormatError('parseWav: the file holds no data chunk, it may be cut off');
}

/** What was written to a pipe has no length in its header: then the data go to the end. */
function dataLength(view: DataView, { at, length }: Chunk): number {
  const rest = view.byteLength - at;
  if (length === 0xffffffff || (length === 0 && rest > 0)) return rest;
  if (length > rest)
    throw new FileFormatError(
      `parseWav: expected ${length} bytes of data, got ${rest}: the file is cut off`,
    );
  return length;
}

function readHeader(view: DataView, { at, length }: Chunk) {
  if (length < 16 || at + length > view.byteLength)
    throw new FileFormatError('parseWav: the format chunk is too short');
  const code = view.getUint16(at, true);
  const channelCount = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (channelCount === 0) throw new FileFormatError('parseWav: the file has no channel');
  const isExtensible = code === extensible && length >= 40;
  return {
    code: isExtensible ? view.getUint16(at + 24, true) : code,
    channelCount,
    sampleRate,
    bits,
  };
}

function textAt(view: DataView, at: number): string {
  if (at + 4 > view.byteLength) return '';
  return String.fromCharCode(...[0, 1, 2, 3].map((k) => view.getUint8(at + k)));
}

/** Options of `toWav`. */
export interface WavOptions {
  /** `'int16'`, `'int24'` (both clip what is beyond −1 … 1) or `'float32'`. Default `'int16'`. */
  format?: 'int16' | 'int24' | 'float32';
}

const writers = {
  int16: {
    code: pcm,
    bytes: 2,
    write: (view: DataView, at: number, x: number) => view.setInt16(at, toInteger(x, 15), true),
  },
  int24: {
    code: pcm,
    bytes: 3,
    write: (view: DataView, at: number, x: number) => {
      const value = toInteger(x, 23);
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
    },
  },
  float32: {
    code: float,
    bytes: 4,
    write: (view: DataView, at: number, x: number) => view.setFloat32(at, x, true),
  },
};

const toInteger = (x: number, bits: number): number =>
  Math.max(-(2 ** bits), Math.min(2 ** bits - 1, Math.round(x * 2 ** bits)));

/**
 * The bytes of a WAV file.
 * @throws OptionError for channels of different lengths, or none, or a sample rate that is no positive integer
 */
export function toWav(sound: Sound, options: WavOptions = {}): Uint8Array {
  checkOptions('toWav', options, { format: optional(is.oneOf(...Object.keys(writers))) });
  const { sampleRate, channels } = sound;
  const frames = channels[0]?.length;
  if (frames === undefined || channels.some(({ length }) => length !== frames))
    throw new OptionError('toWav: expected channels of one length, one at least');
  if (!Number.isInteger(sampleRate) || sampleRate < 1)
    throw new OptionError(`toWav: sampleRate must be a positive integer, got ${sampleRate}`);
  const { code, bytes, write } = writers[options.format ?? 'int16'];
  const frameBytes = bytes * channels.length;
  const dataBytes = frames * frameBytes;
  const view = new DataView(new ArrayBuffer(44 + dataBytes + (dataBytes % 2)));
  writeText(view, 0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  writeText(view, 8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 8 * bytes, true);
  writeText(view, 36, 'data');
  view.setUint32(40, dataBytes, true);
  channels.forEach((samples, c) => {
    for (let i = 0; i < frames; i++) write(view, 44 + i * frameBytes + c * bytes, samples[i]!);
  });
  return new Uint8Array(view.buffer);
}

function writeText(view: DataView, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
}

/** One channel, the mean of all. */
export function toMono({ channels }: Sound): Float32Array {
  const [first] = channels;
  if (!first) throw new OptionError('toMono: expected one channel at least, got none');
  return first.map(
    (_, i) => channels.reduce((sum, samples) => sum + samples[i]!, 0) / channels.length,
  );
}
