import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  gradcheck,
  GRU,
  LSTM,
  manualSeed,
  minGruCell,
  OptionError,
  randn,
  Recurrent,
  RNN,
  Tensor,
  type RecurrentState,
  type VariationalMasks,
} from '../../../kernel/rnn/index.js';
import { withHiddenDropout, withZoneout } from '../../../kernel/rnn/cell/maskedProgram.js';
import { isPlan } from '../../../kernel/rnn/fused/plan.js';
import { planProgram } from '../../../kernel/rnn/fused/planProgram.js';
import type { RecurrentDetail } from '../../../kernel/rnn/modules/cellLayer.js';
import type { NdArray } from '../../../kernel/rnn/ndarray.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';
import { holdsForAll } from '../rnn/holdsForAll.js';
import { testCells } from '../rnn/testCells.js';
import { runReference, type Matrix, type ReferenceLayer } from './recurrentReference.js';

const f64 = { dtype: 'float64' } as const;

/** Every option of a layer at once. */
interface Drawn {
  kind: 'LSTM' | 'GRU' | 'RNN';
  variant: 'plain' | 'peepholes' | 'projection';
  numLayers: number;
  bidirectional: boolean;
  bias: boolean;
  batchFirst: boolean;
  dropout: number;
  variationalDropout: { input: number; layers: number; hidden: number; output: number };
  zoneout: number;
  learnInitialState: boolean;
  hasState: boolean;
  isRagged: boolean;
  isAlone: boolean;
  reverse: boolean;
  timeSteps: number;
  batchSize: number;
  seed: number;
}

const rate = fc.constantFrom(0, 0.3, 0.5);

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kind: fc.constantFrom('LSTM', 'GRU', 'RNN'),
  variant: fc.constantFrom('plain', 'peepholes', 'projection'),
  numLayers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  bias: fc.boolean(),
  batchFirst: fc.boolean(),
  dropout: rate,
  variationalDropout: fc.record({ input: rate, layers: rate, hidden: rate, output: rate }),
  zoneout: fc.constantFrom(0, 0.2, 0.6),
  learnInitialState: fc.boolean(),
  hasState: fc.boolean(),
  isRagged: fc.boolean(),
  isAlone: fc.boolean(),
  reverse: fc.boolean(),
  timeSteps: fc.integer({ min: 1, max: 4 }),
  batchSize: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
});

const sizes = { inputSize: 2, hiddenSize: 3 };

function createLayer(options: Drawn, dtype: 'float32' | 'float64'): Recurrent {
  const { kind, variant, numLayers, bidirectional, bias, batchFirst, dropout } = options;
  const { variationalDropout, zoneout, learnInitialState } = options;
  const shared = {
    ...sizes,
    ...{ numLayers, bidirectional, bias, batchFirst, dropout },
    ...{ variationalDropout, zoneout, learnInitialState, dtype },
  };
  manualSeed(options.seed);
  const layer: unknown =
    kind === 'LSTM'
      ? new LSTM({
          ...shared,
          peepholes: variant === 'peepholes',
          projSize: variant === 'projection' ? 2 : 0,
        })
      : kind === 'GRU'
        ? new GRU(shared)
        : new RNN(shared);
  for (const [name, parameter] of (layer as Recurrent).namedParameters())
    if (name.startsWith('initial_')) parameter.data.set(randn(parameter.shape, { dtype }).data);
  return layer as Recurrent;
}

/** Input, states and lengths of a call, the same numbers in either precision. */
function createCall(layer: Recurrent, options: Drawn, dtype: 'float32' | 'float64') {
  const { timeSteps, batchSize, isAlone, seed } = options;
  manualSeed(seed + 1);
  const create = (shape: readonly number[]): Tensor => {
    const { data } = randn(shape, { dtype: 'float32' });
    const numbers = dtype === 'float32' ? data : Float64Array.from(data);
    return new Tensor(numbers, shape, { requiresGrad: true });
  };
  const batch = isAlone ? [] : [batchSize];
  const leading = isAlone
    ? [timeSteps]
    : options.batchFirst
      ? [batchSize, timeSteps]
      : [timeSteps, batchSize];
  const input = create([...leading, sizes.inputSize]);
  const count = layer.numLayers * (layer.bidirectional ? 2 : 1);
  const state: RecurrentState | undefined = options.hasState
    ? Object.fromEntries(
        layer.programs[0]!.states.map(({ name, size }) => [name, create([count, ...batch, size])]),
      )
    : undefined;
  const lengths =
    options.isRagged && !isAlone
      ? Array.from({ length: batchSize }, (_, b) => 1 + ((seed + 3 * b) % timeSteps))
      : undefined;
  const call = { reverse: options.reverse, ...(lengths && { lengths }) };
  const run = () => {
    // The same masks at every call.
    manualSeed(seed + 2);
    return layer.forward(input, state, call);
  };
  return { input, state, lengths, run };
}

describe('recurrent layers with all options together', () => {
  it('gradients agree with central differences, node by node in float64', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        numLayers: Math.min(one.numLayers, 2),
        timeSteps: Math.min(one.timeSteps, 3),
        batchSize: Math.min(one.batchSize, 2),
      })),
      (options) => {
        const layer = createLayer(options, 'float64');
        const { input, state, run } = createCall(layer, options, 'float64');
        const given = Object.values(state ?? {});
        gradcheck(() => {
          const result = run();
          return [result.output, ...Object.values(result.state)];
        }, [input, ...given, ...layer.parameters()]);
      },
      12,
    );
  });

  it('fused in float32 agrees with node by node in float64, values and gradients', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        timeSteps: one.timeSteps * 3,
        batchSize: one.batchSize * 3 - 2,
      })),
      (options) => {
        const results = (['float64', 'float32'] as const).map((dtype) => {
          const layer = createLayer(options, dtype);
          if (dtype === 'float32')
            for (const program of layer.programs) assert.ok(isPlan(planProgram(program)));
          const { input, state, run } = createCall(layer, options, dtype);
          const result = run();
          const loss = [result.output, ...Object.values(result.state)]
            .map((one, k) => one.mul(k + 1).sum())
            .reduce((a, b) => a.add(b));
          loss.backward();
          const inputs = [input, ...Object.values(state ?? {}), ...layer.parameters()];
          return [
            result.output,
            ...Object.values(result.state),
            ...inputs.flatMap(({ grad }) => (grad ? [grad] : [])),
          ];
        });
        const [exact, single] = results as [Tensor[], Tensor[]];
        assert.equal(exact.length, single.length);
        exact.forEach((tensor, k) => {
          assert.deepEqual(tensor.shape, single[k]!.shape);
          tensor.data.forEach((value, i) => {
            const error = Math.abs(value - single[k]!.data[i]!) / Math.max(1, Math.abs(value));
            assert.ok(error < 2e-4, `tensor ${k}, element ${i}: ${value}, ${single[k]!.data[i]!}`);
          });
        });
      },
      60,
    );
  });

  it('values agree with loops over plain numbers that are given the same masks', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        ...{ dropout: 0, isAlone: false, batchFirst: false, reverse: false },
        timeSteps: one.timeSteps + 2,
      })),
      (options) => {
        const layer = createLayer(options, 'float64');
        const { input, state, lengths } = createCall(layer, options, 'float64');
        const masks = layer.drawMasks(options.batchSize);
        const result = layer.forward(input, state, { masks, ...(lengths && { lengths }) });
        const expected = stackedReference(layer, input, state, lengths, masks, zoneoutOf(result));
        assertClose(result.output, expected.output);
        for (const [name, values] of Object.entries(expected.state))
          assertClose(result.state[name]!, values);
      },
      60,
    );
  });
});

/** By layer and direction, by state, `[T, B, size]`: read off the tape. */
function zoneoutOf(result: { output: Tensor; state: RecurrentState }): Record<string, NdArray>[] {
  const nodes = new Set(
    [result.output, ...Object.values(result.state)].flatMap((one) => tapeOrder(one)),
  );
  return [...nodes]
    .filter(({ op }) => op === 'recurrent')
    .map((node) => {
      const { program, masks = [] } = node.detail as RecurrentDetail;
      const entries = program.masks.flatMap(({ kind, state }, k) =>
        kind === 'zoneout' ? [[state, masks[k]!] as const] : [],
      );
      return Object.fromEntries(entries);
    });
}

const nested = (tensor: NdArray): number[][][] =>
  new Tensor(tensor.data, tensor.shape).toNested() as number[][][];

function stackedReference(
  layer: Recurrent,
  input: Tensor,
  state: RecurrentState | undefined,
  lengths: readonly number[] | undefined,
  masks: VariationalMasks,
  zoneout: readonly Record<string, NdArray>[],
) {
  const [timeSteps, batchSize] = input.shape as [number, number];
  const directions = layer.bidirectional ? 2 : 1;
  const finals: Record<string, number[][][]> = {};
  const outputs: number[][][] = nested(input).map((step) => step.map(() => []));
  for (let b = 0; b < batchSize; b++) {
    const length = lengths?.[b] ?? timeSteps;
    const times = (row: readonly number[], mask: Tensor | undefined): number[] =>
      mask ? row.map((v, i) => v * nested(mask)[0]![b]![i]!) : [...row];
    let sequence: Matrix = nested(input)
      .slice(0, length)
      .map((step) => times(step[b]!, masks.input));
    for (let l = 0; l < layer.numLayers; l++) {
      if (l > 0) sequence = sequence.map((row) => times(row, masks.layers[l - 1]));
      const sides: number[][][] = [];
      for (let d = 0; d < directions; d++) {
        const at = l * directions + d;
        const suffix = `_l${l}${d === 1 ? '_reverse' : ''}`;
        const initial = Object.fromEntries(
          layer.programs[0]!.states.map(({ name, size }) => [
            name,
            state
              ? nested(state[name]!)[at]![b]!
              : [...(layer[`initial_${name}${suffix}`]?.data ?? Array<number>(size).fill(0))],
          ]),
        );
        const keep = Object.fromEntries(
          Object.entries(zoneout[at] ?? {}).map(([name, mask]) => {
            const steps = nested(mask)
              .slice(0, length)
              .map((step) => step[b]!);
            return [name, d === 1 ? steps.reverse() : steps];
          }),
        );
        const hidden = masks.hidden[at]?.[0];
        const width = hidden?.shape[1] ?? 0;
        const run = runReference(
          referenceLayer(layer, suffix),
          d === 1 ? [...sequence].reverse() : sequence,
          initial,
          { hidden: hidden && [...hidden.data.subarray(b * width, (b + 1) * width)], keep },
        );
        sides.push(d === 1 ? run.outputs.reverse() : run.outputs);
        for (const [name, values] of Object.entries(run.state))
          ((finals[name] ??= [])[at] ??= [])[b] = values;
      }
      sequence = sides[0]!.map((row, t) => sides.flatMap((side) => side[t] ?? row));
    }
    for (let t = 0; t < timeSteps; t++)
      outputs[t]![b] =
        t < length ? times(sequence[t]!, masks.output) : Array<number>(layer.outputSize).fill(0);
  }
  return { output: outputs, state: finals };
}

function referenceLayer(layer: Recurrent, suffix: string): ReferenceLayer {
  const names = ['weight_ih', 'weight_hh', 'weight_hr', 'bias_ih', 'bias_hh', 'weight_peephole'];
  const known = names.flatMap((name) => {
    const parameter = (layer as unknown as Record<string, Tensor | undefined>)[name + suffix];
    return parameter ? [[name, parameter.toNested()] as const] : [];
  });
  return {
    kind: layer.constructor.name as ReferenceLayer['kind'],
    weights: Object.fromEntries(known) as never,
    biases: Object.fromEntries(known) as never,
  };
}

function assertClose(actual: Tensor, expected: readonly (readonly (readonly number[])[])[]): void {
  const flat = expected.flat(2);
  assert.equal(actual.size, flat.length);
  actual.data.forEach((value, i) =>
    assert.ok(Math.abs(value - flat[i]!) < 1e-12, `element ${i}: ${value}, expected ${flat[i]!}`),
  );
}

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
