import assert from 'node:assert/strict';
import {
  AdamW,
  CosineLR,
  ExponentialLR,
  OneCycleLR,
  ReduceOnPlateau,
  RMSprop,
  StepLR,
  tensor,
  Warmup,
} from '../../../kernel/rnn/index.js';

const optimizerWith = (...rates: number[]): AdamW =>
  new AdamW(rates.map((lr) => ({ params: [tensor([1], { requiresGrad: true })], lr })));

/** The rate at the first step and after each further one. */
function rates(optimizer: AdamW, schedule: { step(): void }, steps: number): number[] {
  return [
    optimizer.lr,
    ...Array.from({ length: steps }, () => {
      schedule.step();
      return optimizer.lr;
    }),
  ];
}

function assertClose(actual: number[], expected: number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((rate, t) =>
    assert.ok(Math.abs(rate - expected[t]!) < 1e-12, `t = ${t}: ${rate}, expected ${expected[t]!}`),
  );
}

describe('schedules', () => {
  it('StepLR and ExponentialLR fall by their factor', () => {
    const [a, b] = [optimizerWith(1), optimizerWith(1)];
    assertClose(
      rates(a, new StepLR(a, { stepSize: 3, gamma: 0.5 }), 7),
      [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25],
    );
    assertClose(rates(b, new ExponentialLR(b, { gamma: 0.5 }), 3), [1, 0.5, 0.25, 0.125]);
  });

  it("CosineLR follows PyTorch's recursion down to etaMin, and stays there", () => {
    const [tMax, etaMin] = [10, 0.1];
    const expected = [2];
    for (let t = 1; t <= tMax; t++) {
      const part = (step: number) => 1 + Math.cos((Math.PI * step) / tMax);
      expected.push((part(t) / part(t - 1)) * (expected[t - 1]! - etaMin) + etaMin);
    }
    const optimizer = optimizerWith(2);
    const schedule = new CosineLR(optimizer, { tMax, etaMin });
    assertClose(rates(optimizer, schedule, 12), [...expected, etaMin, etaMin]);
  });

  it('CosineLR with restarts begins again, in ever longer cycles', () => {
    const half = (s: number, length: number) => (1 + Math.cos((Math.PI * s) / length)) / 2;
    const cycle = (length: number) => Array.from({ length }, (_, s) => half(s, length));
    const optimizer = optimizerWith(1);
    const schedule = new CosineLR(optimizer, { tMax: 2, restarts: true, tMult: 3 });
    assertClose(rates(optimizer, schedule, 25), [...cycle(2), ...cycle(6), ...cycle(18)]);
    const even = optimizerWith(1);
    const steady = new CosineLR(even, { tMax: 4, restarts: true });
    assertClose(rates(even, steady, 11), [...cycle(4), ...cycle(4), ...cycle(4)]);
  });

  it('OneCycleLR rises, falls and ends where PyTorch does', () => {
    const optimizer = optimizerWith(123);
    const schedule = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10 });
    const actual = rates(optimizer, schedule, 9);
    // Corners at step 0, 0.3·10 − 1 and 9; half a cosine between.
    const cosine = (from: number, to: number, part: number) =>
      from + (to - from) * (0.5 - 0.5 * Math.cos(Math.PI * part));
    const expected = Array.from({ length: 10 }, (_, t) =>
      t <= 2 ? cosine(0.04, 1, t / 2) : cosine(1, 4e-6, (t - 2) / 7),
    );
    assertClose(actual, expected);
    schedule.step();
    assert.ok(Math.abs(optimizer.lr - 4e-6) < 1e-12);
    assert.throws(() => schedule.step(), /expected at most totalSteps = 10 steps, got step 11/);
  });

  it('OneCycleLR in three phases and in lines', () => {
    const optimizer = optimizerWith(1);
    const schedule = new OneCycleLR(optimizer, {
      maxLr: 2,
      totalSteps: 10,
      pctStart: 0.4,
      divFactor: 4,
      finalDivFactor: 5,
      threePhase: true,
      annealStrategy: 'linear',
    });
    const expected = [0.5, 1, 1.5, 2, 1.5, 1, 0.5, 0.5 - 0.4 / 3, 0.5 - 0.8 / 3, 0.1];
    assertClose(rates(optimizer, schedule, 9), expected);
  });

  it('OneCycleLR lowers momentum, or the first beta, while the rate is high', () => {
    const theta = tensor([1], { requiresGrad: true });
    const cycle = { maxLr: 1, totalSteps: 10 };
    const moving = new RMSprop([theta], { momentum: 0.5 });
    const still = new RMSprop([theta]);
    const adam = optimizerWith(1);
    const kept = optimizerWith(1);
    const schedules = [moving, still, adam].map((one) => new OneCycleLR(one, cycle));
    schedules.push(new OneCycleLR(kept, { ...cycle, cycleMomentum: false }));
    const seen = Array.from({ length: 10 }, () => {
      const now = [moving.groups[0]!.momentum, adam.groups[0]!.betas[0]];
      for (const schedule of schedules) schedule.step();
      return now;
    });
    const half = (part: number) => 0.5 - 0.5 * Math.cos(Math.PI * part);
    const expected = Array.from({ length: 10 }, (_, t) =>
      t <= 2 ? 0.95 - 0.1 * half(t / 2) : 0.85 + 0.1 * half((t - 2) / 7),
    );
    assertClose(
      seen.flat(),
      expected.flatMap((momentum) => [momentum, momentum]),
    );
    assert.equal(still.groups[0]!.momentum, 0);
    assert.deepEqual(kept.groups[0]!.betas, [0.9, 0.999]);
  });

  it('Warmup rises in a line and hands over to another schedule at its beginning', () => {
    const optimizer = optimizerWith(1);
    const then = new ExponentialLR(optimizer, { gamma: 0.5 });
    const schedule = new Warmup(optimizer, { steps: 4, startFactor: 0.2, then });
    assertClose(rates(optimizer, schedule, 6), [0.2, 0.4, 0.6, 0.8, 1, 0.5, 0.25]);
    const alone = optimizerWith(3);
    assertClose(rates(alone, new Warmup(alone, { steps: 2 }), 3), [1, 2, 3, 3]);
  });

  it('each group falls from its own rate', () => {
    const optimizer = optimizerWith(1, 10);
    new StepLR(optimizer, { stepSize: 1, gamma: 0.5 }).step();
    assert.deepEqual(
      optimizer.groups.map(({ lr }) => lr),
      [0.5, 5],
    );
  });

  it('a schedule goes on from its state', () => {
    const [a, b] = [optimizerWith(1), optimizerWith(7)];
    const first = new CosineLR(a, { tMax: 9 });
    for (let t = 0; t < 4; t++) first.step();
    const second = new CosineLR(b, { tMax: 9 });
    second.loadState(JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>);
    assert.equal(b.lr, a.lr);
    assert.deepEqual(rates(b, second, 4), rates(a, first, 4));
    assert.throws(() => second.loadState({ t: 1, baseRates: [1, 2] }), /baseRates } of 1 groups/);
  });

  it('ReduceOnPlateau waits for patience, then reduces, cools down and stops at the least rate', () => {
    const optimizer = optimizerWith(1);
    const schedule = new ReduceOnPlateau(optimizer, {
      factor: 0.1,
      patience: 1,
      cooldown: 2,
      minLr: 0.05,
      threshold: 0.1,
    });
    const seen = [10, 8, 7.9, 7.5, 7.5, 7.5, 7.5, 7.5, 6].map((metric) => {
      schedule.step(metric);
      return optimizer.lr;
    });
    // 7.9 and 7.5 are no improvement on 8 by a tenth; two steps of cooling down; two bad ones again.
    assertClose(seen, [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05]);
    assert.equal(schedule.best, 6);
  });

  it('ReduceOnPlateau for a metric that should rise, by differences, and from a state', () => {
    const optimizer = optimizerWith(1, 2);
    const options = { mode: 'max', thresholdMode: 'abs', threshold: 0.5, patience: 0 } as const;
    const schedule = new ReduceOnPlateau(optimizer, options);
    for (const metric of [1, 1.6]) schedule.step(metric);
    assert.equal(optimizer.lr, 1);
    const state = schedule.state();
    schedule.step(2);
    assert.deepEqual(
      optimizer.groups.map(({ lr }) => lr),
      [0.1, 0.2],
    );
    const other = optimizerWith(5, 5);
    const resumed = new ReduceOnPlateau(other, options);
    resumed.loadState(state);
    assert.deepEqual(
      other.groups.map(({ lr }) => lr),
      [1, 2],
    );
    resumed.step(NaN);
    assert.deepEqual(
      other.groups.map(({ lr }) => lr),
      [0.1, 0.2],
      'NaN is no improvement',
    );
  });

  it('say what does not fit', () => {
    const optimizer = optimizerWith(1);
    assert.throws(() => new StepLR({} as never, { stepSize: 1 }), /StepLR: expected an optimiser/);
    assert.throws(
      () => new StepLR(optimizer, { stepSize: 0 }),
      /stepSize must be a positive integer/,
    );
    assert.throws(
      () => new CosineLR(optimizer, { tMax: 5, tMult: 2 }),
      /tMult needs restarts: true/,
    );
    assert.throws(
      () => new ReduceOnPlateau(optimizer, { factor: 2 }),
      /factor must be a number from 0/,
    );
    assert.throws(
      () => new Warmup(optimizer, { steps: 2, then: 3 as never }),
      /then must be a schedule/,
    );
  });
});
