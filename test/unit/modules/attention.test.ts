import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  gradcheck,
  LuongAttention,
  manualSeed,
  randn,
  type AttentionResult,
  type Tensor,
} from '../../../kernel/rnn/index.js';

const [T, S, B, Q, K] = [3, 5, 2, 4, 6];
const f64 = { dtype: 'float64' } as const;
const float = (...shape: number[]): Tensor => randn(shape, { ...f64, requiresGrad: true });
const sizes = { querySize: Q, keySize: K, ...f64 };
const lengths = [2, 5];

type Attention = BahdanauAttention | LuongAttention;
/** A parameter as rows. */
const rowsOf = (attention: Attention, name: string): number[][] => {
  const found = [...attention.namedParameters()].find(([path]) => path === name);
  return found![1].toNested() as number[][];
};
const times = (rows: number[][], x: number[]): number[] =>
  rows.map((row) => row.reduce((sum, w, i) => sum + w * x[i]!, 0));
const dot = (a: number[], b: number[]): number => times([a], b)[0]!;

interface Mechanism {
  create: (batchFirst: boolean) => Attention;
  keySize: number;
  /** The literature's score of one query against key s. */
  score: (attention: Attention, q: number[], k: number[], s: number) => number;
}

const additive = (attention: Attention, q: number[], k: number[]): number => {
  const fromQuery = times(rowsOf(attention, 'score.query.weight'), q);
  const fromKey = times(rowsOf(attention, 'score.key.weight'), k);
  const hidden = fromQuery.map((value, i) => Math.tanh(value + fromKey[i]!));
  return dot(rowsOf(attention, 'score.energy.weight')[0]!, hidden);
};

const mechanisms: Record<string, Mechanism> = {
  Bahdanau: {
    create: (batchFirst) => new BahdanauAttention({ ...sizes, hiddenSize: 7, batchFirst }),
    keySize: K,
    score: additive,
  },
  'Luong concat': {
    create: (batchFirst) => new LuongAttention({ ...sizes, method: 'concat', batchFirst }),
    keySize: K,
    score: additive,
  },
  'Luong general': {
    create: (batchFirst) => new LuongAttention({ ...sizes, batchFirst }),
    keySize: K,
    score: (attention, q, k) => dot(q, times(rowsOf(attention, 'score.key.weight'), k)),
  },
  'Luong dot': {
    create: (batchFirst) => new LuongAttention({ ...sizes, keySize: Q, method: 'dot', batchFirst }),
    keySize: Q,
    score: (_, q, k) => dot(q, k),
  },
  'Luong location': {
    create: (batchFirst) =>
      new LuongAttention({ ...sizes, method: 'location', maxLength: 8, batchFirst }),
    keySize: K,
    score: (attention, q, _, s) => times(rowsOf(attention, 'score.position.weight'), q)[s]!,
  },
};

describe('attention', () => {
  beforeEach(() => manualSeed(8));

  for (const [name, { create, keySize, score }] of Object.entries(mechanisms)) {
    it(`${name}: weights are softmax of the literature's scores over valid keys, context their mean`, () => {
      const attention = create(false);
      const query = float(T, B, Q);
      const keys = float(S, B, keySize);
      const { context, weights } = attention.forward(query, keys, { lengths });
      assert.deepEqual(
        [context.shape, weights.shape],
        [
          [T, B, keySize],
          [T, B, S],
        ],
      );
      const [q, k] = [query.toNested() as number[][][], keys.toNested() as number[][][]];
      for (let t = 0; t < T; t++)
        for (let b = 0; b < B; b++) {
          const exps = Array.from({ length: S }, (_, s) =>
            s < lengths[b]! ? Math.exp(score(attention, q[t]![b]!, k[s]![b]!, s)) : 0,
          );
          const total = exps.reduce((a, c) => a + c);
          const mean = new Array<number>(keySize).fill(0);
          exps.forEach((e, s) => {
            const weight = weights.data[(t * B + b) * S + s]!;
            if (s >= lengths[b]!) assert.equal(weight, 0);
            assert.ok(Math.abs(weight - e / total) < 1e-12);
            k[s]![b]!.forEach((value, i) => (mean[i]! += (e / total) * value));
          });
          mean.forEach((value, i) =>
            assert.ok(Math.abs(context.data[(t * B + b) * keySize + i]! - value) < 1e-12),
          );
        }
    });

    it(`${name}: backward agrees with central differences, and is exactly 0 on padded keys`, () => {
      const attention = create(false);
      const inputs = [float(T, B, Q), float(S, B, keySize)];
      const results = ({ context, weights }: AttentionResult) => [context, weights];
      gradcheck(
        (query, keys) => results(attention.forward(query, keys, { lengths })),
        [...inputs, ...attention.parameters()],
      );
      attention.forward(inputs[0]!, inputs[1]!, { lengths }).context.sum().backward();
      const gradient = inputs[1]!.grad!.toNested() as number[][][];
      for (let s = lengths[0]!; s < S; s++) assert.ok(gradient[s]![0]!.every((g) => g === 0));
    });

    it(`${name}: one query, a sequence, batchFirst and remembered keys agree`, () => {
      const attention = create(false);
      const first = create(true);
      first.loadStateDict(attention.stateDict());
      const query = float(T, B, Q);
      const keys = float(S, B, keySize);
      const all = attention.forward(query, keys, { lengths });
      const memory = attention.remember(keys, { lengths });
      const one = attention.forward(query.select(0, 1), memory);
      assert.deepEqual(one.context.toNested(), all.context.select(0, 1).toNested());
      assert.deepEqual(one.weights.toNested(), all.weights.select(0, 1).toNested());
      const swapped = first.forward(query.transpose(0, 1), keys.transpose(0, 1), { lengths });
      assert.deepEqual(swapped.context.transpose(0, 1).toNested(), all.context.toNested());
      assert.deepEqual(swapped.weights.transpose(0, 1).toNested(), all.weights.toNested());
    });
  }

  it('says what does not fit', () => {
    const attention = new LuongAttention(sizes);
    const keys = float(S, B, K);
    assert.throws(
      () => attention.forward(float(B, Q + 1), keys),
      /LuongAttention: query is \[2, 5\], expected \[B, querySize\] or a sequence of them, with B = 2 and querySize = 4/,
    );
    assert.throws(
      () => attention.forward(float(B + 1, Q), keys),
      /query is \[3, 4\], expected .* with B = 2/,
    );
    assert.throws(
      () => attention.remember(float(S, B, Q)),
      /keys are \[5, 2, 4\], expected \[S, B, keySize\] with keySize = 6/,
    );
    assert.throws(
      () => attention.remember(keys, { lengths: [0, 5] }),
      /lengths must hold integers from 1 to 5, got 0 for sequence 0/,
    );
    assert.throws(() => attention.remember(keys, { lengths: [1] }), /got 1 lengths, expected 2/);
    assert.throws(
      () => new LuongAttention({ ...sizes, method: 'dot' }),
      /method "dot" needs querySize and keySize to be equal, got 4 and 6/,
    );
    assert.throws(() => new LuongAttention({ ...sizes, method: 'location' }), /needs maxLength/);
    const short = new LuongAttention({ ...sizes, method: 'location', maxLength: 3 });
    assert.throws(() => short.remember(keys), /got 5 keys, expected at most maxLength = 3/);
  });
});
