import assert from 'node:assert/strict';
import {
  gradcheck,
  IbmModel1,
  Lexicon,
  manualSeed,
  OptionError,
  rand,
  ShapeError,
  tensor,
  Tensor,
} from '../../../kernel/rnn/index.js';
import { createModel, tokens, vocabulary, worst, type Kind } from './smallSeq2Seq.js';

const f64 = { dtype: 'float64' } as const;

/** Some pairs expected, most not at all. */
function someLexicon(): Lexicon {
  const probabilities = rand([vocabulary, vocabulary], f64);
  probabilities.data.forEach((p, i) => (probabilities.data[i] = p < 0.7 ? 0 : p));
  return new Lexicon({ probabilities, smoothing: 0.01 });
}

describe('Lexicon', () => {
  const attending: Kind[] = ['general', 'bahdanau', 'feeding'];

  for (const kind of attending)
    it(`${kind}: gradients agree with central differences, with ragged sources`, () => {
      manualSeed(1);
      const model = createModel({ kind, lexicon: someLexicon() });
      const [source, target] = [tokens([3, 2]), tokens([2, 2])];
      const learnt = model.parameters().filter((one) => one.requiresGrad && one.size < 40);
      assert.ok(learnt.length > 5);
      gradcheck(() => model.forward(source, target, { lengths: [2, 3] }).output, learnt);
    });

  it('adds ln(Σ α·t + ε) to the logits', () => {
    manualSeed(2);
    const lexicon = someLexicon();
    const [source, logits] = [tokens([4, 3]), rand([5, 3, vocabulary], f64)];
    const attention = rand([5, 3, 4], f64).softmax();
    const output = lexicon.forward(logits, attention, lexicon.lookUp(source));
    const rows = lexicon.table.forward(source.transpose()); // [B, S, V]
    const expected = attention.transpose(0, 1).matmul(rows).add(0.01).log().transpose(0, 1);
    assert.ok(worst(output, logits.add(expected)) < 1e-14);
  });

  it('lets an untrained network say what the lexicon knows, by itself and by beam search', () => {
    manualSeed(3);
    const probabilities = tensor(
      Array.from({ length: vocabulary }, (_, e) =>
        Array.from({ length: vocabulary }, (_one, f) => Number(f === (e + 1) % vocabulary)),
      ),
      f64,
    );
    const model = createModel({
      kind: 'general',
      lexicon: new Lexicon({ probabilities, smoothing: 1e-9 }),
    });
    const source = tensor([[4], [4], [4]], { dtype: 'int32' });
    for (const beamWidth of [1, 2]) {
      const [said] = model.generate(source, { maxLength: 3, beamWidth });
      assert.deepEqual([...said!.indices], [5, 5, 5]);
    }
  });

  it('is kept with the model, and not trained', () => {
    manualSeed(4);
    const [one, two] = [1, 2].map(() => createModel({ kind: 'general', lexicon: someLexicon() }));
    assert.ok('decoder.lexicon.table.weight' in one!.stateDict());
    two!.loadStateDict(one!.stateDict());
    const [source, target] = [tokens([3, 2]), tokens([2, 2])];
    const [a, b] = [one!, two!].map((model) => model.forward(source, target).output);
    assert.deepEqual(a!.data, b!.data);
    a!.sum().backward();
    assert.equal(one!.decoder.lexicon!.table.weight.grad, null);
  });

  it('takes probabilities only', () => {
    const create = (probabilities: Tensor) => new Lexicon({ probabilities });
    assert.throws(() => create(tensor([[0, 2]])), {
      name: 'OptionError',
      message: 'Lexicon: probabilities must be from 0 to 1, got 2 for source 0 and target 1',
    });
    assert.throws(() => create(tensor([1])), ShapeError);
    assert.throws(() => create(tensor([[1]], { dtype: 'int32' })), ShapeError);
  });
});

describe('IbmModel1.toTensor', () => {
  const lexicon = new IbmModel1<number>([
    { source: [1, 2], target: [5, 6] },
    { source: [1, 3], target: [5, 7] },
  ]);

  it('is its table by index, 0 where words never met', () => {
    const { shape, data } = lexicon.toTensor({ sources: 4, targets: 9 });
    assert.deepEqual(shape, [4, 9]);
    for (let e = 0; e < 4; e++)
      for (let f = 0; f < 9; f++)
        assert.equal(data[9 * e + f], Math.fround(lexicon.probability(f, e)));
    assert.ok(data[9 + 5]! > data[9 + 6]!);
    assert.equal(data[2 * 9 + 7], 0);
  });

  it('names a vocabulary that is too small', () => {
    assert.throws(() => lexicon.toTensor({ sources: 3, targets: 9 }), {
      name: OptionError.name,
      message: 'IbmModel1.toTensor: sources is 3, but it knows symbol 3',
    });
  });
});
