import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  crossEntropy,
  Dropout,
  Embedding,
  Linear,
  LSTM,
  manualSeed,
  Module,
  ones,
  randint,
  tensor,
  zeros,
  type Tensor,
} from '../../../kernel/rnn/index.js';

class Model extends Module {
  embedding = new Embedding({ numEmbeddings: 6, embeddingDim: 4 });
  lstm = new LSTM({ inputSize: 4, hiddenSize: 4 });
  dropout = new Dropout();
  head = new Linear({ inFeatures: 4, outFeatures: 6 });
  forward(input: Tensor) {
    const { output } = this.lstm.forward(this.embedding.forward(input));
    return this.head.forward(this.dropout.forward(output)).mul(2);
  }
}

class Tied extends Model {
  constructor() {
    super();
    this.head.weight = this.embedding.weight;
  }
}

describe('Module', () => {
  beforeEach(() => manualSeed(1));
  const input = () => randint(0, 6, [3, 2]);
  const loss = (model: Model) => crossEntropy(model.eval().forward(input()), randint(0, 6, [3, 2]));

  it('frozen parts get no gradient and the others the same as before', () => {
    const [free, frozen] = [new Model(), new Model()];
    frozen.loadStateDict(free.stateDict());
    frozen.lstm.freeze();
    for (const model of [free, frozen]) {
      manualSeed(2);
      loss(model).backward();
    }
    for (const [name, parameter] of frozen.namedParameters()) {
      const expected = name.startsWith('lstm.')
        ? null
        : new Map(free.namedParameters()).get(name)!.grad;
      assert.deepEqual(parameter.grad?.data, expected?.data, name);
    }
    frozen.lstm.unfreeze();
    frozen.zeroGrad();
    manualSeed(2);
    loss(frozen).backward();
    assert.deepEqual(frozen.lstm.weight_hh_l0!.grad!.data, free.lstm.weight_hh_l0!.grad!.data);
  });

  it('a model frozen as a whole computes without a tape', () => {
    assert.equal(new Model().freeze().forward(input()).requiresGrad, false);
  });

  it('a tied parameter is trained once, and saved under each of its names', () => {
    const model = new Tied();
    const names = [...model.namedParameters()].map(([name]) => name);
    assert.ok(names.includes('embedding.weight') && !names.includes('head.weight'));
    const saved = model.stateDict();
    assert.deepEqual(saved['head.weight']!.data, saved['embedding.weight']!.data);
    const other = new Tied();
    other.loadStateDict(saved);
    assert.deepEqual(other.head.weight.data, model.embedding.weight.data);
    const { 'head.weight': only, ...rest } = saved;
    delete rest['embedding.weight'];
    assert.throws(() => new Tied().loadStateDict(rest), /embedding.weight is missing/);
    new Tied().loadStateDict({ ...rest, 'head.weight': only! });
  });

  it('hooks see and may replace inputs and outputs, in order, until they are removed', () => {
    const layer = new Linear({ inFeatures: 2, outFeatures: 2 });
    layer.weight.data.set([1, 0, 0, 1]);
    layer.bias!.data.fill(0);
    const seen: string[] = [];
    const handles = [
      layer.registerForwardPreHook((module, [x]) => {
        seen.push(`before ${String((x as Tensor).toNested())}`);
        assert.equal(module, layer);
        return [(x as Tensor).mul(2)];
      }),
      layer.registerForwardHook((_, [x], output) => {
        seen.push(`after ${String((x as Tensor).toNested())}`);
        return (output as Tensor).add(1);
      }),
      layer.registerForwardHook((_, __, output) => {
        seen.push(`last ${String((output as Tensor).toNested())}`);
      }),
    ];
    assert.deepEqual(layer.forward(tensor([1, 2])).toNested(), [3, 5]);
    assert.deepEqual(seen, ['before 1,2', 'after 2,4', 'last 3,5']);
    assert.deepEqual(
      [...layer.namedParameters()].map(([name]) => name),
      ['weight', 'bias'],
    );
    handles[0]!.remove();
    assert.deepEqual(layer.forward(tensor([1, 2])).toNested(), [2, 3]);
    for (const handle of handles) handle.remove();
    assert.deepEqual(layer.forward(tensor([1, 2])).toNested(), [1, 2]);
    assert.ok(!Object.hasOwn(layer, 'forward'), 'nothing is left in the way');
    layer.registerForwardPreHook(() => 3);
    assert.throws(
      () => layer.forward(tensor([1, 2])),
      /must return an array of inputs or nothing, got number/,
    );
  });

  it('lists modules by path', () => {
    assert.deepEqual(
      [...new Model().namedModules()].map(
        ([path, { constructor }]) => `${path}:${constructor.name}`,
      ),
      [':Model', 'embedding:Embedding', 'lstm:LSTM', 'dropout:Dropout', 'head:Linear'],
    );
  });

  it('summary without inputs lists parameters', () => {
    const layer = new Linear({ inFeatures: 2, outFeatures: 1000 });
    layer.bias!.requiresGrad = false;
    assert.equal(
      String(layer.summary()),
      [
        'parameter  shape          count',
        'weight     [1000, 2]      2 000',
        'bias       [1000] frozen  1 000',
        'total                     3 000',
      ].join('\n'),
    );
  });

  it('summary with inputs lists layers with shapes, parameters and operations, and changes nothing', () => {
    const model = new Tied();
    model.embedding.freeze();
    model.lstm.eval();
    manualSeed(1);
    const drawn = new Dropout().forward(ones([64]));
    manualSeed(1);
    // LSTM, 3 steps of 2 sequences: products 2·16·4 + 16 twice, one sum of 16, 4 gates and tanh c of 4, c and h 4·4.
    const lstm = 6 * (2 * (2 * 16 * 4 + 16) + 16 + 5 * 4 + 4 * 4);
    const head = 6 * 6 * (2 * 4 + 1);
    const total = lstm + head + 36;
    const summary = model.summary(zeros([3, 2], { dtype: 'int32' }));
    assert.deepEqual([summary.parameters, summary.flops], [190, 2400]);
    assert.equal(inspect(summary), String(summary));
    assert.equal(
      String(summary),
      [
        'layer      type       output     parameters  FLOPs',
        'embedding  Embedding  [3, 2, 4]          24      0',
        `lstm       LSTM       [3, 2, 4]         160  2 040`,
        'dropout    Dropout    [3, 2, 4]           0      0',
        'head       Linear     [3, 2, 6]           6    324',
        '(between)                                 0     36',
        `total                                   190  2 400`,
      ].join('\n'),
    );
    assert.deepEqual([lstm, head, total], [2040, 324, 2400]);
    assert.deepEqual(
      [model.training, model.lstm.training, model.dropout.training],
      [true, false, true],
    );
    assert.equal(model.embedding.weight.requiresGrad, false);
    assert.equal(model.embedding.weight.grad, null);
    assert.ok(!Object.hasOwn(model.lstm, 'forward'));
    assert.deepEqual(new Dropout().forward(ones([64])).data, drawn.data, 'nothing was drawn');
  });

  it('summary counts a layer once for each time it runs', () => {
    class Twice extends Module {
      layer = new Linear({ inFeatures: 3, outFeatures: 3, bias: false });
      forward(x: Tensor) {
        return this.layer.forward(this.layer.forward(x).relu());
      }
    }
    const lines = String(new Twice().summary(ones([1, 3]))).split('\n');
    assert.match(lines[1]!, /^layer +Linear +\[1, 3\] +9 +36$/);
    assert.match(lines[2]!, /^\(between\) +0 +3$/);
  });
});
