import assert from 'node:assert/strict';
import {
  cat,
  gruCell,
  Linear,
  lstmCell,
  manualSeed,
  Module,
  Parameter,
  randint,
  randn,
  rnnCell,
  tensor,
  zeros,
  type Cell,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { createSteppedExecutor } from '../../../kernel/rnn/executor/stepped.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { record } from '../../../kernel/rnn/tensor.js';
import { assertHold, meanLoss } from './models.js';
import { coupledLstm } from '../rnn/coupledLstm.js';

const sizes = { inputSize: 3, hiddenSize: 4, bias: true };

/** One layer in one direction, sequence by sequence, as a layer with directions and lengths puts it on the tape. */
class OneWay extends Module {
  readonly weights: Parameter[];

  constructor(
    private readonly cell: Cell,
    private readonly direction: 'forward' | 'reverse',
    private readonly lengths: Int32Array | undefined,
  ) {
    super();
    this.weights = cell
      .program(sizes)
      .parameters.map(
        ({ shape }) => new Parameter(randn(shape, { dtype: 'float64' }).mul(0.5).data, shape),
      );
  }

  forward(input: Tensor) {
    const program = this.cell.program(sizes);
    const [T, B] = input.shape as [number, number];
    const output = zeros([T, B, 4], { dtype: 'float64' });
    const states = program.states.map(({ size }) => randn([1, B, size], { dtype: 'float64' }));
    const finals = program.states.map(({ size }) => zeros([1, B, size], { dtype: 'float64' }));
    for (let b = 0; b < B; b++) {
      const length = this.lengths?.[b] ?? T;
      const order = Array.from({ length }, (_, p) =>
        this.direction === 'reverse' ? length - 1 - p : p,
      );
      const own = cat(
        order.map((t) => input.slice(0, t, t + 1).slice(1, b, b + 1)),
        0,
      ).detach();
      const executor = createSteppedExecutor(program, this.weights, 'float64');
      const run = executor.run(
        { input: own, states: states.map((state) => state.slice(1, b, b + 1).reshape([1, -1])) },
        false,
      );
      order.forEach((t, p) =>
        output.data.set(run.output.data.subarray(p * 4, p * 4 + 4), (t * B + b) * 4),
      );
      finals.forEach(({ data }, k) => data.set(run.finalStates[k]!.data, b * 4));
    }
    const [out, ...last] = record(
      'recurrent',
      [input, ...states, ...this.weights],
      [output, ...finals],
      () => assert.fail('the tape is never gone back through'),
      {
        program,
        timeSteps: T,
        direction: this.direction,
        ...(this.lengths && { lengths: this.lengths }),
      },
    );
    return { output: out!, final: last[0]! };
  }
}

class BothWays extends Module {
  readonly there: OneWay;
  readonly back: OneWay;
  readonly head = new Linear({ inFeatures: 8, outFeatures: 5, dtype: 'float64' });

  constructor(
    cell: Cell,
    lengths?: Int32Array,
    private readonly readsFinal = true,
  ) {
    super();
    this.there = new OneWay(cell, 'forward', lengths);
    this.back = new OneWay(cell, 'reverse', lengths);
  }

  forward(input: Tensor) {
    const [a, b] = [this.there.forward(input), this.back.forward(input)];
    if (!this.readsFinal) return this.head.forward(cat([a.output, b.output], -1));
    const final = a.final.add(b.final).mul(0.1);
    return this.head.forward(cat([a.output.add(final), b.output], -1));
  }
}

const cells: Record<string, Cell> = {
  RNN: rnnCell('tanh'),
  LSTM: lstmCell,
  'GRU reset after': gruCell(true),
  'GRU reset before': gruCell(false),
  'coupled LSTM': coupledLstm,
};

describe('layers of both directions', () => {
  for (const [name, cell] of Object.entries(cells))
    for (const lengths of [undefined, Int32Array.of(6, 2, 4)])
      for (const truncate of [undefined, 3])
        it(`${name}${lengths ? ', sequences of other lengths' : ''}${truncate ? ', truncated' : ''}: every invariant holds`, () => {
          manualSeed(21);
          const model = new BothWays(cell, lengths);
          const input = randn([6, 3, 3], { dtype: 'float64' });
          const target = randint(0, 5, [6, 3]);
          const trace = inspect(
            model,
            { input, target },
            { loss: meanLoss, ...(truncate && { truncate }) },
          );
          assertHold(trace.check());
        });

  it('run against time: their ledger, Jacobians and steps do too', () => {
    manualSeed(22);
    const model = new BothWays(lstmCell, undefined, false);
    const input = randn([6, 1, 3], { dtype: 'float64' });
    const target = randint(0, 5, [6, 1]);
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    assert.deepEqual(
      trace.layers.map(({ direction }) => direction),
      ['forward', 'reverse'],
    );
    const back = trace.layers[1]!;
    assert.equal(
      trace.node({ layer: back.name, t: 2, node: 'c' }).operands[0]!.equation,
      '%18ₜ = fₜ ⊙ cₜ₊₁',
    );
    const { matrix } = trace.ledger({ layer: back.name });
    assert.ok(matrix[1]![4]! > 0 && matrix[4]![4]! > matrix[1]![4]!);
    assert.equal(matrix[4]![1], 0);
    assert.deepEqual([...trace.ledger({ layer: 'lstm' }).matrix[1]!.slice(2)], [0, 0, 0, 0]);
    const { product } = trace.jacobians({ layer: back.name });
    assert.deepEqual([product.from, product.k], [0, [0, 1, 2, 3, 4, 5]]);
    const stepper = trace.stepper();
    stepper.runTo({ t: 5, layer: back.name, phase: 'forward' });
    assert.equal(stepper.out().t, 4);
    stepper.runTo({ t: 0, layer: back.name, phase: 'backward' });
    assert.equal(stepper.out().t, 1);
  });

  it('are cut between the same time steps as forward ones', () => {
    manualSeed(25);
    const model = new BothWays(lstmCell, undefined, false);
    const input = randn([6, 1, 3], { dtype: 'float64' });
    const target = randint(0, 5, [6, 1]);
    const trace = inspect(model, { input, target }, { loss: meanLoss, truncate: 2 });
    const cameFromNext = trace.layers.map(({ norms }) =>
      [...norms.carried[0]!].map((norm) => norm > 0),
    );
    // Adjoints flow from t to t−1 forward, from t to t+1 in reverse, but never between 1 and 2 or 3 and 4.
    assert.deepEqual(cameFromNext, [
      [true, false, true, false, true, false],
      [false, true, false, true, false, true],
    ]);
    const stepper = trace.stepper();
    stepper.runTo({ t: 0, layer: 'lstm.reverse', phase: 'backward' });
    assert.equal(stepper.runUntil((stop) => stop.crossesTruncation)!.t, 2);
    assert.equal(trace.verdict().findings[0]!.kind, 'flowing');
  });

  it('know at which step a final state stands, and that padding does not change it', () => {
    manualSeed(26);
    const lengths = Int32Array.of(2, 4);
    const input = randn([6, 2, 3], { dtype: 'float64' });
    const look = (direction: 'forward' | 'reverse') => {
      class ByFinal extends OneWay {
        override forward(given: Tensor) {
          const { final } = super.forward(given);
          return { output: final, final };
        }
      }
      return inspect(
        new ByFinal(lstmCell, direction, lengths),
        { input },
        { loss: (final) => final.sum() },
      );
    };
    assert.deepEqual(look('forward').loss.measuredAt, [1, 3]);
    assert.deepEqual(look('reverse').loss.measuredAt, [0]);
    const { product, steps } = look('forward').jacobians({ sequence: 1 });
    assert.deepEqual(product.k, [5, 4, 3, 2, 1, 0]);
    assert.deepEqual(
      [...product.norm.slice(0, 3)].map((x) => +x.toFixed(9)),
      [1, 1, 1],
    );
    assert.ok(product.norm[3]! < 1);
    assert.ok(steps[5]!.singularValues.every((value) => Math.abs(value - 1) < 1e-14));
  });

  it('leave padding alone: what stands there is never read, and has no adjoint', () => {
    manualSeed(23);
    const model = new BothWays(lstmCell, Int32Array.of(6, 2));
    const input = randn([6, 2, 3], { dtype: 'float64' });
    const target = tensor(
      [
        [1, 2],
        [1, 2],
        [1, -100],
        [1, -100],
        [1, -100],
        [1, -100],
      ],
      { dtype: 'int32' },
    );
    manualSeed(24);
    const clean = inspect(model, { input, target }, { loss: meanLoss });
    for (let t = 2; t < 6; t++) input.data.fill(NaN, (t * 2 + 1) * 3, (t * 2 + 2) * 3);
    manualSeed(24);
    const dirty = inspect(model, { input, target }, { loss: meanLoss });
    assert.equal(dirty.loss.total, clean.loss.total);
    for (const [name, { gradient }] of clean.gradients)
      assert.deepEqual(dirty.gradients.get(name)!.gradient.data, gradient.data);
    for (const layer of ['lstm', 'lstm.reverse']) {
      const { adjoint } = dirty.node({ layer, t: 3, node: 'c' });
      assert.ok(adjoint.data.slice(4).every((x) => x === 0));
    }
    assertHold(dirty.check());
  });

  it('refuse what they do not know', () => {
    class Strange extends OneWay {
      override forward(input: Tensor) {
        const program = lstmCell.program(sizes);
        const [out] = record('recurrent', [input], [zeros([2, 1, 4])], () => undefined, {
          program,
          timeSteps: 2,
          zoneout: 0.1,
        });
        return { output: out!, final: out! };
      }
    }
    assert.throws(
      () =>
        inspect(
          new Strange(lstmCell, 'forward', undefined) as never,
          { input: randn([2, 1, 3]) },
          { loss: (o) => o.sum() },
        ),
      /LSTM runs with zoneout, which cannot be inspected/,
    );
  });
});
