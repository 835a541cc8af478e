import assert from 'node:assert/strict';
import {
  GRU,
  LSTM,
  manualSeed,
  minGruCell,
  OptionError,
  randn,
  Recurrent,
  Tensor,
} from '../../../kernel/rnn/index.js';
import { withHiddenDropout, withZoneout } from '../../../kernel/rnn/cell/maskedProgram.js';
import { isPlan } from '../../../kernel/rnn/fused/plan.js';
import { planProgram } from '../../../kernel/rnn/fused/planProgram.js';
import { testCells } from '../rnn/testCells.js';
import { runReference } from './recurrentReference.js';
import { nested, assertClose, referenceLayer } from './stackedReference.js';

const f64 = { dtype: 'float64' } as const;

const sizes = { inputSize: 2, hiddenSize: 3 };

describe('regularised cells', () => {
  it('all have a plan: they run fused', () => {
    for (const [name, cell] of Object.entries(testCells)) {
      const program = cell.program({ inputSize: 3, hiddenSize: 4, bias: true });
      const rates = new Map(program.states.map((state) => [state.name, 0.5]));
      const dropped = name === 'min-gru' ? program : withHiddenDropout(program, 0.5);
      for (const masked of [
        withZoneout(dropped, rates, true),
        withZoneout(program, rates, false),
        dropped,
      ]) {
        const plan = planProgram(masked);
        assert.ok(isPlan(plan), `${name}: ${'reason' in plan ? plan.reason : ''}`);
      }
    }
  });

  it('drops what products read of the state, gated or in part, and nothing else', () => {
    const program = withHiddenDropout(
      testCells['gru-reset-before']!.program({ inputSize: 2, hiddenSize: 3, bias: true }),
      0.5,
    );
    const reads = program.nodes
      .filter(({ op, operands }) => op === 'linear' && operands[0] !== program.input)
      .map(({ operands }) => program.nodes[operands[0]!]!);
    assert.equal(reads.length, 2);
    for (const read of reads) {
      assert.equal(read.op, 'mul');
      assert.ok(read.operands.includes(program.masks[0]!.node));
    }
  });

  it('refuses hidden dropout for a cell that reads no state in a product', () => {
    const layer = new Recurrent({
      cell: minGruCell,
      ...sizes,
      variationalDropout: { hidden: 0.5 },
    });
    assert.throws(() => layer.forward(randn([2, 2, 2])), {
      name: 'CellError',
      message: /minGRU: dropout of the hidden state needs a product/,
    });
  });

  it('evaluation of variational dropout is bit for bit the layer without', () => {
    manualSeed(5);
    const plain = new LSTM({ ...sizes, numLayers: 2 });
    const dropped = new LSTM({ ...sizes, numLayers: 2, variationalDropout: 0.5 });
    dropped.loadStateDict(plain.stateDict());
    const x = randn([6, 3, 2]);
    assert.deepEqual(dropped.eval().forward(x).output.data, plain.forward(x).output.data);
    assert.notDeepEqual(dropped.train().forward(x).output.data, plain.forward(x).output.data);
  });

  it('evaluation of zoneout takes the expectation of each state', () => {
    manualSeed(6);
    const rates = { h: 0.25, c: 0.5 };
    const layer = new LSTM({ ...sizes, zoneout: rates, ...f64 }).eval();
    const x = randn([7, 1, 2], f64);
    const { output, state } = layer.forward(x);
    const keep = Object.fromEntries(
      Object.entries(rates).map(([name, p]) => [
        name,
        Array.from({ length: 7 }, () => Array<number>(3).fill(p)),
      ]),
    );
    const zero = Array<number>(3).fill(0);
    const run = runReference(
      referenceLayer(layer, '_l0'),
      nested(x).map((step) => step[0]!),
      { h: zero, c: zero },
      { keep },
    );
    assertClose(output, [run.outputs]);
    assertClose(state.c, [[run.state['c']!]]);
  });

  it('the mean over many zoneout masks of one time step is what evaluation gives', () => {
    manualSeed(7);
    const layer = new GRU({ ...sizes, zoneout: 0.3, ...f64 });
    const [x, h] = [randn([1, 1, 2], f64), randn([1, 1, 3], f64)];
    const copies = 20_000;
    const wide = (one: Tensor, width: number): Tensor =>
      new Tensor(
        Float64Array.from({ length: copies * width }, (_, i) => one.data[i % width]!),
        [1, copies, width],
      );
    const mean = layer.forward(wide(x, 2), { h: wide(h, 3) }).output.mean(1);
    const expected = layer.eval().forward(x, { h }).output;
    mean.data.forEach((value, i) => assert.ok(Math.abs(value - expected.data[i]!) < 0.02));
  });

  it('one mask serves all time steps, and several calls that are given it', () => {
    manualSeed(8);
    const layer = new GRU({ ...sizes, variationalDropout: { input: 0.5, output: 0.5 }, ...f64 });
    const masks = layer.drawMasks(2);
    const x = randn([5, 2, 2], f64);
    const whole = layer.forward(x, undefined, { masks });
    const first = layer.forward(x.slice(0, 0, 2), undefined, { masks });
    const second = layer.forward(x.slice(0, 2, 5), first.state, { masks });
    assert.deepEqual([...first.output.data, ...second.output.data], [...whole.output.data]);
    const [, , , ...rest] = whole.output.toNested() as number[][][];
    for (const step of rest)
      step.forEach((row, b) =>
        row.forEach((value, i) =>
          assert.equal(value === 0, (whole.output.toNested() as number[][][])[0]![b]![i] === 0),
        ),
      );
  });

  it('learnt initial states are trained, and give way to a state that is given', () => {
    manualSeed(9);
    const layer = new GRU({ ...sizes, learnInitialState: true, bidirectional: true });
    assert.deepEqual(
      [...layer.namedParameters()].map(([name]) => name).filter((name) => /initial/.test(name)),
      ['initial_h_l0', 'initial_h_l0_reverse'],
    );
    const x = randn([3, 2, 2]);
    layer.forward(x).output.sum().backward();
    assert.ok(layer.initial_h_l0!.grad!.data.some((value) => value !== 0));
    layer.zeroGrad();
    layer
      .forward(x, { h: randn([2, 2, 3]) })
      .output.sum()
      .backward();
    assert.equal(layer.initial_h_l0!.grad, null);
  });

  it('says what is wrong with a rate', () => {
    const make = (options: object) => () => new LSTM({ ...sizes, ...options });
    assert.throws(make({ zoneout: 2 }), OptionError);
    assert.throws(
      make({ zoneout: { x: 0.5 } }),
      /LSTM: zoneout names the state 'x', expected h, c/,
    );
    assert.throws(make({ zoneout: { h: -1 } }), /h must be a number from 0 to 1, got -1/);
    assert.throws(make({ variationalDropout: '0.5' }), /variationalDropout must be a number/);
    assert.throws(make({ variationalDropout: { hiden: 0.5 } }), /unknown option 'hiden'/);
  });
});
