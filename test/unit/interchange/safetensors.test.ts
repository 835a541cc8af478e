import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  FileFormatError,
  GRU,
  InterchangeError,
  loadSafetensors,
  LSTM,
  manualSeed,
  safetensorsMetadata,
  saveSafetensors,
  tensor,
  Tensor,
  zeros,
} from '../../../kernel/unroll.js';
import { holdsForAll } from '../rnn/holdsForAll.js';

/** A file from a header and the numbers. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe('safetensors', () => {
  it('writes the documented layout', () => {
    const bytes = saveSafetensors({ a: tensor([1, 2]), b: tensor([[3]], { dtype: 'int32' }) });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.deepEqual(header, {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      b: { dtype: 'I32', shape: [1, 1], data_offsets: [8, 12] },
    });
    assert.equal(length % 8, 0);
    assert.deepEqual([...bytes.subarray(8 + length)], [0, 0, 128, 63, 0, 0, 0, 64, 3, 0, 0, 0]);
  });

  it('gives back every tensor, bit by bit', () =>
    holdsForAll(
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__'),
        fc.oneof(fc.float32Array(), fc.float64Array(), fc.int32Array()),
      ),
      (arrays) => {
        const tensors = Object.fromEntries(
          Object.entries(arrays).map(([name, data]) => [name, new Tensor(data, [1, data.length])]),
        );
        const loaded = loadSafetensors(saveSafetensors(tensors));
        assert.deepEqual(new Set(Object.keys(loaded)), new Set(Object.keys(tensors)));
        for (const [name, { data, shape }] of Object.entries(tensors)) {
          assert.deepEqual(loaded[name]!.shape, shape);
          assert.deepEqual(loaded[name]!.data, data);
        }
      },
    ));

  it("carries a model's parameters under PyTorch's names, and text", () => {
    manualSeed(1);
    const options = { inputSize: 2, hiddenSize: 3, numLayers: 2 };
    const [model, other] = [new LSTM(options), new LSTM(options)];
    const bytes = saveSafetensors(model, { metadata: { epoch: '3' } });
    other.loadStateDict(loadSafetensors(bytes));
    assert.deepEqual(other.stateDict(), model.stateDict());
    assert.deepEqual(Object.keys(loadSafetensors(bytes)), Object.keys(model.stateDict()));
    assert.deepEqual(safetensorsMetadata(bytes), { epoch: '3' });
  });

  it('reads half precision, brain floats, long and short integers, wherever they lie', () => {
    const entry = (dtype: string, from: number, to: number) => ({
      dtype,
      shape: [2],
      data_offsets: [from, to],
    });
    const halves = Uint8Array.of(0x00, 0x3e, 0x01, 0x80);
    const brains = Uint8Array.of(0xc0, 0x3f, 0x80, 0xff);
    const longs = new Uint8Array(BigInt64Array.of(-5n, 7n).buffer);
    const data = Uint8Array.of(1, 0, ...halves, ...brains, ...longs);
    const loaded = loadSafetensors(
      file(
        {
          flag: entry('BOOL', 0, 2),
          half: entry('F16', 2, 6),
          brain: entry('BF16', 6, 10),
          long: entry('I64', 10, 26),
        },
        data,
      ),
    );
    const numbers = Object.fromEntries(
      Object.entries(loaded).map(([name, one]) => [name, [...one.data]]),
    );
    assert.deepEqual(numbers, {
      flag: [1, 0],
      half: [1.5, -(2 ** -24)],
      brain: [1.5, -Infinity],
      long: [-5, 7],
    });
  });

  it('refuses a GRU that PyTorch would read as another', () => {
    const gru = new GRU({ inputSize: 2, hiddenSize: 3, resetAfter: false });
    assert.throws(
      () => saveSafetensors(gru),
      (error) => error instanceof InterchangeError && /resetAfter: false/.test(error.message),
    );
    saveSafetensors(new GRU({ inputSize: 2, hiddenSize: 3 }));
  });

  const f32 = (shape: unknown, offsets: unknown) => ({
    dtype: 'F32',
    shape,
    data_offsets: offsets,
  });
  const eight = new Uint8Array(8);
  const hostile: Record<string, [Uint8Array, RegExp]> = {
    'a file too short for a header': [new Uint8Array(5), /got 5 bytes/],
    'a header longer than the file': [new Uint8Array(8).fill(255), /said to have/],
    'a header that is no JSON': [file('{"a":'), /no JSON/],
    'a header that is a list': [file([]), /no JSON object/],
    'a tensor that is a number': [file({ a: 3 }), /'a' as 3/],
    'a negative extent': [file({ a: f32([-2], [0, 8]) }, eight), /'a' as/],
    'an extent that is no number': [file({ a: f32(['2'], [0, 8]) }, eight), /'a' as/],
    'extents whose product overflows': [
      file({ a: f32([2 ** 40, 2 ** 40], [0, 8]) }, eight),
      /bytes/,
    ],
    'numbers that are not there': [file({ a: f32([2], [0, 8]) }), /cut off/],
    'numbers that nobody has': [file({ a: f32([1], [0, 4]) }, eight), /longer/],
    'tensors on each other': [
      file({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, eight),
      /'b' begins at byte 4, expected 8/,
    ],
    'a hole': [file({ a: f32([1], [4, 8]) }, eight), /expected 0/],
    'metadata that is no text': [file({ __metadata__: { a: 1 } }), /text by name/],
  };
  for (const [name, [bytes, message]] of Object.entries(hostile))
    it(`refuses ${name}`, () => {
      assert.throws(
        () => loadSafetensors(bytes),
        (error) => error instanceof FileFormatError && message.test(error.message),
      );
    });

  it('refuses types that it has no numbers for, and whole numbers beyond 32 bits', () => {
    const of = (dtype: string) => ({ a: { dtype, shape: [1], data_offsets: [0, 8] } });
    assert.throws(() => loadSafetensors(file(of('C64'), eight)), /'a' has elements of type C64/);
    const beyond = new Uint8Array(BigInt64Array.of(2n ** 31n).buffer);
    assert.throws(() => loadSafetensors(file(of('I64'), beyond)), /'a' holds 2147483648/);
  });

  it('leaves nothing behind under names that objects know', () => {
    const loaded = loadSafetensors(saveSafetensors(JSON.parse('{}') as Record<string, Tensor>));
    assert.deepEqual(loaded, {});
    const bytes = file('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', eight);
    assert.deepEqual(Object.keys(loadSafetensors(bytes)), ['__proto__']);
    assert.equal(zeros([1]).size, 1);
  });
});
