import assert from 'node:assert/strict';
import { init, LSTM, manualSeed, ones, zeros, type Tensor } from '../../../kernel/rnn/index.js';

const matrix = (...shape: number[]): Tensor => zeros(shape, { dtype: 'float64' });
const moments = (x: Tensor) => {
  const mean = x.mean().item();
  const centred = x.sub(mean);
  return { mean, deviation: Math.sqrt(centred.mul(centred).mean().item()) };
};
const assertNear = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

describe('init', () => {
  beforeEach(() => manualSeed(6));

  /** Deviations from the papers, for a weight [300, 100, 2]: fan-in 200, fan-out 600. */
  const random: [string, (x: Tensor) => Tensor, number, 'uniform' | 'normal'][] = [
    ['uniform', (x) => init.uniform(x, -3, 3), Math.sqrt(3), 'uniform'],
    ['normal', (x) => init.normal(x, 0, 2), 2, 'normal'],
    ['xavierUniform', (x) => init.xavierUniform(x), Math.sqrt(2 / 800), 'uniform'],
    [
      'xavierNormal with gain',
      (x) => init.xavierNormal(x, { gain: init.gain('tanh') }),
      (5 / 3) * Math.sqrt(2 / 800),
      'normal',
    ],
    [
      'xavierUniform in blocks',
      (x) => init.xavierUniform(x, { blocks: 3 }),
      Math.sqrt(2 / 400),
      'uniform',
    ],
    ['kaimingUniform', (x) => init.kaimingUniform(x), Math.sqrt(2 / 200), 'uniform'],
    [
      'kaimingNormal, fan-out, slope 1',
      (x) => init.kaimingNormal(x, { mode: 'fanOut', slope: 1 }),
      Math.sqrt(1 / 600),
      'normal',
    ],
  ];
  for (const [name, fill, deviation, kind] of random)
    it(`${name} has its mean, its deviation and its range`, () => {
      const x = fill(matrix(300, 100, 2));
      const actual = moments(x);
      assertNear(actual.mean, 0, 0.02 * deviation);
      assertNear(actual.deviation, deviation, 0.02 * deviation);
      const largest = Math.max(...x.data.map(Math.abs)) / deviation;
      if (kind === 'uniform') assertNear(largest, Math.sqrt(3), 0.001);
      else assert.ok(largest > 3.5, String(largest));
    });

  it('orthogonal matrices have orthonormal rows or columns, times gain', () => {
    for (const shape of [
      [6, 6],
      [4, 9],
      [9, 4],
      [3, 2, 5],
    ]) {
      const rows = shape[0]!;
      const x = init.orthogonal(matrix(...shape), { gain: 2 }).reshape([rows, -1]);
      const short = rows <= x.shape[1]! ? x : x.transpose();
      const product = short.matmul(short.transpose()).toNested() as number[][];
      product.forEach((row, i) =>
        row.forEach((value, j) => assertNear(value, i === j ? 4 : 0, 1e-12)),
      );
    }
  });

  it('orthogonal in blocks makes each gate orthogonal, and each another', () => {
    const x = init.orthogonal(matrix(20, 5), { blocks: 4 });
    const gates = x.chunk(4, 0);
    for (const gate of gates) {
      const product = gate.matmul(gate.transpose()).toNested() as number[][];
      product.forEach((row, i) =>
        row.forEach((value, j) => assertNear(value, i === j ? 1 : 0, 1e-12)),
      );
    }
    assert.notDeepEqual(gates[0]!.data, gates[1]!.data);
  });

  it('eye is the IRNN identity', () => {
    assert.deepEqual(init.eye(ones([2, 3])).toNested(), [
      [1, 0, 0],
      [0, 1, 0],
    ]);
    assert.deepEqual(init.eye(ones([4, 2]), { blocks: 2, gain: 3 }).toNested(), [
      [3, 0],
      [0, 3],
      [3, 0],
      [0, 3],
    ]);
  });

  it('constant, zeros and ones fill in place', () => {
    const x = matrix(2);
    assert.equal(init.constant(x, 3), x);
    assert.deepEqual(x.toNested(), [3, 3]);
    assert.deepEqual(init.ones(x).toNested(), [1, 1]);
    assert.deepEqual(init.zeros(x).toNested(), [0, 0]);
  });

  it('forgetBias opens the forget gate and no other: the sum of both biases is its value', () => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 2, numLayers: 2 });
    const before = lstm.stateDict();
    init.forgetBias(lstm, 1.5);
    for (const l of [0, 1]) {
      const names = [`bias_ih_l${l}`, `bias_hh_l${l}`] as const;
      const [ih, hh] = names.map((name) => lstm[name]!.data);
      assert.deepEqual([...ih!.slice(2, 4)], [1.5, 1.5]);
      assert.deepEqual([...hh!.slice(2, 4)], [0, 0]);
      names.forEach((name, k) => {
        const [now, then] = [[ih!, hh!][k]!, before[name]!.data];
        assert.deepEqual(
          [...now.slice(0, 2), ...now.slice(4)],
          [...then.slice(0, 2), ...then.slice(4)],
        );
      });
    }
    assert.throws(
      () => init.forgetBias(new LSTM({ inputSize: 1, hiddenSize: 1, bias: false })),
      /expected an LSTM with bias, got one without/,
    );
  });

  it('follows the seed, and says what does not fit', () => {
    const draw = () => {
      manualSeed(3);
      return [...init.orthogonal(matrix(3, 3)).data];
    };
    assert.deepEqual(draw(), draw());
    assert.throws(
      () => init.xavierUniform(matrix(3)),
      /init.xavierUniform: tensor is \[3\], expected at least two axes/,
    );
    assert.throws(
      () => init.orthogonal(matrix(3, 3), { blocks: 2 }),
      /rows that divide into 2 blocks/,
    );
    assert.throws(
      () => init.kaimingNormal(matrix(3, 3), { nonlinearity: 'swish' as 'relu' }),
      /nonlinearity must be one of "linear", "sigmoid"/,
    );
  });
});
