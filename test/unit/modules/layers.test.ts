import assert from 'node:assert/strict';
import {
  Conv1d,
  Dropout,
  Embedding,
  gradcheck,
  LayerNorm,
  Linear,
  LSTM,
  manualSeed,
  ones,
  randint,
  randn,
  relu,
  Sequential,
  SGD,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';

const f64 = { dtype: 'float64' } as const;
const float = (...shape: number[]): Tensor => randn(shape, { ...f64, requiresGrad: true });
const close = (actual: Tensor, expected: ArrayLike<number>, tolerance = 1e-12): void => {
  assert.equal(actual.size, expected.length);
  actual.data.forEach((value, i) =>
    assert.ok(
      Math.abs(value - expected[i]!) < tolerance,
      `element ${i}: ${value}, ${expected[i]!}`,
    ),
  );
};

describe('Dropout', () => {
  beforeEach(() => manualSeed(2));

  it('drops about p of the elements and scales the others by 1/(1 − p); the gradient goes the same way', () => {
    const x = ones([100, 100], { requiresGrad: true });
    const y = new Dropout({ p: 0.3 }).forward(x);
    const dropped = y.data.filter((value) => value === 0).length;
    assert.ok(Math.abs(dropped / 10_000 - 0.3) < 0.02, String(dropped));
    assert.ok(y.data.every((value) => value === 0 || value === Math.fround(1 / 0.7)));
    assert.ok(Math.abs(y.mean().item() - 1) < 0.02);
    y.sum().backward();
    assert.deepEqual(x.grad!.data, y.data);
  });

  it('passes its input on in evaluation, draws anew each time, and is replayed by the seed', () => {
    const x = ones([50]);
    const layer = new Dropout();
    manualSeed(9);
    const first = layer.forward(x).data;
    const second = layer.forward(x).data;
    assert.notDeepEqual(first, second);
    manualSeed(9);
    assert.deepEqual(layer.forward(x).data, first);
    assert.equal(layer.eval().forward(x), x);
    assert.equal(new Dropout({ p: 0 }).forward(x), x);
    assert.ok(new Dropout({ p: 1 }).forward(x).data.every((value) => value === 0));
  });

  it('does not disturb the initial weights of what comes after it', () => {
    const weights = (draw: boolean) => {
      manualSeed(4);
      if (draw) new Dropout().forward(ones([7]));
      return new Linear({ inFeatures: 3, outFeatures: 3 }).weight.data;
    };
    assert.deepEqual(weights(true), weights(false));
  });

  it('is switched by train() of the model around it', () => {
    const x = ones([200]);
    const model = new Sequential(new Dropout(), relu).eval();
    assert.deepEqual(model.forward(x).data, x.data);
    assert.notDeepEqual(model.train().forward(x).data, x.data);
  });

  it('refuses a p that is no probability', () => {
    assert.throws(
      () => new Dropout({ p: 1.2 }),
      /Dropout: p must be a number from 0 to 1, got 1.2/,
    );
  });
});

describe('LayerNorm', () => {
  beforeEach(() => manualSeed(2));

  it('is its formula, over one axis and over several', () => {
    for (const normalizedShape of [4, [3, 4]]) {
      const layer = new LayerNorm({ normalizedShape, eps: 1e-3, ...f64 });
      const width = layer.weight!.size;
      layer.weight!.data.set(float(width).data);
      layer.bias!.data.set(float(width).data);
      const x = float(2, 3, 4);
      const expected = Array.from(x.data, (value, i) => {
        const row = [...x.data.slice(i - (i % width), i - (i % width) + width)];
        const mean = row.reduce((a, b) => a + b) / width;
        const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
        const normal = (value - mean) / Math.sqrt(variance + 1e-3);
        return normal * layer.weight!.data[i % width]! + layer.bias!.data[i % width]!;
      });
      close(layer.forward(x), expected);
      gradcheck((input) => layer.forward(input), [x, layer.weight!, layer.bias!]);
    }
  });

  it('starts as a plain normalisation, and has no parameters without elementwiseAffine', () => {
    const x = float(5, 8);
    const y = new LayerNorm({ normalizedShape: 8, ...f64 }).forward(x);
    close(y.mean(1), new Array<number>(5).fill(0));
    close(y.mul(y).mean(1), new Array<number>(5).fill(1), 1e-4);
    const bare = new LayerNorm({ normalizedShape: 8, elementwiseAffine: false, ...f64 });
    assert.equal(bare.parameters().length, 0);
    assert.deepEqual(bare.forward(x).data, y.data);
    assert.deepEqual(
      [...new LayerNorm({ normalizedShape: 8, bias: false }).namedParameters()].map(([n]) => n),
      ['weight'],
    );
  });

  it('says what does not fit', () => {
    assert.throws(
      () => new LayerNorm({ normalizedShape: 4 }).forward(ones([2, 3])),
      /LayerNorm.forward: input is \[2, 3\], expected last axes normalizedShape = \[4\]/,
    );
    assert.throws(() => new LayerNorm({ normalizedShape: [] }), /at least one axis, got \[\]/);
    assert.throws(
      () => new LayerNorm({ normalizedShape: 0 }),
      /normalizedShape must be a positive/,
    );
  });
});

describe('Conv1d', () => {
  beforeEach(() => manualSeed(2));

  const variants = [
    { inChannels: 3, outChannels: 4, kernelSize: 3 },
    { inChannels: 3, outChannels: 2, kernelSize: 2, stride: 3, padding: 2, bias: false },
    { inChannels: 4, outChannels: 6, kernelSize: 3, dilation: 2, groups: 2, padding: 'same' },
    { inChannels: 4, outChannels: 4, kernelSize: 4, groups: 4, padding: 'same' },
  ] as const;
  for (const options of variants)
    it(`is its formula and has its derivative: ${JSON.stringify(options)}`, () => {
      const layer = new Conv1d({ ...options, ...f64 });
      const {
        stride = 1,
        dilation = 1,
        groups = 1,
        padding = 0,
      } = options as {
        stride?: number;
        dilation?: number;
        groups?: number;
        padding?: number | 'same';
      };
      const { inChannels, outChannels, kernelSize } = options;
      const L = 9;
      const span = dilation * (kernelSize - 1);
      const before = padding === 'same' ? Math.floor(span / 2) : padding;
      const both = padding === 'same' ? span : 2 * padding;
      const outLength = Math.floor((L + both - span - 1) / stride) + 1;
      if (padding === 'same') assert.equal(outLength, L);
      const x = float(2, inChannels, L);
      const y = layer.forward(x);
      assert.deepEqual(y.shape, [2, outChannels, outLength]);
      const perGroup = inChannels / groups;
      const expected: number[] = [];
      for (let b = 0; b < 2; b++)
        for (let d = 0; d < outChannels; d++)
          for (let l = 0; l < outLength; l++) {
            let sum = layer.bias?.data[d] ?? 0;
            const first = Math.floor(d / (outChannels / groups)) * perGroup;
            for (let c = 0; c < perGroup; c++)
              for (let k = 0; k < kernelSize; k++) {
                const at = l * stride + k * dilation - before;
                if (at < 0 || at >= L) continue;
                const w = layer.weight.data[(d * perGroup + c) * kernelSize + k]!;
                sum += w * x.data[(b * inChannels + first + c) * L + at]!;
              }
            expected.push(sum);
          }
      close(y, expected);
      gradcheck((input) => layer.forward(input), [x, ...layer.parameters()]);
    });

  it('runs large products in float32 as in float64', () => {
    const layer = new Conv1d({ inChannels: 40, outChannels: 32, kernelSize: 5, padding: 'same' });
    const x = randn([2, 40, 60], { requiresGrad: true });
    const y = layer.forward(x);
    y.mul(y).sum().backward();
    const precise = new Conv1d({
      inChannels: 40,
      outChannels: 32,
      kernelSize: 5,
      padding: 'same',
      ...f64,
    });
    precise.weight.data.set(layer.weight.data);
    precise.bias!.data.set(layer.bias!.data);
    const x64 = x.detach().to('float64');
    x64.requiresGrad = true;
    const y64 = precise.forward(x64);
    y64.mul(y64).sum().backward();
    close(y, y64.data, 1e-4);
    close(x.grad!, x64.grad!.data, 1e-3);
    close(layer.weight.grad!, precise.weight.grad!.data, 1e-2);
  });

  it('says what does not fit', () => {
    const layer = new Conv1d({ inChannels: 3, outChannels: 4, kernelSize: 5 });
    assert.throws(
      () => layer.forward(ones([2, 4, 9])),
      /Conv1d.forward: input is \[2, 4, 9\], expected \[B, inChannels, L\] with inChannels = 3/,
    );
    assert.throws(
      () => layer.forward(ones([2, 3, 4])),
      /expected a length of at least 5 .*, got 4/,
    );
    assert.throws(
      () => new Conv1d({ inChannels: 3, outChannels: 4, kernelSize: 1, groups: 2 }),
      /inChannels 3 and outChannels 4 must divide into 2 groups/,
    );
    assert.throws(
      () =>
        new Conv1d({ inChannels: 3, outChannels: 4, kernelSize: 2, stride: 2, padding: 'same' }),
      /padding "same" needs stride 1, got 2/,
    );
  });
});

describe('Sequential', () => {
  it('runs stages in order and names parameters by position, as PyTorch does', () => {
    manualSeed(1);
    const model = new Sequential(
      new Linear({ inFeatures: 3, outFeatures: 4 }),
      relu,
      new Linear({ inFeatures: 4, outFeatures: 2, bias: false }),
    );
    assert.deepEqual(
      [...model.namedParameters()].map(([name]) => name),
      ['0.weight', '0.bias', '2.weight'],
    );
    const x = randn([5, 3]);
    const expected = x.linear(model[0]!.parameters()[0]!, model[0]!.parameters()[1]);
    close(model.forward(x), expected.relu().linear(model[2]!.parameters()[0]!).data);
    assert.equal(model.length, 3);
  });

  it('passes on the output of a recurrent layer', () => {
    const model = new Sequential(
      new Embedding({ numEmbeddings: 5, embeddingDim: 4 }),
      new LSTM({ inputSize: 4, hiddenSize: 6 }),
      new Linear({ inFeatures: 6, outFeatures: 2 }),
    );
    assert.deepEqual(model.forward(randint(0, 5, [7, 3])).shape, [7, 3, 2]);
    assert.ok('1.weight_ih_l0' in model.stateDict());
  });

  it('refuses what it cannot run', () => {
    assert.throws(() => new Sequential(3 as never), /stage 0 is number, expected a module/);
    assert.throws(
      () => new Sequential((() => 3) as never).forward(ones([1])),
      /stage 0 gave neither a tensor nor \{ output \}/,
    );
  });
});

describe('Embedding', () => {
  beforeEach(() => manualSeed(2));

  it('keeps the padding vector at zero and trains the others', () => {
    for (const paddingIdx of [2, -2]) {
      const layer = new Embedding({ numEmbeddings: 4, embeddingDim: 3, paddingIdx });
      const before = layer.weight.data.slice();
      assert.deepEqual([...before.slice(6, 9)], [0, 0, 0]);
      layer
        .forward(tensor([2, 1, 2, 3], { dtype: 'int32' }))
        .sum()
        .backward();
      assert.deepEqual(layer.weight.grad!.toNested(), [
        [0, 0, 0],
        [1, 1, 1],
        [0, 0, 0],
        [1, 1, 1],
      ]);
      new SGD(layer.parameters(), { lr: 1 }).step();
      assert.deepEqual([...layer.weight.data.slice(6, 9)], [0, 0, 0]);
      assert.notDeepEqual(layer.weight.data, before);
    }
    assert.throws(
      () => new Embedding({ numEmbeddings: 4, embeddingDim: 3, paddingIdx: 4 }),
      /paddingIdx must be from -4 to 3, got 4/,
    );
  });

  it('tied with the output, its gradient is the sum of all its uses', () => {
    const embedding = new Embedding({ numEmbeddings: 5, embeddingDim: 3, ...f64 });
    const head = new Linear({ inFeatures: 3, outFeatures: 5, bias: false, ...f64 });
    head.weight = embedding.weight;
    const x = tensor(
      [
        [0, 1],
        [1, 3],
      ],
      { dtype: 'int32' },
    );
    const forward = (): Tensor => head.forward(embedding.forward(x).tanh());
    gradcheck(forward, [embedding.weight]);
    const both = new Sequential(embedding, head);
    assert.equal(both.parameters().length, 1);
  });
});
