import assert from 'node:assert/strict';
import {
  gradcheck,
  GRU,
  GRUCell,
  init,
  LSTM,
  LSTMCell,
  manualSeed,
  randn,
  Recurrent,
  RecurrentCell,
  RNN,
  RNNCell,
  stack,
  type Module,
  type RecurrentState,
  type Tensor,
  type TimeStep,
} from '../../../kernel/rnn/index.js';
import { testCells } from '../rnn/testCells.js';

const sizes = { inputSize: 3, hiddenSize: 4 };
const f64 = { dtype: 'float64' } as const;

type AnyLayer = Module & {
  forward(input: Tensor, state?: RecurrentState): { output: Tensor; state: RecurrentState };
};

/** Loads a layer's parameters into a cell: the names without `_l0`. */
function load(cell: AnyLayer, layer: AnyLayer): void {
  cell.loadStateDict(
    Object.fromEntries(
      Object.entries(layer.stateDict()).map(([name, value]) => [name.replace(/_l0$/, ''), value]),
    ),
  );
}

const worst = (a: Tensor, b: Tensor): number => {
  assert.deepEqual(a.shape, b.shape);
  return Math.max(0, ...[...a.data].map((value, i) => Math.abs(value - b.data[i]!)));
};

describe('single time steps', () => {
  const pairs: [string, (dtype: 'float32' | 'float64') => unknown[]][] = [
    ['RNNCell', (dtype) => [new RNNCell({ ...sizes, dtype }), new RNN({ ...sizes, dtype })]],
    [
      'RNNCell with relu and without bias',
      (dtype) => {
        const options = { ...sizes, dtype, nonlinearity: 'relu', bias: false } as const;
        return [new RNNCell(options), new RNN(options)];
      },
    ],
    ['LSTMCell', (dtype) => [new LSTMCell({ ...sizes, dtype }), new LSTM({ ...sizes, dtype })]],
    [
      'LSTMCell with peepholes',
      (dtype) => {
        const options = { ...sizes, dtype, peepholes: true };
        return [new LSTMCell(options), new LSTM(options)];
      },
    ],
    [
      'LSTMCell with projection',
      (dtype) => {
        const options = { ...sizes, dtype, projSize: 2 };
        return [new LSTMCell(options), new LSTM(options)];
      },
    ],
    ['GRUCell', (dtype) => [new GRUCell({ ...sizes, dtype }), new GRU({ ...sizes, dtype })]],
    ...Object.entries(testCells).map(
      ([name, cell]): [string, (dtype: 'float32' | 'float64') => unknown[]] => [
        `RecurrentCell over ${name}`,
        (dtype) => [
          new RecurrentCell({ ...sizes, cell, dtype }),
          new Recurrent({ ...sizes, cell, dtype }),
        ],
      ],
    ),
  ];
  for (const [name, create] of pairs)
    for (const dtype of ['float64', 'float32'] as const)
      it(`${name}, ${dtype}: step by step gives what the layer gives, also without a batch`, () => {
        manualSeed(1);
        const [cell, layer] = create(dtype) as [AnyLayer, AnyLayer];
        load(cell, layer);
        const x = randn([5, 2, 3], { dtype });
        let state: RecurrentState | undefined;
        let alone: RecurrentState | undefined;
        const outputs: Tensor[] = [];
        for (let t = 0; t < 5; t++) {
          const result = cell.forward(x.select(0, t), state);
          const single = cell.forward(x.select(0, t).select(0, 1), alone);
          outputs.push(result.output);
          ({ state } = result);
          alone = single.state;
          assert.ok(worst(single.output, result.output.select(0, 1)) < 1e-6);
        }
        const expected = layer.forward(x);
        const tolerance = dtype === 'float64' ? 1e-14 : 3e-6;
        assert.ok(worst(stack(outputs), expected.output) < tolerance);
        for (const [key, value] of Object.entries(state!))
          assert.ok(worst(value, expected.state[key]!.select(0, 0)) < tolerance, key);
      });

  it('parameters have the names, order and shapes of PyTorch’s cells', () => {
    const shapes = (module: Module) =>
      Object.fromEntries([...module.namedParameters()].map(([name, { shape }]) => [name, shape]));
    assert.deepEqual(shapes(new LSTMCell(sizes)), {
      weight_ih: [16, 3],
      weight_hh: [16, 4],
      bias_ih: [16],
      bias_hh: [16],
    });
    assert.deepEqual(shapes(new GRUCell({ ...sizes, bias: false })), {
      weight_ih: [12, 3],
      weight_hh: [12, 4],
    });
  });

  it('an LSTMCell starts with open forget gates where asked', () => {
    const cell = init.forgetBias(new LSTMCell(sizes), 2);
    assert.deepEqual([...cell.bias_ih!.data.subarray(4, 8)], [2, 2, 2, 2]);
    assert.deepEqual([...cell.bias_hh!.data.subarray(4, 8)], [0, 0, 0, 0]);
  });

  it('gradients flow through several steps', () => {
    manualSeed(2);
    const cell = new LSTMCell({ ...sizes, ...f64 });
    const x = randn([3, 2, 3], { ...f64, requiresGrad: true });
    const h = randn([2, 4], { ...f64, requiresGrad: true });
    const c = randn([2, 4], { ...f64, requiresGrad: true });
    gradcheck(() => {
      let state = { h, c };
      for (let t = 0; t < 3; t++) ({ state } = cell.forward(x.select(0, t), state));
      return [state.h, state.c];
    }, [x, h, c, ...cell.parameters()]);
  });

  it('says what does not fit', () => {
    const cell = new GRUCell(sizes);
    assert.throws(() => cell.forward(randn([5, 2, 3])), {
      name: 'ShapeError',
      message:
        'GRUCell.forward: input is [5, 2, 3], expected [B, inputSize] or [inputSize] with inputSize = 3',
    });
    assert.throws(() => cell.forward(randn([2, 3]), { h: randn([3, 4]) }), {
      message: 'GRUCell.forward: state h is [3, 4], expected [2, 4] as the input has B = 2',
    });
    assert.throws(
      () => cell.forward(randn([3]), { h: randn([1, 4]) }),
      /expected \[4\] as the input has no batch/,
    );
  });
});

describe('one sequence without a batch', () => {
  for (const batchFirst of [false, true])
    for (const bidirectional of [false, true])
      it(`gives what a batch of one gives, batchFirst ${batchFirst}, bidirectional ${bidirectional}`, () => {
        manualSeed(3);
        const layer = new LSTM({ ...sizes, numLayers: 2, batchFirst, bidirectional });
        const x = randn([6, 3]);
        const first = layer.forward(x);
        const batch = layer.forward(batchFirst ? x.reshape([1, 6, 3]) : x.reshape([6, 1, 3]));
        assert.deepEqual(first.output.shape, [6, bidirectional ? 8 : 4]);
        assert.deepEqual(first.state.c.shape, [bidirectional ? 4 : 2, 4]);
        assert.deepEqual(first.output.data, batch.output.data);
        assert.deepEqual(first.state.h.data, batch.state.h.data);
        const second = layer.forward(x, first.state);
        assert.deepEqual(
          second.output.data,
          layer.forward(batchFirst ? x.reshape([1, 6, 3]) : x.reshape([6, 1, 3]), batch.state)
            .output.data,
        );
      });

  it('says what does not go together', () => {
    const layer = new GRU(sizes);
    assert.throws(() => layer.forward(randn([6, 3]), { h: randn([1, 1, 4]) }), {
      name: 'ShapeError',
      message:
        'GRU.forward: state h is [1, 1, 4], expected [1, 4], without a batch as the input [6, 3]',
    });
    assert.throws(
      () => layer.forward(randn([6, 1, 3]), { h: randn([1, 4]) }),
      /state h is \[1, 4\], expected/,
    );
    assert.throws(
      () => layer.forward(randn([6, 3]), undefined, { lengths: [6] }),
      /lengths are of a batch, got input \[6, 3\] without one/,
    );
    assert.throws(
      () => layer.forward(randn([3])),
      /expected three dimensions \[T, B, inputSize\], or \[T, inputSize\]/,
    );
  });
});

describe('time step hooks', () => {
  it('see every layer, direction and step in the order of computation, with gates and states', () => {
    manualSeed(4);
    const layer = new LSTM({ ...sizes, numLayers: 2, bidirectional: true, ...f64 });
    const x = randn([3, 2, 3], f64);
    const seen: TimeStep[] = [];
    const handle = layer.registerTimeStepHook((step) => seen.push(step));
    const { output, state } = layer.forward(x);
    assert.deepEqual(
      seen.map(({ layer: l, direction, t }) => `${l} ${direction} ${t}`),
      [0, 1].flatMap((l) => [
        ...[0, 1, 2].map((t) => `${l} forward ${t}`),
        ...[2, 1, 0].map((t) => `${l} reverse ${t}`),
      ]),
    );
    const top = seen.filter(({ layer: l }) => l === 1);
    for (const { direction, t, values, previous } of top) {
      assert.deepEqual(Object.keys(values).sort(), ['c', 'f', 'g', 'h', 'i', 'o', 'output']);
      const from = direction === 'forward' ? 0 : 4;
      assert.ok(worst(values['h']!, output.select(0, t).slice(1, from, from + 4)) < 1e-14);
      const { i, f, g, c } = values as Record<string, Tensor>;
      assert.ok(worst(c!, f!.mul(previous['c']!).add(i!.mul(g!))) < 1e-14);
    }
    assert.ok(
      worst(
        top.find(({ direction, t }) => direction === 'forward' && t === 2)!.values['c']!,
        state.c.select(0, 2),
      ) < 1e-14,
    );
    handle.remove();
    layer.forward(x);
    assert.equal(seen.length, 12);
  });

  it('leave training bit for bit as it is, with masks and lengths', () => {
    const train = (watched: boolean): number[] => {
      manualSeed(5);
      const layer = new GRU({
        ...sizes,
        zoneout: 0.3,
        variationalDropout: 0.3,
        bidirectional: true,
      });
      const shown: TimeStep[] = [];
      if (watched) layer.registerTimeStepHook((step) => shown.push(step));
      const { output } = layer.forward(randn([4, 3, 3]), undefined, { lengths: [2, 4, 1] });
      output.sum().backward();
      if (watched) {
        const last = shown.find(({ direction, t }) => direction === 'reverse' && t === 3)!;
        assert.ok(
          last.values['h']!.select(0, 0).data.every((value) => value === 0),
          'padding',
        );
        assert.ok(last.values['h']!.select(0, 1).data.some((value) => value !== 0));
      }
      return [...output.data, ...layer.parameters().flatMap(({ grad }) => [...grad!.data])];
    };
    assert.deepEqual(train(true), train(false));
  });

  it('see a cell’s steps too', () => {
    const cell = new GRUCell(sizes);
    const seen: TimeStep[] = [];
    cell.registerTimeStepHook((step) => seen.push(step));
    cell.forward(randn([2, 3]));
    assert.deepEqual(Object.keys(seen[0]!.values).sort(), ['h', 'n', 'output', 'r', 'z']);
  });
});
