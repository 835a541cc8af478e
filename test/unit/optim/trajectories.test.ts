import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  Adagrad,
  AdamW,
  Linear,
  Lion,
  manualSeed,
  randn,
  RMSprop,
  SGD,
  tensor,
  type GroupOptions,
  type Optimizer,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { cases } from './referenceUpdates.js';

const start = [1, -2, 0.3, -0.04];
/** Fixed slopes for each time step; the gradient at θ is slope + θ. */
const slopes = (): number[][] => {
  manualSeed(17);
  return randn([25, start.length], { dtype: 'float64' }).toNested() as number[][];
};

function train(optimizer: Optimizer, theta: Tensor, from: number, to: number): void {
  for (const slope of slopes().slice(from, to)) {
    optimizer.zeroGrad();
    theta
      .mul(tensor(slope, { dtype: 'float64' }))
      .add(theta.mul(theta).mul(0.5))
      .sum()
      .backward();
    optimizer.step();
  }
}

/** The gradient is the slope alone: rounding then does not find its way back into it. */
function trainLayer(optimizer: Optimizer, layer: Linear, from: number, to: number): void {
  for (const slope of slopes().slice(from, to)) {
    optimizer.zeroGrad();
    layer
      .forward(tensor([slope]))
      .sum()
      .backward();
    optimizer.step();
  }
}

const parameter = (values: number[] = start): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });

describe('optimisers', () => {
  for (const [name, { create, reference }] of Object.entries(cases)) {
    it(`${name}: 25 steps are those of the formula in float64`, () => {
      const theta = parameter();
      train(create([theta]), theta, 0, 25);
      start.forEach((value, i) => {
        const update = reference();
        slopes().forEach((slope, step) => {
          value = update(value, slope[i]! + value, step + 1);
        });
        const actual = theta.data[i]!;
        assert.ok(Math.abs(actual - value) < 1e-12, `element ${i}: ${actual}, expected ${value}`);
      });
    });

    it(`${name}: float32 weights of a layer follow the same formula, and resume bit for bit`, () => {
      const [whole, resumed] = [0, 1].map(() => {
        const layer = new Linear({ inFeatures: start.length, outFeatures: 1, bias: false });
        layer.weight.data.set(start);
        return layer;
      }) as [Linear, Linear];
      trainLayer(create(whole.parameters()), whole, 0, 25);
      const first = create(resumed.parameters());
      trainLayer(first, resumed, 0, 12);
      const second = create(resumed.parameters());
      second.loadState(first.state());
      trainLayer(second, resumed, 12, 25);
      assert.deepEqual(resumed.weight.data, whole.weight.data);
      start.forEach((value, i) => {
        const update = reference();
        slopes().forEach((slope, step) => {
          value = update(value, slope[i]!, step + 1);
        });
        assert.ok(Math.abs(whole.weight.data[i]! - value) < 1e-5);
      });
    });

    it(`${name}: goes on from its state bit for bit`, () => {
      const [whole, resumed] = [parameter(), parameter()];
      train(create([whole]), whole, 0, 25);
      const first = create([resumed]);
      train(first, resumed, 0, 12);
      const state = first.state();
      const second = create([resumed]);
      second.lr = 99;
      second.loadState(state);
      train(second, resumed, 12, 25);
      assert.deepEqual(resumed.data, whole.data);
    });
  }

  it('groups have settings of their own: each trains as in an optimiser of its own', () => {
    const [a, b] = [parameter(), parameter([3, -1, 2, 5])];
    const [alone, other] = [parameter(), parameter([3, -1, 2, 5])];
    const groups: GroupOptions<{
      lr: number;
      weightDecay: number;
      betas: readonly [number, number];
    }>[] = [
      { params: [a], lr: 0.1 },
      { params: [b], weightDecay: 0.5, betas: [0.5, 0.5] },
    ];
    const both = new AdamW(groups, { lr: 0.02 });
    assert.deepEqual(
      both.groups.map(({ lr, weightDecay, params }) => [lr, weightDecay, params.length]),
      [
        [0.1, 0.01, 1],
        [0.02, 0.5, 1],
      ],
    );
    train(both, a, 0, 9);
    train(both, b, 0, 9);
    train(new AdamW([alone], { lr: 0.1 }), alone, 0, 9);
    train(new AdamW([other], { lr: 0.02, weightDecay: 0.5, betas: [0.5, 0.5] }), other, 0, 9);
    assert.deepEqual(a.data, alone.data);
    assert.deepEqual(b.data, other.data, 'a parameter without a gradient was not stepped');
  });

  it('gradients of parts of a batch add up to the step of the whole', () => {
    const [whole, parts] = [parameter(), parameter()];
    const [all, some] = [new AdamW([whole]), new AdamW([parts])];
    const rows = slopes().map((slope) => tensor(slope, { dtype: 'float64' }));
    for (let step = 0; step < 5; step++) {
      const four = rows.slice(4 * step, 4 * step + 4);
      all.zeroGrad();
      four
        .map((row) => whole.mul(row).sum())
        .reduce((a, b) => a.add(b))
        .mul(0.25)
        .backward();
      all.step();
      some.zeroGrad();
      for (const row of four) parts.mul(row).sum().mul(0.25).backward();
      some.step();
    }
    whole.data.forEach((value, i) => assert.ok(Math.abs(value - parts.data[i]!) < 1e-12));
  });

  it('lr reads the first group and sets all; a group may be changed between steps', () => {
    const optimizer = new Lion([{ params: [parameter()], lr: 0.5 }, { params: [parameter()] }]);
    assert.equal(optimizer.lr, 0.5);
    optimizer.groups[1]!.lr = 0.25;
    assert.deepEqual(
      optimizer.groups.map(({ lr }) => lr),
      [0.5, 0.25],
    );
    optimizer.lr = 0.125;
    assert.deepEqual(
      optimizer.groups.map(({ lr }) => lr),
      [0.125, 0.125],
    );
  });

  it('SGD takes its rate for all or from each group, and Nesterov needs momentum in each', () => {
    const groups = (): GroupOptions<{ lr: number; momentum: number; nesterov: boolean }>[] => [
      { params: [parameter()], lr: 0.5 },
      { params: [parameter()], lr: 0.25, momentum: 0.9, nesterov: true },
    ];
    const optimizer = new SGD(groups(), {} as { lr: number });
    assert.deepEqual(
      optimizer.groups.map(({ lr, momentum }) => [lr, momentum]),
      [
        [0.5, 0],
        [0.25, 0.9],
      ],
    );
    assert.throws(
      () => new SGD([{ params: [parameter()] }], {} as { lr: number }),
      /SGD, group 0: lr must be a positive number, got undefined/,
    );
    assert.throws(
      () => new SGD(groups(), { lr: 1, nesterov: true }),
      /SGD: nesterov needs a momentum above 0/,
    );
  });

  it('a state holds settings and moments as copies, and says what does not fit', () => {
    const theta = parameter();
    const optimizer = new AdamW([theta], { lr: 0.1 });
    train(optimizer, theta, 0, 2);
    const state = optimizer.state();
    train(optimizer, theta, 2, 4);
    assert.equal(state.kind, 'AdamW');
    assert.deepEqual(state.steps, [2]);
    assert.deepEqual(state.groups, [
      { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
    ]);
    assert.deepEqual(Object.keys(state.moments), ['first', 'second']);
    assert.notDeepEqual(
      state.moments['first']![0]!.data,
      optimizer.state().moments['first']![0]!.data,
    );
    const misfits: [() => Optimizer, RegExp][] = [
      [
        () => new Lion([parameter()]),
        /Lion.loadState: the state is of AdamW; moment 'moment' of parameter 0 is missing/,
      ],
      [
        () => new AdamW([parameter([1])]),
        /moment 'first' of parameter 0 is \[4\], expected \[1\]; moment 'second'/,
      ],
      [() => new AdamW([parameter(), parameter()]), /got 1 parameters, expected 2/],
      [() => new AdamW([{ params: [parameter()] }, { params: [] }]), /got 1 groups, expected 2/],
    ];
    for (const [create, message] of misfits) {
      const other = create();
      const before = JSON.stringify(other.state());
      assert.throws(() => other.loadState(state), { name: 'StateDictError', message });
      assert.equal(JSON.stringify(other.state()), before, 'nothing was changed');
    }
  });

  it('frozen parameters may be among others, and are not touched', () => {
    const [theta, frozen] = [parameter(), parameter([7])];
    frozen.requiresGrad = false;
    const optimizer = new AdamW([theta, frozen]);
    train(optimizer, theta, 0, 3);
    assert.deepEqual(frozen.toNested(), [7]);
    assert.throws(() => new AdamW([frozen]), /AdamW: expected parameters that require gradients/);
  });

  it('show in a line what each group trains and how', () => {
    const groups = [{ params: [parameter(), parameter()] }, { params: [parameter()], lr: 0.5 }];
    assert.equal(
      inspect(new AdamW(groups)),
      `AdamW, 2 parameters, 8 numbers: lr 0.001, betas [0.9, 0.999], eps 1e-8, weightDecay 0.01
  1 parameters, 4 numbers: lr 0.5, betas [0.9, 0.999], eps 1e-8, weightDecay 0.01`,
    );
  });

  it('refuse options and groups that make no sense', () => {
    const theta = parameter();
    const misuses: [() => unknown, RegExp][] = [
      [
        () => new RMSprop([theta], { alpha: 1 }),
        /RMSprop: alpha must be a number from 0 to below 1, got 1/,
      ],
      [
        () => new Lion([theta], { betas: [0.9] as never }),
        /Lion: betas must be two numbers from 0 to below 1/,
      ],
      [
        () => new Adagrad([theta], { rho: 1 } as object),
        /Adagrad: unknown option 'rho', expected lr, lrDecay, weightDecay/,
      ],
      [
        () => new AdamW([{ params: [theta], lr: -1 }]),
        /AdamW, group 0: lr must be a positive number, got -1/,
      ],
      [
        () => new AdamW([{ params: [theta] }, { params: [theta] }]),
        /AdamW: expected each parameter once, got one twice/,
      ],
      [() => new AdamW([]), /AdamW: expected at least one parameter, got none/],
      [() => new AdamW([3 as never]), /AdamW: expected parameters, or groups/],
    ];
    for (const [misuse, message] of misuses) assert.throws(misuse, message);
  });
});
