import assert from 'node:assert/strict';
import { resample } from '../../../kernel/io/index.js';

const tone = (hertz: number, rate: number, seconds = 0.2): Float32Array =>
  Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) =>
    Math.sin((2 * Math.PI * hertz * i) / rate),
  );
/** The largest difference away from the ends, where the filter sees all of it. */
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 200; i < a.length - 200; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

describe('resample', () => {
  for (const [from, to] of [
    [44_100, 16_000],
    [48_000, 16_000],
    [8_000, 16_000],
    [22_050, 44_100],
  ] as const)
    it(`keeps a tone that both rates hold, from ${from} to ${to} hertz`, () => {
      for (const hertz of [100, 1000, 3000]) {
        const far = farthest(resample(tone(hertz, from), { from, to }), tone(hertz, to));
        assert.ok(far < 2e-3, `${hertz} hertz is off by ${far}`);
      }
    });

  it('takes out what the lower rate cannot hold, instead of folding it back', () => {
    const silence = new Float32Array(3200);
    for (const hertz of [8500, 10_000, 15_000]) {
      const left = farthest(resample(tone(hertz, 44_100), { from: 44_100, to: 16_000 }), silence);
      assert.ok(left < 2e-2, `${left} of ${hertz} hertz are left`);
    }
  });

  it('keeps a constant, with any filter', () => {
    for (const filterWidth of [6, 16, 40]) {
      const out = resample(new Float32Array(4410).fill(0.5), {
        from: 44_100,
        to: 16_000,
        filterWidth,
      });
      assert.ok(
        farthest(
          out,
          out.map(() => 0.5),
        ) < 2e-3,
      );
    }
  });

  it('gives ⌈samples·to/from⌉ samples, those of the same rate as they are', () => {
    assert.equal(resample(new Float32Array(441), { from: 44_100, to: 16_000 }).length, 160);
    assert.equal(resample(new Float32Array(442), { from: 44_100, to: 16_000 }).length, 161);
    assert.equal(resample([], { from: 44_100, to: 16_000 }).length, 0);
    const same = [0.1, -0.2, 0.3];
    assert.deepEqual(resample(same, { from: 16_000, to: 16_000 }), Float32Array.from(same));
  });

  it('refuses rates and filters that are none', () => {
    assert.throws(() => resample([0], { from: 0, to: 16_000 }), {
      name: 'OptionError',
      message: /resample: from must be a positive number, got 0/,
    });
    assert.throws(() => resample([0], { from: 1, to: NaN }), { name: 'OptionError' });
    assert.throws(() => resample([0], { from: 1, to: 2, rolloff: 0 }), { name: 'OptionError' });
    assert.throws(() => resample([0], { from: 1, to: 1e12 }), /at most 2³¹ samples/);
  });
});
