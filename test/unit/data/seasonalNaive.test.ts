import assert from 'node:assert/strict';
import { seasonalNaive, slidingWindows } from '../../../kernel/rnn/index.js';

describe('the seasonal naive forecast', () => {
  const values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

  it('is the last value where there is no season', () => {
    assert.deepEqual(seasonalNaive(values, { horizon: 3, from: 7 }).toNested(), [[6], [6], [6]]);
    assert.deepEqual(seasonalNaive(values, { horizon: 1 }).toNested(), [values.slice(0, -1)]);
  });

  it('is the value one season ago, or as many as it takes to be known at the origin', () => {
    const forecast = seasonalNaive(values, { horizon: 5, season: 2, from: 4, to: 10 });
    // From origin 3: 2 and 3, again and again; from origin 4: 3 and 4.
    assert.deepEqual(forecast.transpose().toNested(), [
      [2, 3, 2, 3, 2],
      [3, 4, 3, 4, 3],
    ]);
  });

  it('has an origin for each window that looks as far ahead', () => {
    const windows = [
      ...slidingWindows(values, { windowLength: 3, horizon: 2, target: 'span', batchSize: 99 }),
    ];
    const forecast = seasonalNaive(values, { horizon: 2, from: 3 });
    assert.deepEqual(forecast.shape, windows[0]!.target.shape.slice(0, 2));
  });

  it('refuses what has nothing before it, or nothing to forecast', () => {
    assert.throws(() => seasonalNaive(values, { horizon: 1, season: 4, from: 3 }), {
      name: 'OptionError',
      message:
        'seasonalNaive: expected 4 values before the first forecast and 1 from it on, got 3 and 7',
    });
    assert.throws(() => seasonalNaive(values, { horizon: 4, from: 7 }), { name: 'OptionError' });
    assert.throws(() => seasonalNaive(values, { horizon: 4, to: 11 }), { name: 'OptionError' });
  });
});
