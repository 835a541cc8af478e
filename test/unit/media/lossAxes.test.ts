import assert from 'node:assert/strict';
import {
  type Axis,
  place,
  toStepAxis,
  toTimeAxis,
  toValueAxis,
  valueAt,
} from '../../../media/loss/axes.js';

function assertDrawable({ domain, ticks }: Axis): void {
  const [low, high] = domain;
  assert.ok(Number.isFinite(low) && Number.isFinite(high) && low < high, `domain ${domain.join()}`);
  const slack = (high - low) * 1e-9;
  assert.ok(ticks.length <= 50, `${ticks.length} ticks`);
  assert.ok(
    ticks.every((tick) => tick >= low - slack && tick <= high + slack),
    `ticks ${ticks.join()}`,
  );
}

describe('value axis', () => {
  it('holds all values and ends near them', () => {
    const { domain, ticks } = toValueAxis([4.56, 1.62, 2.1], 'linear', 5);
    assert.deepEqual(domain, [1.5, 5]);
    assert.deepEqual(ticks, [2, 3, 4, 5]);
  });

  it('starts at 0 where values come near it', () => {
    assert.equal(toValueAxis([0.02, 1], 'linear', 5).domain[0], 0);
  });

  it('stays where it is while values move a little', () => {
    const before = toValueAxis([4.56, 1.62], 'linear', 5);
    assert.deepEqual(toValueAxis([4.56, 1.58], 'linear', 5), before);
  });

  it('has powers of ten over many decades of a log scale', () => {
    assert.deepEqual(
      toValueAxis([1e-6, 1], 'log', 5).ticks,
      [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
    );
  });

  it('has round numbers on a log scale of less than a decade', () => {
    assert.deepEqual(toValueAxis([1.7, 4.5], 'log', 5).ticks, [2, 3, 4, 5]);
  });

  it('leaves values of 0 and less out of a log scale', () => {
    const { domain } = toValueAxis([-5, 0, 1, 10], 'log', 5);
    assert.ok(domain[0] > 0.8);
  });

  for (const kind of ['linear', 'log'] as const) {
    for (const values of [
      [],
      [0],
      [3],
      [-3, -3],
      [1e308, -1e308],
      [5e-324, 1e-323],
      [1e-300, 1e300],
      [1e15, 1e15 + 1],
    ]) {
      it(`is drawable for ${JSON.stringify(values)} on a ${kind} scale`, () => {
        assertDrawable(toValueAxis(values, kind, 5));
      });
    }
  }
});

describe('step axis', () => {
  it('runs from 0 to the last step with whole ticks', () => {
    const { domain, ticks } = toStepAxis(3, 8);
    assert.deepEqual(domain, [0, 3]);
    assert.deepEqual(ticks, [0, 1, 2, 3]);
  });

  it('is drawable for the largest count there is', () => {
    assertDrawable(toStepAxis(Number.MAX_SAFE_INTEGER, 8));
    assertDrawable(toStepAxis(0, 8));
  });
});

describe('time axis', () => {
  const labels = (last: number) => {
    const { ticks, divisor, suffix } = toTimeAxis(last, 5, false);
    return ticks.map((tick) => `${tick / divisor}${suffix}`);
  };

  it('has ticks at times that a clock has', () => {
    assert.deepEqual(labels(71), ['0 s', '15 s', '30 s', '45 s', '60 s']);
    assert.deepEqual(labels(500), ['0 min', '2 min', '4 min', '6 min', '8 min']);
    assert.deepEqual(labels(5 * 3600), ['0 h', '1 h', '2 h', '3 h', '4 h', '5 h']);
  });

  it('leaves a run that goes on room up to the next tick', () => {
    assert.equal(toTimeAxis(71, 5, true).domain[1], 75);
  });

  it('is drawable for any length', () => {
    for (const last of [0, 1e-9, 1, 1e6, 1e12, 1e300]) assertDrawable(toTimeAxis(last, 5, true));
  });
});

describe('place', () => {
  for (const axis of [toValueAxis([2, 9], 'linear', 5), toValueAxis([2, 900], 'log', 5)]) {
    it(`maps the ends of a ${axis.kind} axis to 0 and 1, and valueAt is its inverse`, () => {
      assert.equal(place(axis, axis.domain[0]), 0);
      assert.equal(place(axis, axis.domain[1]), 1);
      assert.ok(Math.abs(valueAt(axis, place(axis, 5)) - 5) < 1e-12);
    });
  }
});
