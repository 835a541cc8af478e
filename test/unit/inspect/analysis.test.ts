import assert from 'node:assert/strict';
import {
  crossEntropy,
  InspectionError,
  LSTM,
  manualSeed,
  OptionError,
  randn,
  RNN,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import {
  singularValues,
  spectralNorm,
  spectralRadius,
} from '../../../kernel/rnn/inspect/spectrum.js';
import { cells, meanLoss, Tagger, taggerAndBatch } from './models.js';

const norm = (numbers: ArrayLike<number>): number => Math.hypot(...Array.from(numbers));
const near = (a: number, b: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(1e-30, Math.abs(b)), `${what}: ${a}, ${b}`);

/** ‖∂Lⱼ/∂sₖ‖ by running the model from the state after step k, which takes no inspection at all. */
function ledgerEntry(
  model: Tagger,
  input: Tensor,
  target: Tensor,
  j: number,
  k: number,
  state: string,
) {
  const before = model.net.forward(input.slice(0, 0, k + 1));
  const states = Object.fromEntries(
    Object.entries(before.state).map(([name, value]) => [
      name,
      tensor(value.toNested(), { dtype: 'float64', requiresGrad: true }),
    ]),
  );
  const steps = input.shape[0]!;
  const loss =
    k === j
      ? // At its own step the loss reads the output, which is h itself.
        crossEntropy(model.head.forward(states['h']!), target.slice(0, j, j + 1))
      : crossEntropy(
          model.forward(input.slice(0, k + 1, steps), states).output.slice(0, j - k - 1, j - k),
          target.slice(0, j, j + 1),
        );
  loss.backward();
  const { h, c } = states;
  if (state === 'h') return norm(h!.grad?.data ?? [0]) / steps;
  // cₖ also acts through hₖ = oₖ ⊙ tanh(cₖ), so oₖ = hₖ / tanh(cₖ).
  const total = Array.from(c!.data, (x, i) => {
    const through = (h!.data[i]! / Math.tanh(x)) * (1 - Math.tanh(x) ** 2);
    return (c!.grad?.data[i] ?? 0) + (h!.grad?.data[i] ?? 0) * through;
  });
  return norm(total) / steps;
}

describe('ledger', () => {
  for (const cell of ['RNN', 'LSTM', 'GRU reset after', 'GRU reset before', 'coupled LSTM'])
    it(`${cell}: each entry is the gradient of one loss term by one state, found without it`, () => {
      const { model, input, target } = taggerAndBatch(cell, { dtype: 'float64' });
      const trace = inspect(model, { input, target }, { loss: meanLoss });
      const { matrix, rows } = trace.ledger();
      assert.deepEqual(rows, [0, 1, 2, 3, 4, 5, 6]);
      for (let j = 0; j < 7; j++)
        for (let k = 0; k < 7; k++)
          if (k > j) assert.equal(matrix[j]![k], 0);
          else
            near(matrix[j]![k]!, ledgerEntry(model, input, target, j, k, 'h'), 1e-10, `${j},${k}`);
      for (const state of trace.layer().program.states) {
        const own = trace.ledger({ state: state.name }).matrix;
        for (const [j, k] of [
          [6, 0],
          [5, 3],
          [4, 3],
        ] as const)
          near(own[j]![k]!, ledgerEntry(model, input, target, j, k, state.name), 1e-10, state.name);
      }
    });

  it('splits the adjoint of an LSTM’s c into the path through c and the path through h', () => {
    const { model, input, target } = taggerAndBatch('LSTM', { dtype: 'float64' });
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const { through, fromLoss, adjoint } = trace.ledger({ state: 'c' });
    for (let t = 0; t < 6; t++) {
      const value = (step: number, node: string) => trace.node({ t: step, node }).value.data;
      const next = trace.node({ t: t + 1, node: 'c' }).adjoint.data;
      // c̄ₜ₊₁ ⊙ fₜ₊₁, and h̄ₜ ⊙ oₜ ⊙ (1 − tanh²cₜ) of the part of h̄ₜ that came from t+1
      near(through.get('c')![t]!, norm(next.map((x, i) => x * value(t + 1, 'f')[i]!)), 1e-12, 'c');
      const h = trace
        .node({ t, node: 'h' })
        .adjointParts.find(({ origin }) => origin === 'next step')!;
      const gate = (i: number) => value(t, 'o')[i]! * (1 - Math.tanh(value(t, 'c')[i]!) ** 2);
      near(through.get('h')![t]!, norm(h.numbers.map((x, i) => x * gate(i))), 1e-12, 'h');
      assert.ok(
        adjoint[t]! <= fromLoss[t]! + through.get('c')![t]! + through.get('h')![t]! + 1e-15,
      );
    }
  });

  it('follows chosen loss terms only, and still sums over all', () => {
    const { model, input, target } = taggerAndBatch('GRU reset after', { numLayers: 2 });
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const all = trace.ledger({ layer: 1 });
    const some = trace.ledger({ layer: 'net.l1', rows: [6, 2] });
    assert.deepEqual(some.rows, [6, 2]);
    [6, 2].forEach((j, row) =>
      some.matrix[row]!.forEach((x, k) => near(x, all.matrix[j]![k]!, 1e-14, `${j},${k}`)),
    );
    assert.ok(some.errors.terms < 1e-14);
    assert.throws(() => trace.ledger({ rows: [7] }), OptionError);
  });
});

describe('jacobians', () => {
  for (const cell of Object.keys(cells))
    it(`${cell}: of each step are those of central differences`, () => {
      const { model, input, target } = taggerAndBatch(cell, { dtype: 'float64' });
      const trace = inspect(model, { input, target }, { loss: meanLoss });
      const { states } = trace.layer().program;
      const { steps, size } = trace.jacobians({ sequence: 1, steps: [2, 5] });
      for (const { t, matrix } of steps) {
        const column = (state: string, unit: number): number[] => {
          const moved = [1, -1].map((sign) => {
            const before = model.net.forward(input.slice(0, 0, t)).state;
            const copy = before[state]!.clone();
            copy.data[copy.shape[2]! + unit]! += sign * 1e-6;
            const after = model.net.forward(input.slice(0, t, t + 1), {
              ...before,
              [state]: copy,
            }).state;
            return states.flatMap(({ name, size: own }) => [...after[name]!.data.slice(own)]);
          });
          return moved[0]!.map((x, i) => (x - moved[1]![i]!) / 2e-6);
        };
        const columns = states.flatMap(({ name, size: own }) =>
          Array.from({ length: own }, (_, unit) => column(name, unit)),
        );
        columns.forEach((expected, j) =>
          expected.forEach((x, i) => {
            assert.ok(
              Math.abs(matrix[i * size + j]! - x) < 1e-8,
              `${i},${j}: ${matrix[i * size + j]!}, ${x}`,
            );
          }),
        );
      }
    });

  it('multiply to how far a change of the state reaches', () => {
    const { model, input, target } = taggerAndBatch('LSTM');
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const { steps, product, size } = trace.jacobians();
    assert.deepEqual(product.k, [6, 5, 4, 3, 2, 1, 0]);
    let matrix = Float64Array.from({ length: size * size }, (_, i) =>
      i % (size + 1) === 0 ? 1 : 0,
    );
    product.norm.forEach((value, lag) => {
      near(value, singularValues(matrix, size, size)[0]!, 1e-8, `lag ${lag}`);
      const step = steps[6 - lag]!.matrix;
      matrix = matrix.map((_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        let sum = 0;
        for (let k = 0; k < size; k++) sum += matrix[i * size + k]! * step[k * size + j]!;
        return sum;
      });
    });
  });

  it('name the gate of each block of recurrent weights', () => {
    const blocks = (cell: string) => {
      const { model, input, target } = taggerAndBatch(cell);
      const { radii } = inspect(model, { input, target }, { loss: meanLoss }).jacobians({
        steps: [],
      });
      return radii.map(({ block }) => block);
    };
    assert.deepEqual(blocks('LSTM'), ['i', 'f', 'g', 'o']);
    assert.deepEqual(blocks('GRU reset after'), ['r', 'z', 'n']);
    assert.deepEqual(blocks('RNN'), ['rows 0 to 3']);
  });
});

describe('products of Jacobians', () => {
  it('end where hardly anything is left of them, if asked to', () => {
    const { model, input, target } = taggerAndBatch('RNN');
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const whole = trace.jacobians().product;
    const part = trace.jacobians({ negligible: 0.2 }).product;
    const end = whole.norm.findIndex((norm) => norm < 0.2 * Math.max(...whole.norm));
    assert.ok(end > 0 && end < 6, String(whole.norm));
    assert.deepEqual(part.norm, whole.norm.slice(0, end + 1));
    assert.deepEqual(part.k, whole.k.slice(0, end + 1));
  });
});

describe('spectrum', () => {
  /** A rotation in the plane of two axes, of the right size. */
  const rotated = (matrix: Float64Array, n: number, p: number, q: number, angle: number) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return matrix.map((x, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      if (i === p) return c * x - s * matrix[q * n + j]!;
      return i === q ? s * matrix[p * n + j]! + c * x : x;
    });
  };

  it('finds singular values to the last digits, tiny ones too, of square, tall and wide matrices', () => {
    const expected = [7, 3, 1, 1e-3, 1e-9, 0];
    const n = expected.length;
    let matrix = new Float64Array(n * n);
    expected.forEach((value, i) => (matrix[i * n + i] = value));
    for (let k = 0; k < 40; k++) {
      matrix = rotated(
        matrix,
        n,
        k % n,
        (k * 5 + 1) % n === k % n ? (k + 2) % n : (k * 5 + 1) % n,
        1 + k,
      );
      const transposed = matrix.map((_, at) => matrix[(at % n) * n + Math.floor(at / n)]!);
      matrix = transposed;
    }
    const found = singularValues(matrix, n, n);
    expected.forEach((value, i) => {
      assert.ok(Math.abs(found[i]! - value) < 1e-14, `${found[i]!} for ${value}`);
    });
    const tall = Float64Array.of(3, 0, 0, 4, 0, 0);
    assert.deepEqual(
      [...singularValues(tall, 3, 2)].map((x) => +x.toFixed(12)),
      [4, 3],
    );
    assert.deepEqual(
      [...singularValues(Float64Array.of(3, 0, 0, 0, 4, 0), 2, 3)].map((x) => +x.toFixed(12)),
      [4, 3],
    );
    const start = new Float64Array(n).fill(1);
    near(spectralNorm(matrix, n, n, start), 7, 1e-8, 'norm');
  });

  it('finds the spectral radius of rotations, of defective and of nilpotent matrices', () => {
    near(spectralRadius([0, -0.9, 0.9, 0], 2), 0.9, 1e-12, 'rotation');
    near(spectralRadius([0.5, 1000, 0, 0.5], 2), 0.5, 1e-6, 'Jordan block');
    assert.equal(spectralRadius([0, 1, 0, 0], 2), 0);
    near(spectralRadius([-1.3, 0.2, 0, 0.4], 2), 1.3, 1e-9, 'triangular');
  });
});

describe('truncation', () => {
  it('compares the gradient of training in segments with the full one', () => {
    const { model, input, target } = taggerAndBatch('LSTM', { dtype: 'float64' });
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const cut = trace.truncation(3);
    assert.deepEqual(cut.boundaries, [3, 6]);
    let state: Record<string, Tensor> | undefined;
    model.zeroGrad();
    for (const [from, to] of [
      [0, 3],
      [3, 6],
      [6, 7],
    ] as const) {
      const result = model.forward(input.slice(0, from, to), state);
      const loss = crossEntropy(result.output, target.slice(0, from, to), { reduction: 'sum' });
      loss.mul(1 / 14).backward();
      state = Object.fromEntries(Object.entries(result.state).map(([k, v]) => [k, v.detach()]));
    }
    for (const [name, { grad }] of model.namedParameters()) {
      const own = cut.trace.gradients.get(name)!.gradient.data;
      own.forEach((x, i) => near(x, grad!.data[i]!, 1e-11, name));
    }
    assert.ok(cut.cosine > 0.5 && cut.cosine < 1 - 1e-6);
    near(cut.parameters.get('head.weight')!.error, 0, 1, 'the head is not truncated');
    near(trace.truncation(7).cosine, 1, 1e-14, 'not truncated at all');
    assert.throws(() => trace.truncation(0), OptionError);
  });

  it('says what was cut off', () => {
    const { model, input, target } = taggerAndBatch('RNN');
    const trace = inspect(model, { input, target }, { loss: meanLoss, truncate: 2 });
    const whole = inspect(model, { input, target }, { loss: meanLoss });
    assert.deepEqual([...trace.layer().run.cut[0]!.keys()].sort(), [2, 4, 6]);
    assert.ok(norm(trace.layer().run.cut[0]!.get(6)!) > 0);
    assert.match(trace.verdict().sentence, /cut every 2 steps, at 3 boundaries/);
    assert.ok(whole.truncation(2).ratio < 1.1);
  });
});

describe('what if', () => {
  const { model, input, target } = taggerAndBatch('LSTM', { dtype: 'float64', numLayers: 2 });
  const look = () => inspect(model, { input, target }, { loss: meanLoss });

  it('a weight were another: the same as inspecting a model with that weight', () => {
    const before = look();
    const edited = before.whatIf({ parameter: 'net.weight_hh_l0', index: [3, 1], set: 0.75 });
    const { data } = model.net.parameters()[1]!;
    const was = data[3 * 4 + 1]!;
    data[3 * 4 + 1] = 0.75;
    const expected = look();
    data[3 * 4 + 1] = was;
    assert.equal(edited.loss.after, expected.loss.total);
    assert.equal(edited.loss.before, before.loss.total);
    for (const [name, { gradient }] of expected.gradients)
      assert.deepEqual(edited.after.gradients.get(name)!.gradient.data, gradient.data);
    assert.equal(look().loss.total, before.loss.total);
    assert.equal(before.whatIf([]).loss.after, before.loss.total);
  });

  it('a number of the input were another', () => {
    const edited = look().whatIf({ input: [4, 1], set: (x) => 2 * x });
    const changed = input.clone();
    for (const unit of [0, 1, 2]) changed.data[4 * 6 + 3 + unit]! *= 2;
    const expected = inspect(model, { input: changed, target }, { loss: meanLoss });
    assert.equal(edited.loss.after, expected.loss.total);
    const h = edited.states.get('net.l1')!.get('h')!;
    assert.deepEqual([...h.slice(0, 4)], [0, 0, 0, 0]);
    assert.ok(h[4]! > 0);
  });

  it('a forget gate stood open: what lies downstream changes, nothing flows back through the gate', () => {
    const before = look();
    const { after, states } = before.whatIf({ node: 'f', t: 3, layer: 0, set: 0.7 });
    assert.ok(after.node({ t: 3, node: 'f' }).value.data.every((f) => f === 0.7));
    assert.deepEqual(
      after.node({ t: 2, node: 'c' }).value.data,
      before.node({ t: 2, node: 'c' }).value.data,
    );
    assert.ok(states.get('net.l0')!.get('c')![3]! > 0);
    const [sent] = after.node({ t: 3, node: 'f' }).sends;
    assert.equal(sent!.norm, 0);
    const again = after.whatIf({ node: 'o', t: 5, unit: 2, sequence: 0, set: 0.2 }).after;
    assert.equal(again.node({ t: 3, node: 'f' }).value.data[0], 0.7);
    assert.equal(again.node({ t: 5, node: 'o' }).value.data[2], 0.2);
    for (const { error, tolerance, name } of again.check())
      assert.ok((error ?? 0) <= tolerance, `${name}: ${String(error)}`);
  });

  it('says what cannot be changed', () => {
    const trace = look();
    assert.throws(() => trace.whatIf({ parameter: 'net.weight', set: 0 }), InspectionError);
    assert.throws(() => trace.whatIf({ parameter: 'head.bias', index: [9], set: 0 }), OptionError);
    assert.throws(() => trace.whatIf({ node: 1, t: 0, set: 0 }), /got 'h' of net.l0 \(state\)/);
    assert.throws(() => trace.whatIf({ node: 'f', t: 9, set: 0 }), /t must be from 0 to 6, got 9/);
    assert.throws(() => trace.whatIf({ node: 'f', set: NaN }), /set must give a number, got NaN/);
  });
});

describe('verdict', () => {
  const judge = (scale: number, steps = 40) => {
    manualSeed(4);
    const model = new Tagger(new RNN({ inputSize: 3, hiddenSize: 8 }));
    const whh = model.net.parameters()[1]!;
    whh.data.fill(0);
    // Without bias and with next to no input, tanh stays where it is the identity.
    for (const bias of model.net.parameters().slice(2)) bias.data.fill(0);
    for (let i = 0; i < 8; i++) whh.data[i * 8 + ((i + 1) % 8)] = scale;
    const input = randn([steps, 1, 3]).mul(1e-5);
    const target = tensor(
      Array.from({ length: steps }, () => [1]),
      { dtype: 'int32' },
    );
    const loss = (o: Tensor, y: Tensor) => crossEntropy(o.select(0, -1), y.select(0, -1));
    return inspect(model, { input, target }, { loss }).verdict();
  };

  it('tells a gradient that vanishes from one that flows', () => {
    const gone = judge(0.4);
    assert.equal(gone.findings[0]!.kind, 'vanishing');
    assert.match(
      gone.sentence,
      /net\.l0: the gradient vanishes by t−\d+ .* spectral radius of net.weight_hh_l0 is 0.40/,
    );
    assert.equal(judge(0.99, 12).findings[0]!.kind, 'flowing');
    const grown = judge(1.6, 22);
    assert.equal(grown.findings[0]!.kind, 'exploding');
    assert.match(grown.sentence, /explodes, by t−\d+ it is .* times what it is at t/);
  });

  it('names the forget gates that shut the way', () => {
    manualSeed(4);
    const model = new Tagger(new LSTM({ inputSize: 3, hiddenSize: 6 }));
    const bias = model.net.parameters()[2]!;
    bias.data.fill(-6, 6, 12);
    const input = randn([20, 2, 3]);
    const target = tensor(
      Array.from({ length: 20 }, () => [1, 2]),
      { dtype: 'int32' },
    );
    const { sentence, findings } = inspect(model, { input, target }, { loss: meanLoss }).verdict();
    assert.equal(findings[0]!.kind, 'vanishing');
    assert.match(sentence, /100 % of f gates are below 0.1/);
  });
});
