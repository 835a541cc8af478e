import assert from 'node:assert/strict';
import { anomalyScores, detectionDelays, tensor } from '../../../kernel/rnn/index.js';

describe('anomaly scores', () => {
  const reference = [
    [1, 10],
    [-1, -10],
  ];

  it('are squared residuals on the scale of normal ones, the largest of the series', () => {
    const residuals = [
      [1, 0],
      [0, 30],
      [3, 10],
    ];
    const scores = anomalyScores(residuals, { reference, window: 1 });
    assert.deepEqual(scores, [1, 9, 9]);
    assert.deepEqual(
      anomalyScores(tensor(residuals), { reference: tensor(reference), window: 1 }),
      scores,
    );
  });

  it('are averaged over the last time steps, at the beginning over those there are', () => {
    const residuals = [
      [2, 0],
      [0, 0],
      [4, 0],
      [0, 0],
    ];
    assert.deepEqual(anomalyScores(residuals, { reference, window: 2 }), [4, 2, 8, 8]);
  });

  it('refuse rows of another width and a reference without size', () => {
    assert.throws(() => anomalyScores([[1]], { reference }), {
      name: 'ShapeError',
      message: 'anomalyScores: got a row of 1, expected 2',
    });
    for (const none of [[], [[0, 1]]])
      assert.throws(() => anomalyScores(none, { reference: none }), { name: 'OptionError' });
  });
});

describe('detection delays', () => {
  const scores = [0, 5, 0, 0, 0, 5, 0, 0, 0];

  it('count from the beginning of each event to its first alarm', () => {
    const events = [
      { from: 1, to: 2 },
      { from: 2, to: 4 },
      { from: 3, to: 7 },
    ];
    assert.deepEqual(detectionDelays(scores, events, { threshold: 4 }), [0, null, 2]);
  });

  it('count an alarm shortly after, where there is slack, and none at the threshold itself', () => {
    const events = [{ from: 2, to: 4 }];
    assert.deepEqual(detectionDelays(tensor(scores), events, { threshold: 4, slack: 1 }), [null]);
    assert.deepEqual(detectionDelays(scores, events, { threshold: 4, slack: 2 }), [3]);
    assert.deepEqual(detectionDelays(scores, events, { threshold: 5, slack: 9 }), [null]);
  });

  it('refuse an event outside the series', () => {
    assert.throws(() => detectionDelays(scores, [{ from: 9, to: 10 }], { threshold: 1 }), {
      name: 'OptionError',
      message: 'detectionDelays: expected events within the 9 time steps, got one from 9 to 10',
    });
  });
});
