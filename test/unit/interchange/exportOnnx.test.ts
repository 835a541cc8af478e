import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  BahdanauAttention,
  Conv1d,
  crossEntropy,
  Dropout,
  Embedding,
  exportOnnx,
  GRU,
  gruCell,
  InterchangeError,
  layerNormLstmCell,
  LayerNorm,
  Linear,
  logSoftmax,
  LSTM,
  lstmCell,
  LuongAttention,
  manualSeed,
  minGruCell,
  Module,
  peepholeLstmCell,
  projectedLstmCell,
  randint,
  randn,
  Recurrent,
  relu,
  RNN,
  rnnCell,
  Sequential,
  tensor,
  where,
  Tensor,
  type Cell,
  type RecurrentState,
} from '../../../kernel/unroll.js';
import { assertClose, runOnnx } from './runOnnx.js';

/** Tokens → vectors → recurrent layers → numbers, with a state that is handed on. */
class Tagger extends Module {
  readonly embedding = new Embedding({ numEmbeddings: 11, embeddingDim: 5 });
  readonly norm = new LayerNorm({ normalizedShape: 5 });
  readonly dropout = new Dropout({ p: 0.5 });
  readonly head: Linear;

  constructor(readonly rnn: Recurrent) {
    super();
    const outFeatures = 3;
    this.head = new Linear({
      inFeatures: rnn.programs.at(-1)!.states[0]!.size * (rnn.bidirectional ? 2 : 1),
      outFeatures,
    });
  }

  override forward(tokens: Tensor, state?: RecurrentState, call: { lengths?: Tensor } = {}) {
    const vectors = this.dropout.forward(this.norm.forward(this.embedding.forward(tokens)));
    const result = this.rnn.forward(vectors, state, call);
    return { output: this.head.forward(result.output), state: result.state };
  }
}

const cells: readonly Cell[] = [
  lstmCell,
  gruCell(true),
  gruCell(false),
  rnnCell('tanh'),
  rnnCell('relu'),
  peepholeLstmCell,
  projectedLstmCell(4),
  layerNormLstmCell,
  minGruCell,
];

async function holdsForAll<T>(cases: fc.Arbitrary<T>, property: (drawn: T) => Promise<void>) {
  await fc.assert(fc.asyncProperty(cases, property), { numRuns: 25 });
}

/** Exports with an example, and compares on inputs of other sizes. */
async function assertExports(
  model: Module & { forward(input: Tensor): Tensor },
  example: Tensor,
  input: Tensor,
  options?: Parameters<typeof exportOnnx>[2],
): Promise<void> {
  const results = await runOnnx(exportOnnx(model, example, options), { input });
  assertClose(results['output'], model.eval().forward(input), 'output');
}

/** A model that is one expression. */
class Expression extends Module {
  constructor(private readonly compute: (input: Tensor) => Tensor) {
    super();
  }
  override forward(input: Tensor): Tensor {
    return this.compute(input);
  }
}

describe('exportOnnx', function () {
  this.timeout(60_000);
  beforeEach(() => manualSeed(3));

  it('gives recurrent models of any cell, options, directions and lengths that run in ONNX Runtime with the same numbers and states', () =>
    holdsForAll(
      fc.record({
        cell: fc.constantFrom(...cells),
        hiddenSize: fc.integer({ min: 1, max: 6 }),
        numLayers: fc.integer({ min: 1, max: 3 }),
        bias: fc.boolean(),
        batchFirst: fc.boolean(),
        bidirectional: fc.boolean(),
        ragged: fc.boolean(),
        example: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
        shape: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 })),
      }),
      async ({ example, shape, ragged, ...options }) => {
        const model = new Tagger(new Recurrent({ inputSize: 5, ...options }));
        const callFor = ([first, second]: [number, number]): Record<string, Tensor> => {
          const [steps, batch] = options.batchFirst ? [second, first] : [first, second];
          return ragged ? { lengths: randint(1, steps + 1, [batch]) } : {};
        };
        const bytes = exportOnnx(model, [randint(0, 11, example), undefined, callFor(example)]);
        const tokens = randint(0, 11, shape);
        model.eval();
        const { state } = model.forward(tokens);
        const call = callFor(shape);
        const expected = model.forward(tokens, state, call);
        const given = Object.entries(state).map(([name, one]) => [`${name}_0`, one]);
        const results = await runOnnx(bytes, {
          input: tokens,
          ...call,
          ...(Object.fromEntries(given) as Record<string, Tensor>),
        });
        assertClose(results['output'], expected.output, 'output');
        for (const [name, one] of Object.entries(expected.state))
          assertClose(results[`${name}_n`], one, name);
      },
    ));

  it('leaves the state out where asked, or where the model keeps it to itself', async () => {
    const input = randint(0, 11, [6, 2]);
    const model = new Tagger(new LSTM({ inputSize: 5, hiddenSize: 4 }));
    const bytes = exportOnnx(model, randint(0, 11, [3, 3]), { state: false });
    const results = await runOnnx(bytes, { input });
    assert.deepEqual(Object.keys(results), ['output']);
    assertClose(results['output'], model.eval().forward(input).output, 'output');
    const sequential = new Sequential(
      new GRU({ inputSize: 3, hiddenSize: 4 }),
      relu,
      new Dropout(),
      new Linear({ inFeatures: 4, outFeatures: 2 }),
      logSoftmax,
    );
    await assertExports(sequential, randn([3, 2, 3]), randn([5, 4, 3]));
  });

  it('runs a layer that is called several times with one set of weights', async () => {
    class Twice extends Module {
      readonly rnn = new RNN({ inputSize: 3, hiddenSize: 3 });
      override forward(x: Tensor): Tensor {
        return this.rnn.forward(this.rnn.forward(x).output).output;
      }
    }
    const model = new Twice();
    await assertExports(model, randn([3, 2, 3]), randn([5, 4, 3]));
    assert.ok(exportOnnx(model, randn([3, 2, 3])).length < 1000);
  });

  const expressions: Record<string, (x: Tensor) => Tensor> = {
    'arithmetic with numbers': (x) => x.mul(2).add(1).div(3).sub(x.neg()),
    'functions of an element': (x) =>
      x.abs().add(1).log().sqrt().exp().tanh().sigmoid().add(x.relu()),
    'choices between numbers': (x) =>
      where(x.gt(0.5), x.pow(3), x.clamp(-1, 0.25))
        .add(x.eq(x))
        .add(x.ge(0).mul(x.le(1))),
    'extremes over axes': (x) => x.max(2).sub(x.min(-1)).add(x.max()),
    'sums over axes': (x) => x.sum(2).add(x.sum([2], true).reshape([x.shape[0]!, x.shape[1]!])),
    'a mean over time': (x) => x.mean(0),
    'a mean over everything': (x) => x.mean(),
    'the last time step': (x) => x.select(0, -1),
    'all but the first time step': (x) => x.slice(0, 1, x.shape[0]!),
    'all but the last time step': (x) => x.slice(0, 0, x.shape[0]! - 1),
    'chunks of features': (x) => x.chunk(2)[1]!.mul(x.chunk(2)[0]!),
    'time and batch in one axis': (x) => x.reshape([-1, 4]).softmax(),
    'features taken apart': (x) =>
      x.reshape([x.shape[0]!, x.shape[1]!, 2, 2]).permute([1, 0, 3, 2]),
    'products of sequences': (x) => x.transpose(0, 1).matmul(x.permute([1, 2, 0])),
    normalisation: (x) => x.layerNorm(tensor([1, 2, 3, 4]), tensor([4, 3, 2, 1]), 0.1).logSoftmax(),
  };
  for (const [name, compute] of Object.entries(expressions))
    it(`writes ${name} for sequences of any length and batches of any size`, () =>
      assertExports(new Expression(compute), randn([3, 2, 4]), randn([6, 5, 4])));

  it('writes convolutions with their options', async () => {
    const shared = { inChannels: 4, outChannels: 6, kernelSize: 3 };
    for (const options of [
      shared,
      { ...shared, stride: 2, padding: 1, dilation: 2, groups: 2 },
      { ...shared, kernelSize: 4, padding: 'same' as const, bias: false },
    ])
      await assertExports(new Conv1d(options), randn([2, 4, 9]), randn([3, 4, 12]), {
        dynamicAxes: { input: ['batch', null, 'time'] },
      }).catch((error: unknown) => assert.fail(`${JSON.stringify(options)}: ${String(error)}`));
  });

  it('writes attention of every kind', async () => {
    const sizes = { querySize: 4, keySize: 4 };
    const attentions = [
      new BahdanauAttention({ ...sizes, hiddenSize: 3 }),
      ...(['dot', 'general', 'concat'] as const).map(
        (method) => new LuongAttention({ ...sizes, method }),
      ),
    ];
    for (const attention of attentions) {
      const bytes = exportOnnx(attention, [randn([3, 2, 4]), randn([4, 2, 4])], {
        dynamicAxes: { input: ['queries', 'batch', null], input_1: ['keys', 'batch', null] },
      });
      const [query, keys] = [randn([2, 5, 4]), randn([6, 5, 4])];
      const results = await runOnnx(bytes, { input: query, input_1: keys });
      const expected = attention.forward(query, keys);
      assertClose(results['context'], expected.context, 'context');
      assertClose(results['weights'], expected.weights, 'weights');
    }
  });

  it('fixes extents that are told to be fixed', async () => {
    class Steps extends Module {
      readonly linear = new Linear({ inFeatures: 2, outFeatures: 2 });
      override forward(x: Tensor): Tensor {
        let h = x.select(0, 0);
        for (let t = 1; t < x.shape[0]!; t++) h = this.linear.forward(h).add(x.select(0, t)).tanh();
        return h;
      }
    }
    const dynamicAxes = { input: [null, 'batch', null] };
    await assertExports(new Steps(), randn([4, 2, 2]), randn([4, 3, 2]), { dynamicAxes });
    assert.throws(
      () => exportOnnx(new Steps(), randn([4, 2, 2])),
      (error) =>
        error instanceof InterchangeError && /other operations.*dynamicAxes/.test(error.message),
    );
  });

  it('leaves modes, freezing and gradients of the model as they were', () => {
    const model = new Tagger(new LSTM({ inputSize: 5, hiddenSize: 4 }));
    model.embedding.freeze();
    model.dropout.eval();
    exportOnnx(model, randint(0, 11, [3, 3]));
    assert.deepEqual([model.training, model.dropout.training], [true, false]);
    assert.deepEqual(
      [model.embedding.weight.requiresGrad, model.head.weight.requiresGrad],
      [false, true],
    );
    assert.ok(model.parameters().every(({ grad }) => grad === null));
  });

  describe('refuses', () => {
    const refusals: Record<string, [(x: Tensor) => Tensor, RegExp]> = {
      'numbers that were read off a tensor': [(x) => x.mul(x.detach()), /'mul' reads numbers/],
      'a number that depends on the length': [(x) => x.mul(1 / Math.sqrt(x.shape[0]!)), /'mul'/],
      'a place that is counted neither from the start nor from the end': [
        (x) => x.select(0, x.shape[0]! >> 1),
        /'?slice'? takes index/,
      ],
      'a result that was not recorded': [(x) => x.argmax(), /output 'output' reads/],
    };
    for (const [name, [compute, message]] of Object.entries(refusals))
      it(name, () => {
        assert.throws(
          () => exportOnnx(new Expression(compute), randn([4, 2, 3])),
          (error) => error instanceof InterchangeError && message.test(error.message),
        );
      });

    it('an operation without a form in ONNX, by its name', () => {
      const loss = new Expression((x) => crossEntropy(x, randint(0, 3, x.shape.slice(0, 2))));
      assert.throws(
        () => exportOnnx(loss, randn([4, 2, 3])),
        /operation 'crossEntropy' has no form in ONNX/,
      );
    });

    it('float64 unless it is to be rounded', async () => {
      const model = new Linear({ inFeatures: 3, outFeatures: 2, dtype: 'float64' });
      const input = randn([4, 2, 3], { dtype: 'float64' });
      assert.throws(() => exportOnnx(model, input), /float64.*dtype: 'float32'/);
      await assertExports(model, input, input, { dtype: 'float32' });
    });

    it('axes of inputs that are not there', () => {
      const model = new Linear({ inFeatures: 3, outFeatures: 2 });
      const dynamicAxes = { x: ['batch', null] };
      assert.throws(
        () => exportOnnx(model, randn([4, 3]), { dynamicAxes }),
        /'x', expected 'input'/,
      );
    });
  });
});
