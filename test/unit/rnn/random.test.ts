import assert from 'node:assert/strict';
import { manualSeed, rand, randint, randn } from '../../../kernel/rnn/index.js';
import { philox4x32 } from '../../../kernel/rnn/random.js';

describe('random numbers', () => {
  it('are those of Philox-4x32-10 (known answers of the Random123 library)', () => {
    const hex = (values: number[]) => values.map((value) => value.toString(16)).join(' ');
    assert.equal(hex(philox4x32([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    const all = 0xffffffff;
    assert.equal(
      hex(philox4x32([all, all, all, all], [all, all])),
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    );
    assert.equal(
      hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });

  it('repeat after manualSeed, and streams do not disturb each other', () => {
    manualSeed(3);
    const first = randn([4]).toNested();
    manualSeed(3);
    rand([100]);
    assert.deepEqual(randn([4]).toNested(), first);
    manualSeed(4);
    assert.notDeepEqual(randn([4]).toNested(), first);
  });

  it('have the moments of their distributions', () => {
    manualSeed(5);
    const n = 40_000;
    const uniform = rand([n], { dtype: 'float64' });
    assert.ok(Math.abs(uniform.mean().item() - 0.5) < 5 / Math.sqrt(12 * n));
    const normal = randn([n], { dtype: 'float64' });
    assert.ok(Math.abs(normal.mean().item()) < 5 / Math.sqrt(n));
    assert.ok(Math.abs(normal.mul(normal).mean().item() - 1) < 5 * Math.sqrt(2 / n));
    assert.deepEqual([...new Set(randint(2, 5, [200]).data)].sort(), [2, 3, 4]);
  });

  it('refuse a seed that is not a whole number', () => {
    assert.throws(() => manualSeed(1.5), /manualSeed: expected an integer .* got 1.5/);
  });
});
