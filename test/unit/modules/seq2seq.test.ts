import assert from 'node:assert/strict';
import {
  cat,
  crossEntropy,
  Embedding,
  gradcheck,
  ignoredTarget,
  manualSeed,
  type Module,
  tensor,
  Tensor,
  type Recurrent,
} from '../../../kernel/rnn/index.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';
import { runReference, type Matrix, type ReferenceLayer } from './recurrentReference.js';
import { kinds, hiddenSize, createModel, tokens, worst, type Wanted } from './smallSeq2Seq.js';

const f64 = { dtype: 'float64' } as const;

describe('Seq2Seq', () => {
  for (const kind of kinds)
    for (const bidirectional of [false, true])
      for (const teacherForcing of [1, 0.5])
        it(`${kind}, bidirectional ${bidirectional}, teacher forcing ${teacherForcing}, ragged sources: gradients agree with central differences`, () => {
          manualSeed(1);
          const model = createModel({ kind, bidirectional, noise: 0.3 });
          const [source, target] = [tokens([3, 2]), tokens([2, 2])];
          gradcheck(
            () => {
              manualSeed(2);
              return model.forward(source, target, { lengths: [2, 3], teacherForcing }).output;
            },
            model.parameters().filter(({ size }) => size < 40),
          );
        });

  for (const kind of kinds)
    it(`${kind}: a whole target at once gives what single steps give`, () => {
      manualSeed(3);
      const model = createModel({ kind, cell: 'LSTM', numLayers: 2 });
      const [source, heard] = [tokens([5, 3]), tokens([4, 3])];
      const initial = model.encode(source, { lengths: [5, 2, 3] });
      const whole = model.decoder.forward(heard, initial);
      let state = initial;
      const steps = [0, 1, 2, 3].map((t) => {
        const result = model.decoder.forward(
          new Tensor(heard.data.slice(3 * t, 3 * t + 3), [1, 3]),
          state,
        );
        ({ state } = result);
        return result;
      });
      assert.ok(worst(cat(steps.map(({ output }) => output)), whole.output) < 1e-13);
      if (kind !== 'none')
        assert.ok(worst(cat(steps.map((step) => step.attention!)), whole.attention!) < 1e-13);
    });

  it('Bahdanau’s attention asks with the top layer’s last hidden state, at the first step the encoder’s', () => {
    manualSeed(16);
    const model = createModel({ kind: 'bahdanau', numLayers: 2 });
    const state = model.encode(tokens([5, 2]));
    const { attention } = model.decoder.forward(tokens([3, 2]), state);
    const asked = model.decoder.attention!.forward(state.rnn['h']!.select(0, 1), state.keys!);
    assert.ok(worst(attention!.select(0, 0), asked.weights) < 1e-14);
  });

  it('runs one fused pass over source and target under teacher forcing, and steps where it has to', () => {
    const layersOf = (wanted: Wanted, teacherForcing: number): number => {
      const model = createModel({ ...wanted, dtype: 'float32' });
      const { output } = model.forward(tokens([6, 2]), tokens([5, 2]), { teacherForcing });
      return tapeOrder(output).filter(({ op }) => op === 'recurrent').length;
    };
    assert.equal(layersOf({ kind: 'none' }, 1), 2);
    assert.equal(layersOf({ kind: 'general' }, 1), 2);
    assert.equal(layersOf({ kind: 'bahdanau' }, 1), 1 + 5);
    assert.equal(layersOf({ kind: 'feeding' }, 1), 1 + 5);
    assert.equal(layersOf({ kind: 'general' }, 0.5), 1 + 5);
  });

  it('what stands behind a source’s end is neither read nor attended to', () => {
    manualSeed(4);
    for (const kind of kinds) {
      const model = createModel({ kind, bidirectional: true });
      const target = tokens([3, 2]);
      const [source, other] = [tokens([5, 2]), tokens([5, 2])];
      const lengths = [3, 5];
      for (let t = 0; t < 5; t++)
        for (let b = 0; b < 2; b++)
          if (t < lengths[b]!) other.data[2 * t + b] = source.data[2 * t + b]!;
      const [one, two] = [source, other].map((x) => model.forward(x, target, { lengths }));
      assert.deepEqual(one!.output.data, two!.output.data);
      const alone = model.forward(source.slice(0, 0, 3).slice(1, 0, 1), target.slice(1, 0, 1));
      assert.ok(worst(alone.output, one!.output.slice(1, 0, 1)) < 1e-13, kind);
      if (one!.attention)
        assert.ok(
          one!.attention
            .slice(1, 0, 1)
            .slice(2, 3, 5)
            .data.every((w) => w === 0),
        );
    }
  });

  it('padding of the target may be ignored, and what it is does not matter before it', () => {
    manualSeed(5);
    const model = createModel({ kind: 'general' });
    const source = tokens([4, 1]);
    const padded = new Tensor(Int32Array.of(3, 4, 2, ignoredTarget, ignoredTarget), [5, 1]);
    const { output } = model.forward(source, padded);
    const short = model.forward(source, new Tensor(Int32Array.of(3, 4, 2), [3, 1]));
    assert.deepEqual(output.slice(0, 0, 3).data, short.output.data);
    assert.ok(
      Math.abs(
        crossEntropy(output, padded).item() -
          crossEntropy(short.output, new Tensor(Int32Array.of(3, 4, 2), [3, 1])).item(),
      ) < 1e-12,
    );
  });

  it('without teacher forcing it hears what greedy generation says', () => {
    manualSeed(6);
    for (const kind of kinds) {
      const model = createModel({ kind }).eval();
      const source = tokens([4, 3]);
      const { output } = model.forward(source, tokens([6, 3]), { teacherForcing: 0 });
      const said = output.argmax();
      model.generate(source, { maxLength: 6 }).forEach(({ indices, ended }, b) => {
        const own = Array.from({ length: 6 }, (_, t) => said.data[3 * t + b]!);
        const end = own.indexOf(2);
        assert.deepEqual([...indices], end < 0 ? own : own.slice(0, end));
        assert.equal(ended, end >= 0);
      });
    }
  });

  it('reads the target as often as scheduled sampling says', () => {
    manualSeed(7);
    const model = createModel({ kind: 'none', dtype: 'float32' });
    // A model that always says 5, and a target that is always 3.
    model.decoder.head.weight.data.fill(0);
    model.decoder.head.bias!.data.fill(0);
    model.decoder.head.bias!.data[5] = 9;
    const heard: number[] = [];
    model.decoder.embedding.registerForwardPreHook((_, [input]) => {
      heard.push(...(input as Tensor).data);
    });
    const [timeSteps, batchSize] = [41, 50];
    const target = tensor(Array<number>(timeSteps * batchSize).fill(3), { dtype: 'int32' });
    model.forward(tokens([2, batchSize]), target.reshape([timeSteps, batchSize]), {
      teacherForcing: 0.7,
    });
    const after = heard.slice(batchSize);
    const share = after.filter((symbol) => symbol === 3).length / after.length;
    assert.ok(Math.abs(share - 0.7) < 0.04, String(share));
    assert.ok(after.every((symbol) => symbol === 3 || symbol === 5));
  });

  it('draws what it hears by its probability where asked', () => {
    manualSeed(8);
    const model = createModel({ kind: 'none', dtype: 'float32' });
    model.decoder.head.weight.data.fill(0);
    model.decoder.head.bias!.data.set([-99, -99, -99, 0, Math.log(3), -99, -99]);
    const heard: number[] = [];
    model.decoder.embedding.registerForwardPreHook((_, [input]) => {
      heard.push(...(input as Tensor).data);
    });
    model.forward(tokens([2, 50]), tokens([41, 50]), { teacherForcing: 0, sampling: 'sample' });
    const after = heard.slice(50);
    const share = after.filter((symbol) => symbol === 4).length / after.length;
    assert.ok(Math.abs(share - 0.75) < 0.04, String(share));
  });

  it('drops the same units at all steps of a decoder that goes step by step', () => {
    manualSeed(9);
    const model = createModel({ kind: 'bahdanau', noise: 0.5 });
    const outputs: Tensor[] = [];
    model.decoder.rnn.registerForwardHook((_module, _inputs, result) => {
      outputs.push((result as { output: Tensor }).output);
    });
    model.forward(tokens([3, 4]), tokens([6, 4]), { teacherForcing: 0.5 });
    const zeros = outputs.map(({ data }) => [...data].map((value) => value === 0));
    for (const step of zeros) assert.deepEqual(step, zeros[0]);
    assert.ok(zeros[0]!.some(Boolean));
  });
});

describe('Seq2Seq: numbers of the papers, loop by loop', () => {
  const referenceOf = (rnn: Module): ReferenceLayer => {
    const known = [...rnn.namedParameters()].map(
      ([name, one]) => [name.replace('_l0', ''), one.toNested()] as const,
    );
    return {
      kind: 'GRU',
      weights: Object.fromEntries(known) as never,
      biases: Object.fromEntries(known) as never,
    };
  };
  const rows = (weight: Tensor): Matrix => weight.toNested() as number[][];
  const times = (matrix: Matrix, x: readonly number[], bias?: Tensor): number[] =>
    matrix.map((row, i) => row.reduce((sum, w, j) => sum + w * x[j]!, bias ? bias.data[i]! : 0));
  const softmax = (scores: number[]): number[] => {
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / total);
  };
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0);

  for (const kind of ['general', 'bahdanau', 'feeding'] as const)
    it(`${kind}: logits and attention`, () => {
      manualSeed(10);
      const model = createModel({ kind });
      const [source, target] = [tokens([4, 1]), tokens([3, 1])];
      const { encoder, decoder } = model;
      const embed = (embedding: Embedding, symbol: number): number[] =>
        (rows(embedding.weight) as number[][])[symbol]!;
      const zero = Array<number>(hiddenSize).fill(0);
      const step = (rnn: Recurrent, x: number[], h: number[]): number[] =>
        runReference(referenceOf(rnn), [x], { h }, { keep: {} }).outputs[0]!;
      const { outputs: keys } = runReference(
        referenceOf(encoder.rnn),
        [...source.data].map((symbol) => embed(encoder.embedding!, symbol)),
        { h: zero },
        { keep: {} },
      );
      const parameter = (name: string): Tensor =>
        new Map(decoder.attention!.namedParameters()).get(name)!;
      const attend = (query: number[]) => {
        const scores = keys.map((key) => {
          const own = times(rows(parameter('score.key.weight')), key);
          if (kind !== 'bahdanau') return dot(query, own);
          const asked = times(rows(parameter('score.query.weight')), query);
          return times(
            rows(parameter('score.energy.weight')),
            own.map((value, i) => Math.tanh(value + asked[i]!)),
          )[0]!;
        });
        const weights = softmax(scores);
        const context = zero.map((_, i) =>
          keys.reduce((sum, key, s) => sum + weights[s]! * key[i]!, 0),
        );
        return { weights, context };
      };
      let h = keys.at(-1)!;
      let feed = zero;
      const expected = [1, ...target.data.slice(0, -1)].map((symbol) => {
        const vector = embed(decoder.embedding, symbol);
        const before = kind === 'bahdanau' ? attend(h) : undefined;
        const beside = kind === 'feeding' ? feed : (before?.context ?? []);
        h = step(decoder.rnn, [...vector, ...beside], h);
        const { weights, context } = before ?? attend(h);
        const { readout } = decoder;
        feed = times(rows(readout!.weight), [...context, ...h], readout!.bias).map(Math.tanh);
        return { logits: times(rows(decoder.head.weight), feed, decoder.head.bias), weights };
      });
      const { output, attention } = model.forward(source, target);
      expected.forEach(({ logits, weights }, t) => {
        assert.ok(worst(output.select(0, t).select(0, 0), tensor(logits, f64)) < 1e-13);
        assert.ok(worst(attention!.select(0, t).select(0, 0), tensor(weights, f64)) < 1e-13);
      });
    });
});
