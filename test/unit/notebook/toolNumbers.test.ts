import assert from 'node:assert/strict';
import { rounded, thinnedPositions } from '../../../src/tools/numbers.js';
import { trainingNumbers } from '../../../src/tools/trainingNumbers.js';

describe('numbers for a language model', () => {
  it('have six digits, and are null where JSON has none', () => {
    assert.deepEqual([1.23456789, 1e-9 / 3, NaN, Infinity, null, undefined].map(rounded), [
      ...[1.23457, 3.33333e-10, null, null, null, null],
    ]);
  });

  it('are thinned evenly, with both ends and what must be there', () => {
    assert.deepEqual(thinnedPositions(3, 5), [0, 1, 2]);
    assert.deepEqual(thinnedPositions(101, 6, [37]), [0, 25, 37, 50, 75, 100]);
    assert.deepEqual(thinnedPositions(0, 5, []), []);
  });

  it('of a run say where it is lowest, and how many values were not finite', () => {
    const value = [3, 2, null, 0.5, 1];
    const series = [
      {
        name: 'training',
        role: 'training' as const,
        step: [1, 2, 3, 4, 5],
        seconds: [0, 1, 2, 3, 4],
        value,
      },
    ];
    const numbers = trainingNumbers(
      {
        version: 1,
        title: 't',
        unit: 'nats',
        status: 'running',
        paused: true,
        totalSteps: 9,
        series,
      },
      3,
    );
    assert.equal(numbers.status, 'paused');
    const { lowest, last, notFinite, step } = numbers.series[0]!;
    assert.deepEqual(
      [lowest, last, notFinite],
      [{ step: 4, value: 0.5 }, { step: 5, value: 1 }, 1],
    );
    assert.ok(step.includes(4) && step.length <= 3);
  });

  it('of a run that has not begun are empty', () => {
    const series = [
      { name: 'training', role: 'training' as const, step: [], seconds: [], value: [] },
    ];
    const numbers = trainingNumbers(
      { version: 1, title: 't', unit: 'nats', status: 'running', totalSteps: 9, series },
      10,
    );
    assert.deepEqual(numbers.series[0]?.first, { step: null, value: null });
  });
});
