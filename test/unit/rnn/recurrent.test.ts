import assert from 'node:assert/strict';
import {
  gradcheck,
  GRU,
  LSTM,
  manualSeed,
  randn,
  Recurrent,
  RNN,
  tensor,
  zeros,
  type RecurrentState,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { coupledLstm } from './coupledLstm.js';

type Layer = Recurrent;
const f64 = { dtype: 'float64' } as const;
const as = (layer: unknown): Layer => layer as Layer;

interface Sizes {
  inputSize: number;
  hiddenSize: number;
  numLayers?: number;
  bias?: boolean;
}

const layers: Record<string, (sizes: Sizes) => Layer> = {
  'tanh RNN': (sizes) => as(new RNN({ ...sizes, ...f64 })),
  'relu RNN': (sizes) => as(new RNN({ ...sizes, ...f64, nonlinearity: 'relu' })),
  LSTM: (sizes) => as(new LSTM({ ...sizes, ...f64 })),
  GRU: (sizes) => as(new GRU({ ...sizes, ...f64 })),
  'GRU with reset before the product': (sizes) =>
    as(new GRU({ ...sizes, ...f64, resetAfter: false })),
  'coupled LSTM': (sizes) => new Recurrent({ ...sizes, ...f64, cell: coupledLstm }),
};

/** Initial states that require gradients. */
function randomState(layer: Layer, batchSize: number): RecurrentState {
  return Object.fromEntries(
    layer.programs[0]!.states.map(({ name, size }) => [
      name,
      randn([layer.numLayers, batchSize, size], { ...f64, requiresGrad: true }),
    ]),
  );
}

describe('recurrent layers: gradients', () => {
  const shapes: [string, Sizes, number, number][] = [
    ['one layer', { inputSize: 3, hiddenSize: 4 }, 5, 2],
    ['two layers', { inputSize: 2, hiddenSize: 3, numLayers: 2 }, 4, 3],
    ['one time step, one sequence', { inputSize: 1, hiddenSize: 1 }, 1, 1],
    ['no bias', { inputSize: 2, hiddenSize: 5, bias: false }, 3, 1],
  ];
  for (const [name, create] of Object.entries(layers))
    for (const [shape, sizes, timeSteps, batchSize] of shapes)
      it(`${name}, ${shape}: input, every parameter and initial states agree with central differences`, () => {
        manualSeed(11);
        const layer = create(sizes);
        const input = randn([timeSteps, batchSize, sizes.inputSize], {
          ...f64,
          requiresGrad: true,
        });
        const state = randomState(layer, batchSize);
        const inputs = [input, ...Object.values(state), ...layer.parameters()];
        gradcheck(() => {
          const result = layer.forward(input, state);
          return [result.output, ...Object.values(result.state)];
        }, inputs);
      });

  it('an output used partly: only the last time step', () => {
    manualSeed(12);
    const layer = layers['LSTM']!({ inputSize: 2, hiddenSize: 3 });
    const input = randn([4, 2, 2], { ...f64, requiresGrad: true });
    gradcheck(() => layer.forward(input).output.select(0, -1), [input, ...layer.parameters()]);
  });

  it('a state used without the output', () => {
    manualSeed(13);
    const layer = layers['LSTM']!({ inputSize: 2, hiddenSize: 3, numLayers: 2 });
    const input = randn([4, 2, 2], { ...f64, requiresGrad: true });
    gradcheck(() => layer.forward(input).state['c']!, [input, ...layer.parameters()]);
  });
});

/** σ and one gate's pre-activation, row by row from the PyTorch weight layout. */
const sigma = (v: number): number => 1 / (1 + Math.exp(-v));

class Reference {
  constructor(
    private readonly layer: Layer,
    private readonly l: number,
  ) {}
  private at(kind: string, row: number, column?: number): number {
    const parameter = (this.layer as unknown as Record<string, Tensor>)[`${kind}_l${this.l}`]!;
    return parameter.data[column === undefined ? row : row * parameter.shape[1]! + column]!;
  }
  x(row: number, x: number[]): number {
    return x.reduce((sum, v, j) => sum + this.at('weight_ih', row, j) * v, this.at('bias_ih', row));
  }
  h(row: number, h: number[]): number {
    return h.reduce((sum, v, j) => sum + this.at('weight_hh', row, j) * v, this.at('bias_hh', row));
  }
}

type StepReference = (
  r: Reference,
  n: number,
  x: number[],
  s: Record<string, number[]>,
) => Record<string, number[]>;
const each = (n: number, f: (i: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => f(i));

/** The equations of PyTorch's documentation, one unit at a time: nothing shared with the runtime. */
const references: Record<string, StepReference> = {
  'tanh RNN': (r, n, x, { h }) => ({ h: each(n, (i) => Math.tanh(r.x(i, x) + r.h(i, h!))) }),
  LSTM: (r, n, x, { h, c }) => {
    const a = (gate: number, i: number) => r.x(gate * n + i, x) + r.h(gate * n + i, h!);
    const next = each(n, (i) => sigma(a(1, i)) * c![i]! + sigma(a(0, i)) * Math.tanh(a(2, i)));
    return { c: next, h: each(n, (i) => sigma(a(3, i)) * Math.tanh(next[i]!)) };
  },
  GRU: (r, n, x, { h }) => ({
    h: each(n, (i) => {
      const reset = sigma(r.x(i, x) + r.h(i, h!));
      const update = sigma(r.x(n + i, x) + r.h(n + i, h!));
      const candidate = Math.tanh(r.x(2 * n + i, x) + reset * r.h(2 * n + i, h!));
      return (1 - update) * candidate + update * h![i]!;
    }),
  }),
};

describe('recurrent layers: values', () => {
  for (const [name, reference] of Object.entries(references))
    it(`${name}, two layers: agrees with the textbook equations computed unit by unit`, () => {
      manualSeed(21);
      const [timeSteps, batchSize, inputSize, n] = [6, 2, 3, 4] as const;
      const layer = layers[name]!({ inputSize, hiddenSize: n, numLayers: 2 });
      const input = randn([timeSteps, batchSize, inputSize], f64);
      const initial = randomState(layer, batchSize);
      const { output, state } = layer.forward(input, initial);
      const close = (a: number, b: number) =>
        assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);
      for (let b = 0; b < batchSize; b++) {
        const present = [0, 1].map((l) =>
          Object.fromEntries(
            Object.entries(initial).map(([key, value]) => [
              key,
              (value.toNested() as number[][][])[l]![b]!,
            ]),
          ),
        );
        for (let t = 0; t < timeSteps; t++) {
          let x = (input.toNested() as number[][][])[t]![b]!;
          for (const l of [0, 1]) {
            present[l] = reference(new Reference(layer, l), n, x, present[l]!);
            x = present[l]['h']!;
          }
          (output.toNested() as number[][][])[t]![b]!.forEach((v, i) => close(v, x[i]!));
        }
        for (const l of [0, 1])
          for (const [key, value] of Object.entries(state))
            (value.toNested() as number[][][])[l]![b]!.forEach((v, i) =>
              close(v, present[l]![key]![i]!),
            );
      }
    });

  for (const [name, create] of Object.entries(layers)) {
    it(`${name}: a sequence in two parts, state handed on, gives what the whole gives`, () => {
      manualSeed(22);
      const layer = create({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
      const input = randn([7, 2, 3], f64);
      const whole = layer.forward(input);
      const first = layer.forward(input.slice(0, 0, 3));
      const second = layer.forward(input.slice(0, 3, 7), first.state);
      assert.deepEqual(second.output.toNested(), whole.output.slice(0, 3, 7).toNested());
      assert.deepEqual(second.state['h']!.toNested(), whole.state['h']!.toNested());
    });

    it(`${name}: forgetting values while running (no gradients) changes no number`, () => {
      manualSeed(23);
      const layer = create({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
      const input = randn([5, 2, 3], f64);
      const kept = layer.forward(input).output.toNested();
      for (const parameter of layer.parameters()) parameter.requiresGrad = false;
      assert.deepEqual(layer.forward(input).output.toNested(), kept);
    });
  }

  it('batchFirst only swaps axes', () => {
    manualSeed(24);
    const timeMajor = new GRU({ inputSize: 3, hiddenSize: 2 });
    const batchFirst = new GRU({ inputSize: 3, hiddenSize: 2, batchFirst: true });
    batchFirst.loadStateDict(timeMajor.stateDict());
    const input = randn([5, 4, 3]);
    assert.deepEqual(
      batchFirst.forward(input.transpose(0, 1)).output.toNested(),
      timeMajor.forward(input).output.transpose(0, 1).toNested(),
    );
  });

  it('float32 agrees with float64 to its own precision', () => {
    manualSeed(25);
    const exact = new LSTM({ inputSize: 3, hiddenSize: 8, ...f64 });
    const single = new LSTM({ inputSize: 3, hiddenSize: 8 });
    single.loadStateDict(exact.stateDict());
    const input = randn([10, 2, 3], f64);
    const expected = exact.forward(input).output.data;
    single.forward(input.to('float32')).output.data.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-6);
    });
  });

  it('a delay line, whose state moves from one name to another, delays', () => {
    const delay = new Recurrent({
      inputSize: 1,
      hiddenSize: 1,
      cell: {
        name: 'Delay',
        program: () => ({
          name: 'Delay',
          inputSize: 1,
          nodes: [
            { kind: 'input', shape: [-1, 1], operands: [], invariant: false },
            { kind: 'state', label: 'a', shape: [-1, 1], operands: [], invariant: false },
            { kind: 'state', label: 'b', shape: [-1, 1], operands: [], invariant: false },
          ],
          input: 0,
          parameters: [],
          states: [
            { name: 'a', size: 1, node: 1, next: 0 },
            { name: 'b', size: 1, node: 2, next: 1 },
          ],
          masks: [],
          output: 2,
        }),
      },
    });
    const input = tensor([1, 2, 3, 4, 5], { requiresGrad: true }).reshape([5, 1, 1]);
    assert.deepEqual(delay.forward(input).output.reshape([5]).toNested(), [0, 0, 1, 2, 3]);
    assert.deepEqual(delay.forward(input.detach()).output.reshape([5]).toNested(), [0, 0, 1, 2, 3]);
  });
});

describe('recurrent layers: truncated backpropagation through time', () => {
  it('cuts the gradient for h and for c, and keeps their values', () => {
    manualSeed(31);
    const layer = layers['LSTM']!({ inputSize: 2, hiddenSize: 3 });
    const input = randn([6, 1, 2], f64);
    const lastLoss = (cut: boolean): Tensor => {
      const first = layer.forward(input.slice(0, 0, 3));
      const state = cut
        ? { h: first.state['h']!.detach(), c: first.state['c']!.detach() }
        : first.state;
      return layer.forward(input.slice(0, 3, 6), state).output.sum();
    };
    const gradient = (loss: Tensor): number[] => {
      layer.zeroGrad();
      loss.backward();
      return layer.parameters().flatMap(({ grad }) => [...grad!.data]);
    };
    assert.equal(lastLoss(true).item(), lastLoss(false).item());
    const truncated = gradient(lastLoss(true));
    assert.notDeepEqual(truncated, gradient(lastLoss(false)));

    // The truncated gradient is that of the second part alone, started from the state's values.
    const { state } = layer.forward(input.slice(0, 0, 3));
    const fixed = { h: state['h']!.clone(), c: state['c']!.clone() };
    gradcheck(() => layer.forward(input.slice(0, 3, 6), fixed).output.sum(), layer.parameters());
    layer.zeroGrad();
    layer
      .forward(input.slice(0, 3, 6), fixed)
      .output.sum()
      .backward();
    assert.deepEqual(
      layer.parameters().flatMap(({ grad }) => [...grad!.data]),
      truncated,
    );
  });

  it('adds the gradients of the parts of a sequence up to that of the whole, when nothing is cut', () => {
    manualSeed(32);
    const layer = layers['GRU']!({ inputSize: 2, hiddenSize: 3 });
    const input = randn([6, 2, 2], f64);
    const gradients = (forward: () => Tensor): number[] => {
      layer.zeroGrad();
      forward().backward();
      return layer.parameters().flatMap(({ grad }) => [...grad!.data]);
    };
    const whole = gradients(() => layer.forward(input).output.sum());
    const parts = gradients(() => {
      const first = layer.forward(input.slice(0, 0, 2));
      const second = layer.forward(input.slice(0, 2, 6), first.state);
      return first.output.sum().add(second.output.sum());
    });
    whole.forEach((value, i) => assert.ok(Math.abs(value - parts[i]!) < 1e-12));
  });
});

describe('recurrent layers: names and misuse', () => {
  it('have the parameter names, shapes and number of PyTorch', () => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 2, numLayers: 2 });
    assert.deepEqual(
      [...lstm.namedParameters()].map(([name, { shape }]) => [name, ...shape]),
      [
        ['weight_ih_l0', 8, 3],
        ['weight_hh_l0', 8, 2],
        ['bias_ih_l0', 8],
        ['bias_hh_l0', 8],
        ['weight_ih_l1', 8, 2],
        ['weight_hh_l1', 8, 2],
        ['bias_ih_l1', 8],
        ['bias_hh_l1', 8],
      ],
    );
    assert.equal(lstm.weight_hh_l1!.shape[0], 8);
  });

  it('start uniformly within 1/√hiddenSize', () => {
    manualSeed(41);
    const { data } = new GRU({ inputSize: 30, hiddenSize: 100 }).weight_ih_l0!;
    const largest = Math.max(...Array.from(data, Math.abs));
    assert.ok(largest <= 0.1 && largest > 0.099);
  });

  const lstm = () => new LSTM({ inputSize: 16, hiddenSize: 8 });
  const misuses: [string, () => unknown, RegExp][] = [
    [
      'input size',
      () => lstm().forward(zeros([32, 10, 8])),
      /^ShapeError: LSTM\.forward: input is \[32, 10, 8\], expected last dimension inputSize = 16$/,
    ],
    [
      'input rank',
      () => lstm().forward(zeros([10, 2, 16, 1])),
      /input is \[10, 2, 16, 1\], expected three dimensions \[T, B, inputSize\]/,
    ],
    [
      'no time step',
      () => lstm().forward(zeros([0, 2, 16])),
      /expected at least one time step and one sequence/,
    ],
    [
      'state',
      () => lstm().forward(zeros([3, 2, 16]), { h: zeros([1, 3, 8]), c: zeros([1, 2, 8]) }),
      /state h is \[1, 3, 8\], expected \[numLayers, B, size\] = \[1, 2, 8\]/,
    ],
    [
      'option',
      () => new LSTM({ inputSize: 16, hiddenSize: 0 }),
      /LSTM: hiddenSize must be a positive integer, got 0/,
    ],
    [
      'unknown option',
      () =>
        new GRU({ inputSize: 1, hiddenSize: 1, hidden: 3 } as {
          inputSize: number;
          hiddenSize: number;
        }),
      /GRU: unknown option 'hidden'/,
    ],
    [
      'state dict',
      () => lstm().loadStateDict({ weight_ih_l0: zeros([1]), extra: zeros([1]) }),
      /weight_hh_l0 is missing; .*weight_ih_l0 is \[1\], expected \[32, 16\]; extra is not a parameter/,
    ],
  ];
  for (const [name, misuse, message] of misuses)
    it(`say what was expected and what came: ${name}`, () => {
      assert.throws(misuse, message);
    });
});
