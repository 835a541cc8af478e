import assert from 'node:assert/strict';
import {
  getRngState,
  manualSeed,
  rand,
  randint,
  randn,
  setRngState,
} from '../../../kernel/rnn/index.js';
import { philox4x32, randomStream } from '../../../kernel/rnn/random.js';

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

  it('go on from a saved state, wherever in a block of four it was taken, and streams held go along', () => {
    manualSeed(7);
    const held = randomStream('held');
    for (let drawn = 0; drawn < 9; drawn++) {
      const state = JSON.parse(JSON.stringify(getRngState())) as ReturnType<typeof getRngState>;
      const draw = () => [held.bits(), held.bits(), held.bits(), randn([3]).toNested()];
      const expected = draw();
      manualSeed(99);
      randn([50]);
      setRngState(state);
      assert.deepEqual(draw(), expected, `${drawn} draws`);
      setRngState(state);
      held.bits();
    }
    assert.deepEqual(Object.keys(getRngState().streams).sort(), ['held']);
    setRngState({ seed: 3, streams: {} });
    const fresh = rand([2]).toNested();
    manualSeed(3);
    assert.deepEqual(rand([2]).toNested(), fresh);
    assert.throws(
      () => setRngState({ seed: 1.5, streams: {} }),
      /setRngState: expected \{ seed, streams \}/,
    );
    assert.throws(() => setRngState(null as never), /setRngState: expected/);
  });

  it('refuse a seed that is not a whole number', () => {
    assert.throws(() => manualSeed(1.5), /manualSeed: expected an integer .* got 1.5/);
  });
});
