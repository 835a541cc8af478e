import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseWav, toMono, toWav } from '../../../kernel/io/index.js';

/** A file of chunks, each a name and bytes. */
function makeFile(...chunks: [name: string, bytes: number[]][]): Uint8Array {
  const body = chunks.flatMap(([name, bytes]) => [
    ...Buffer.from(name),
    ...littleEndian(bytes.length, 4),
    ...bytes,
    ...(bytes.length % 2 ? [0] : []),
  ]);
  return Uint8Array.from([
    ...Buffer.from('RIFF'),
    ...littleEndian(body.length + 4, 4),
    ...Buffer.from('WAVE'),
    ...body,
  ]);
}
const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) % 256);
const format = (code: number, channels: number, rate: number, bits: number): number[] => [
  ...littleEndian(code, 2),
  ...littleEndian(channels, 2),
  ...littleEndian(rate, 4),
  ...littleEndian((rate * channels * bits) / 8, 4),
  ...littleEndian((channels * bits) / 8, 2),
  ...littleEndian(bits, 2),
];
const parsed = (bits: number, data: number[], code = 1) => [
  ...parseWav(makeFile(['fmt ', format(code, 1, 8000, bits)], ['data', data])).channels[0]!,
];

describe('parseWav', () => {
  it('reads integers of every width as −1 … 1, floating point as it is', () => {
    assert.deepEqual(parsed(8, [0, 128, 192]), [-1, 0, 0.5]);
    assert.deepEqual(parsed(16, [0, 0x80, 0, 0, 0, 0x40, 1, 0]), [-1, 0, 0.5, 2 ** -15]);
    assert.deepEqual(parsed(24, [0, 0, 0x80, 0, 0, 0xc0, 0, 0, 0x40, 1, 0, 0]), [
      -1,
      -0.5,
      0.5,
      2 ** -23,
    ]);
    assert.deepEqual(parsed(32, [0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1, 0.5]);
    assert.deepEqual(
      parsed(32, [...new Uint8Array(Float32Array.of(1.5, -0.25).buffer)], 3),
      [1.5, -0.25],
    );
    assert.deepEqual(parsed(64, [...new Uint8Array(Float64Array.of(1.5).buffer)], 3), [1.5]);
  });

  it('parts channels, passes other chunks over, odd ones with their padding', () => {
    const file = makeFile(
      ['LIST', [1, 2, 3]],
      ['fmt ', format(1, 2, 44100, 8)],
      ['fact', [0, 0, 0, 0]],
      ['data', [0, 192, 128, 64]],
      ['more', [1]],
    );
    const sound = parseWav(file);
    assert.equal(sound.sampleRate, 44100);
    assert.deepEqual(sound.channels, [Float32Array.of(-1, 0), Float32Array.of(0.5, -0.5)]);
    assert.deepEqual(toMono(sound), Float32Array.of(-0.25, -0.25));
  });

  it('reads the extensible format, a view into a larger buffer, and an ArrayBuffer', () => {
    const extended = [
      ...format(0xfffe, 1, 8000, 16),
      22,
      0,
      16,
      0,
      4,
      0,
      0,
      0,
      1,
      0,
      ...new Array<number>(14).fill(7),
    ];
    const file = makeFile(['fmt ', extended], ['data', [0, 0x40]]);
    assert.deepEqual([...parseWav(file).channels[0]!], [0.5]);
    const larger = new Uint8Array(file.length + 9);
    larger.set(file, 5);
    assert.deepEqual(parseWav(larger.subarray(5, 5 + file.length)), parseWav(file));
    assert.deepEqual(parseWav(file.slice().buffer), parseWav(file));
  });

  it('reads to the end where a pipe left no length', () => {
    for (const length of [0, 0xffffffff]) {
      const file = makeFile(['fmt ', format(1, 1, 8000, 8)], ['data', [0, 128]]);
      new DataView(file.buffer).setUint32(file.length - 6, length, true);
      assert.deepEqual([...parseWav(file).channels[0]!], [-1, 0]);
    }
  });

  it('says what is wrong with a file', () => {
    const whole = toWav({ sampleRate: 8000, channels: [new Float32Array(100)] });
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /expected the bytes of a WAV file/],
      [Uint8Array.from(Buffer.from('ID3 an MP3 file')), /expected the bytes of a WAV file/],
      [whole.subarray(0, 100), /expected 200 bytes of data, got 56: the file is cut off/],
      [whole.subarray(0, 30), /may be cut off|too short/],
      [makeFile(['fmt ', format(1, 1, 8000, 8)]), /holds no data chunk/],
      [makeFile(['data', [1, 2]]), /the data come before their format/],
      [makeFile(['fmt ', format(7, 1, 8000, 8)], ['data', [1]]), /got format 7 of 8 bits/],
      [makeFile(['fmt ', format(1, 0, 8000, 8)], ['data', [1]]), /no channel/],
    ];
    for (const [file, message] of cases)
      assert.throws(() => parseWav(file), { name: 'FileFormatError', message });
    for (let length = 0; length < 60; length++)
      assert.throws(() => parseWav(whole.subarray(0, length)), { name: 'FileFormatError' });
  });
});

describe('toWav', () => {
  const sounds = fc.record(
    {
      sampleRate: fc.integer({ min: 1, max: 192000 }),
      channels: fc
        .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 20 }))
        .chain(([count, frames]) => {
          const channel = fc.float32Array({
            minLength: frames,
            maxLength: frames,
            min: -1,
            max: 1,
            noNaN: true,
          });
          return fc.array(channel, { minLength: count, maxLength: count });
        }),
    },
    { noNullPrototype: true },
  );

  it('writes what parseWav reads: exact in float, to half a step in integers', () => {
    fc.assert(
      fc.property(sounds, (sound) => {
        assert.deepEqual(parseWav(toWav(sound, { format: 'float32' })), sound);
        for (const [name, bits] of [
          ['int16', 15],
          ['int24', 23],
        ] as const) {
          const again = parseWav(toWav(sound, { format: name }));
          assert.equal(again.sampleRate, sound.sampleRate);
          again.channels.forEach((channel, c) =>
            channel.forEach((x, i) => {
              // The largest integer is a step below 1.
              const wanted = Math.min(sound.channels[c]![i]!, 1 - 2 ** -bits);
              assert.ok(Math.abs(x - wanted) <= 2 ** -(bits + 1) + 1e-9, `${x} for ${wanted}`);
            }),
          );
        }
      }),
      { seed: 1 },
    );
  });

  it('writes a standard header, and clips what is too loud', () => {
    const file = toWav({ sampleRate: 16000, channels: [Float32Array.of(2, -2)] });
    assert.deepEqual(
      file,
      makeFile(['fmt ', format(1, 1, 16000, 16)], ['data', [0xff, 0x7f, 0, 0x80]]),
    );
    const odd = toWav({ sampleRate: 16000, channels: [Float32Array.of(0.5)] }, { format: 'int24' });
    assert.deepEqual(odd, makeFile(['fmt ', format(1, 1, 16000, 24)], ['data', [0, 0, 0x40]]));
  });

  it('refuses what is no sound', () => {
    assert.throws(
      () => toWav({ sampleRate: 8000, channels: [] }),
      /expected channels of one length, one at least/,
    );
    assert.throws(
      () => toWav({ sampleRate: 8000, channels: [new Float32Array(1), new Float32Array(2)] }),
      /expected channels of one length/,
    );
    assert.throws(
      () => toWav({ sampleRate: 0.5, channels: [new Float32Array(1)] }),
      /sampleRate must be a positive integer, got 0.5/,
    );
    assert.throws(
      () =>
        toWav({ sampleRate: 8000, channels: [new Float32Array(1)] }, { format: 'mp3' as 'int16' }),
      /format must be one of/,
    );
  });
});
