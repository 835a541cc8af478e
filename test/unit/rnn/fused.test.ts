import assert from 'node:assert/strict';
import {
  add,
  defineCell,
  gruCell,
  lstmCell,
  manualSeed,
  mul,
  randn,
  Recurrent,
  rnnCell,
  sigmoid,
  sub,
  tanh,
  type Cell,
  type Value,
} from '../../../kernel/rnn/index.js';
import { createSteppedExecutor } from '../../../kernel/rnn/executor/stepped.js';
import { createFusedExecutor } from '../../../kernel/rnn/fused/fusedExecutor.js';
import { isPlan, planProgram, printPlan } from '../../../kernel/rnn/fused/plan.js';
import { referenceGemm } from '../../../kernel/rnn/gemm.js';
import type { NdArray, Shape } from '../../../kernel/rnn/ndarray.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { findEngine } from '../../../kernel/rnn/wasm/engine.js';
import { fastProduct } from '../../../kernel/rnn/wasm/fastProduct.js';
import { coupledLstm } from './coupledLstm.js';
import { assertGolden } from './golden.js';

/** Gates that look at the cell state through a vector: parameters read elementwise. */
const peepholeLstm = defineCell({
  name: 'PeepholeLSTM',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [3 * hiddenSize, inputSize],
    weight_hh: [3 * hiddenSize, hiddenSize],
    peephole: [hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, c: hiddenSize }),
  step({ x, h, c }, { weight_ih, weight_hh, peephole }) {
    const [af, ag, ao] = add(x.linear(weight_ih), h.linear(weight_hh)).chunk(3) as [
      Value,
      Value,
      Value,
    ];
    const f = sigmoid(add(af, mul(c, peephole)));
    const cell = add(mul(f, c), mul(sub(1, f), tanh(ag)));
    return { h: mul(sigmoid(ao), tanh(cell)), c: cell };
  },
});

/** J. Feng et al., "Were RNNs all we needed?", 2024: gates read the input only. */
const minGru = defineCell({
  name: 'minGRU',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_z: [hiddenSize, inputSize],
    weight_h: [hiddenSize, inputSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_z, weight_h }) {
    const z = sigmoid(x.linear(weight_z));
    return { h: add(mul(sub(1, z), h), mul(z, x.linear(weight_h))) };
  },
});

/** Every elementwise primitive, an output that is no state, and a division. */
const motley = defineCell({
  name: 'Motley',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [2 * hiddenSize, inputSize],
    weight_hh: [hiddenSize, hiddenSize],
    weight_m: [hiddenSize, hiddenSize],
    scale: [hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_ih, weight_hh, weight_m, scale }) {
    const [a, b] = x.linear(weight_ih).chunk(2) as [Value, Value];
    const m = mul(a.neg().exp().add(1).sqrt(), h.relu());
    const n = tanh(add(m.linear(weight_m), h.linear(weight_hh)));
    const next = add(n.div(m.add(2)), mul(scale, b));
    return { h: next, output: mul(next, n) };
  },
});

const cells: Record<string, Cell> = {
  'rnn-tanh': rnnCell('tanh'),
  'rnn-relu': rnnCell('relu'),
  lstm: lstmCell,
  'gru-reset-after': gruCell(true),
  'gru-reset-before': gruCell(false),
  'coupled-lstm': coupledLstm,
  'peephole-lstm': peepholeLstm,
  'min-gru': minGru,
  motley,
};

/** ‖a − b‖ / ‖a‖ */
function relativeError(a: NdArray, b: NdArray): number {
  let [norm, difference] = [0, 0];
  a.data.forEach((value, i) => {
    norm += value * value;
    difference += (value - b.data[i]!) ** 2;
  });
  return Math.sqrt(difference / (norm + 1e-12));
}

describe('fused execution', () => {
  it('finds an engine on this machine', () => {
    assert.ok(findEngine());
  });

  for (const [name, cell] of Object.entries(cells)) {
    it(`${name}: the plan prints as what runs when`, () => {
      const plan = planProgram(cell.program({ inputSize: 3, hiddenSize: 2, bias: true }));
      assert.ok(isPlan(plan), 'reason' in plan ? plan.reason : '');
      assertGolden('plans', name, printPlan(plan));
    });

    it(`${name}: values and all gradients agree with the stepped executor, for random sizes`, () => {
      const stream = new RandomStream(7, name);
      for (let trial = 0; trial < 25; trial++) {
        const sizes = {
          inputSize: stream.integer(1, 10),
          hiddenSize: stream.integer(1, 14),
          bias: stream.integer(0, 2) === 1,
        };
        const [timeSteps, batchSize] = [stream.integer(1, 8), stream.integer(1, 7)];
        const program = cell.program(sizes);
        const random = (shape: Shape): NdArray => ({
          data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
            stream.normal(),
          ),
          shape,
        });
        const parameters = program.parameters.map(({ shape }) => random(shape));
        const states = program.states.map(({ size }) => random([batchSize, size]));
        const input = random([timeSteps, batchSize, sizes.inputSize]);
        const outputAdjoint = stream.integer(0, 4)
          ? random([timeSteps, batchSize, sizes.hiddenSize])
          : null;
        const finals = states.map(({ shape }) => (stream.integer(0, 2) ? random(shape) : null));
        const zero = ({ data, shape }: NdArray): NdArray => ({
          data: new Float32Array(data.length),
          shape,
        });
        const results = [createSteppedExecutor, createFusedExecutor].map((create) => {
          const executor = create(program, parameters, 'float32');
          assert.ok(executor);
          executor.run({ input, states }, true).backward(outputAdjoint, finals, {
            input: zero(input),
            states: states.map(zero),
            parameters: parameters.map(zero),
          });
          // A second run uses the first one's memory again.
          const run = executor.run({ input, states }, true);
          const gradients = {
            input: zero(input),
            states: states.map(zero),
            parameters: parameters.map(zero),
          };
          run.backward(outputAdjoint, finals, gradients);
          return [
            run.output,
            ...run.finalStates,
            gradients.input,
            ...gradients.states,
            ...gradients.parameters,
          ];
        });
        results[0]!.forEach((expected, i) => {
          const error = relativeError(expected, results[1]![i]!);
          assert.ok(
            error < 2e-5,
            `trial ${trial}, array ${i}: ${error} at ${JSON.stringify({ ...sizes, timeSteps, batchSize })}`,
          );
        });
      }
    });
  }

  it('leaves to the stepped executor what it cannot plan, and says why', () => {
    const softmaxCell = defineCell({
      name: 'Softmax',
      parameters: ({ inputSize, hiddenSize }) => ({ w: [hiddenSize, inputSize] }),
      states: ({ hiddenSize }) => ({ h: hiddenSize }),
      step: ({ x, h }, { w }) => ({ h: x.linear(w).add(h).softmax() }),
    });
    const plan = planProgram(softmaxCell.program({ inputSize: 2, hiddenSize: 3, bias: true }));
    assert.deepEqual(plan, {
      reason: 'softmax(%4): is neither a product with weights nor elementwise',
    });
    const layer = new Recurrent({ cell: softmaxCell, inputSize: 2, hiddenSize: 3 });
    layer
      .forward(randn([4, 2, 2]))
      .output.sum()
      .backward();
    assert.ok(layer.parameters()[0]!.grad);
  });

  it('uses the same memory from step to step', () => {
    manualSeed(1);
    const layer = new Recurrent({ cell: lstmCell, inputSize: 8, hiddenSize: 16, numLayers: 2 });
    const step = (): void => {
      layer.zeroGrad();
      layer
        .forward(randn([20, 4, 8]))
        .output.sum()
        .backward();
    };
    step();
    const { size } = findEngine()!;
    for (let i = 0; i < 50; i++) step();
    assert.equal(findEngine()!.size, size);
  });

  it('gets memory back from runs that never went back, and from layers that are gone', async function () {
    // A test process without this flag cannot ask for a collection; `npm test` gives it.
    assert.ok(gc, 'run with --expose-gc');
    const use = (): void => {
      const layer = new Recurrent({ cell: lstmCell, inputSize: 64, hiddenSize: 64 });
      for (let i = 0; i < 4; i++) layer.forward(randn([32, 8, 64]));
    };
    const rounds = 6;
    const sizes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      use();
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
      sizes.push(findEngine()!.size);
    }
    assert.ok(sizes[rounds - 1]! - sizes[1]! < sizes[0]!, sizes.join(' '));
  });

  it('keeps two runs of one layer apart until both went back', () => {
    manualSeed(2);
    const layer = new Recurrent({ cell: lstmCell, inputSize: 3, hiddenSize: 5 });
    const [a, b] = [randn([6, 2, 3]), randn([6, 2, 3])];
    const gradient = (losses: () => { backward(): void }[]): number[] => {
      layer.zeroGrad();
      for (const loss of losses()) loss.backward();
      return layer.parameters().flatMap(({ grad }) => [...grad!.data]);
    };
    const loss = (x: typeof a) => layer.forward(x).output.sum();
    const apart = gradient(() => {
      const [first, second] = [loss(a), loss(b)];
      return [second, first];
    });
    layer.zeroGrad();
    loss(b).backward();
    loss(a).backward();
    assert.deepEqual(
      layer.parameters().flatMap(({ grad }) => [...grad!.data]),
      apart,
    );
  });
});

describe('fast products', () => {
  it('agree with the reference in the forms they take', () => {
    const stream = new RandomStream(3, 'fastProduct');
    for (let trial = 0; trial < 20; trial++) {
      const [m, n, k] = [stream.integer(20, 60), stream.integer(20, 60), stream.integer(45, 300)];
      const [a, b, start] = [m * k, k * n, m * n].map((length) =>
        Float32Array.from({ length }, () => stream.normal()),
      ) as [Float32Array, Float32Array, Float32Array];
      const forms: [string, [number, number], [number, number]][] = [
        ['NN', [k, 1], [n, 1]],
        ['NT', [k, 1], [1, k]],
        ['TN', [1, m], [n, 1]],
      ];
      for (const [form, [row, column], [bRow, bColumn]] of forms) {
        const [expected, actual] = [start.slice(), start.slice()];
        referenceGemm(expected, a, row, column, b, bRow, bColumn, m, n, k);
        assert.ok(fastProduct(actual, a, [row, column], b, [bRow, bColumn], m, n, k));
        const error = relativeError({ data: expected, shape: [] }, { data: actual, shape: [] });
        assert.ok(error < 1e-6, `${form} ${m}×${n}×${k}: ${error}`);
      }
    }
  });
});
