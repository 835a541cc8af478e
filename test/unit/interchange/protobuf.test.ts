import assert from 'node:assert/strict';
import { FileFormatError } from '../../../kernel/unroll.js';
import {
  bytes,
  float,
  integer,
  join,
  Message,
  message,
  string,
} from '../../../kernel/io/interchange/protobuf.js';

const hex = (field: Uint8Array): string => Buffer.from(field).toString('hex');

describe('Protocol Buffers', () => {
  it("writes the encoding guide's examples", () => {
    assert.equal(hex(integer(1, 150)), '089601');
    assert.equal(hex(string(2, 'testing')), '120774657374696e67');
    assert.equal(hex(message(3, [integer(1, 150)])), '1a03089601');
  });

  it('writes numbers and lengths of several bytes', () => {
    assert.equal(hex(integer(20, 2)), 'a00102');
    assert.equal(hex(integer(1, 2 ** 40)), '08808080808020');
    assert.equal(bytes(1, new Uint8Array(300)).length, 3 + 300);
  });

  it('refuses what it would write wrongly', () => {
    assert.throws(() => integer(1, 0.5), RangeError);
  });

  it('writes negative numbers in ten bytes, and reads all of them back', () => {
    assert.equal(hex(integer(1, -1)), '08ffffffffffffffffff01');
    const numbers = [0, -1, 150, -(2 ** 40), 2 ** 40, Number.MAX_SAFE_INTEGER];
    const read = new Message('test', join(numbers.map((one) => integer(3, one))));
    assert.deepEqual(read.integers(3), numbers);
    assert.equal(new Message('test', float(2, -1.5)).float(2), -1.5);
  });

  it('reads packed numbers', () => {
    const packed = new Message('test', bytes(4, Uint8Array.of(3, 0x8e, 0x02)));
    assert.deepEqual(packed.integers(4), [3, 270]);
  });

  it('refuses bytes that are no message', () => {
    const broken = {
      'cut off': [0x0a, 5, 1],
      'a group': [0x0b],
      'an endless number': new Array(11).fill(0x80),
    };
    for (const [name, content] of Object.entries(broken))
      assert.throws(
        () => new Message('test', Uint8Array.from(content as number[])),
        FileFormatError,
        name,
      );
  });
});
