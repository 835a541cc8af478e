import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  Adam,
  clipGradNorm,
  defineCell,
  LSTM,
  lstmCell,
  manualSeed,
  mse,
  randn,
  Recurrent,
  RNN,
  type Cell,
} from '../../../kernel/rnn/index.js';
import { createSteppedExecutor } from '../../../kernel/rnn/executor/stepped.js';
import type { CreateExecutor, Executor } from '../../../kernel/rnn/executor/executor.js';
import { createFusedExecutor } from '../../../kernel/rnn/fused/fusedExecutor.js';
import { isPlan } from '../../../kernel/rnn/fused/plan.js';
import { planProgram } from '../../../kernel/rnn/fused/planProgram.js';
import { printPlan } from '../../../kernel/rnn/fused/printPlan.js';
import { referenceGemm } from '../../../kernel/rnn/gemm.js';
import type { NdArray, Shape } from '../../../kernel/rnn/ndarray.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { createEngine, findEngine, type Engine } from '../../../kernel/rnn/wasm/engine.js';
import { fastProduct } from '../../../kernel/rnn/wasm/fastProduct.js';
import { assertGolden } from './golden.js';
import { relativeError } from './relativeError.js';
import { holdsForAll } from './holdsForAll.js';
import { float32Limits } from './rounding.js';
import { testCells } from './testCells.js';

const relaxed = createEngine();
const engines: Record<string, Engine | undefined> = {
  'plain SIMD': createEngine(false),
  'relaxed SIMD': relaxed?.isRelaxed ? relaxed : undefined,
};

/** A run of a cell: sizes, and which adjoints reach it. */
interface Drawn {
  inputSize: number;
  hiddenSize: number;
  bias: boolean;
  timeSteps: number;
  batchSize: number;
  usesOutput: boolean;
  usesFinals: boolean;
  isOneHot: boolean;
  seed: number;
}

const sequences: fc.Arbitrary<Drawn> = fc.record({
  inputSize: fc.integer({ min: 1, max: 11 }),
  hiddenSize: fc.integer({ min: 3, max: 37 }),
  bias: fc.boolean(),
  timeSteps: fc.integer({ min: 1, max: 9 }),
  batchSize: fc.integer({ min: 1, max: 13 }),
  usesOutput: fc.boolean(),
  usesFinals: fc.boolean(),
  isOneHot: fc.boolean(),
  seed: fc.nat(),
});

/** One time step of few sequences has code of its own. */
const singleSteps = fc
  .tuple(sequences, fc.integer({ min: 1, max: 4 }))
  .map(([drawn, batchSize]): Drawn => ({ ...drawn, timeSteps: 1, batchSize, isOneHot: false }));

const cases = fc.oneof({ weight: 4, arbitrary: sequences }, { weight: 1, arbitrary: singleSteps });

/** The relative error of every array that a run and its way back give, against float64, and how large it may be. */
function disagreements(
  cell: Cell,
  drawn: Drawn,
  engine: Engine,
): { error: number; limit: number }[] {
  const { timeSteps, batchSize, inputSize } = drawn;
  const program = cell.program(drawn);
  const stream = new RandomStream(drawn.seed, 'disagreements');
  const random = (shape: Shape, scale = 1): NdArray => ({
    data: Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => scale * stream.normal(),
    ),
    shape,
  });
  const parameters = program.parameters.map(({ shape }) =>
    random(shape, 1 / Math.sqrt(shape.at(-1)!)),
  );
  const states = program.states.map(({ size }) => random([batchSize, size]));
  const input = random([timeSteps, batchSize, inputSize]);
  if (drawn.isOneHot)
    for (let row = 0; row < timeSteps * batchSize; row++) {
      const from = row * inputSize;
      input.data.fill(0, from, from + inputSize);
      input.data[from + stream.integer(0, inputSize)] = 1;
    }
  const width = program.nodes[program.output]!.shape[1]!;
  const outputAdjoint = drawn.usesOutput ? random([timeSteps, batchSize, width]) : null;
  const finals = states.map(({ shape }) => (drawn.usesFinals ? random(shape) : null));
  const resultsOf = (
    create: CreateFused,
    dtype: 'float32' | 'float64',
    cast: (array: NdArray) => NdArray,
  ): NdArray[] => {
    const zero = (array: NdArray): NdArray => {
      const { data, shape } = cast(array);
      return { data: data.slice().fill(0), shape };
    };
    const executor = create(program, parameters.map(cast), dtype, engine);
    assert.ok(executor);
    const once = (): NdArray[] => {
      const run = executor.run({ input: cast(input), states: states.map(cast) }, true);
      const gradients = {
        input: zero(input),
        states: states.map(zero),
        parameters: parameters.map(zero),
      };
      run.backward(
        outputAdjoint && cast(outputAdjoint),
        finals.map((final) => final && cast(final)),
        gradients,
      );
      return [
        run.output,
        ...run.finalStates,
        gradients.input,
        ...gradients.states,
        ...gradients.parameters,
      ];
    };
    once();
    // A second run uses the first one's memory again.
    return once();
  };
  const inFloat64 = (round: (value: number) => number): NdArray[] =>
    resultsOf(createSteppedExecutor, 'float64', ({ data, shape }) => ({
      data: Float64Array.from(data, round),
      shape,
    }));
  const expected = inFloat64((value) => value);
  const limits = float32Limits(expected, inFloat64, stream);
  const fused = resultsOf(createFusedExecutor, 'float32', (array) => array);
  return expected.map((array, k) => ({
    error: relativeError(array, fused[k]!),
    limit: limits[k]!,
  }));
}

type CreateFused = (...inputs: [...Parameters<CreateExecutor>, Engine]) => Executor | undefined;

describe('fused execution', () => {
  it('finds an engine on this machine', () => {
    assert.ok(findEngine());
  });

  for (const [name, cell] of Object.entries(testCells)) {
    it(`${name}: the plan prints as what runs when`, () => {
      const plan = planProgram(cell.program({ inputSize: 3, hiddenSize: 2, bias: true }));
      assert.ok(isPlan(plan), 'reason' in plan ? plan.reason : '');
      assertGolden('plans', name, printPlan(plan));
    });

    for (const [kind, engine] of Object.entries(engines))
      it(`${name}, ${kind}: values and all gradients agree with the stepped executor`, function () {
        if (!engine) {
          console.log(`      no ${kind} on Node ${process.version}: not tried`);
          this.skip();
        }
        holdsForAll(cases, (drawn) => {
          for (const { error, limit } of disagreements(cell, drawn, engine))
            assert.ok(error < limit, `error ${error}, at most ${limit}`);
        });
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

  it('holds memory flat over 10,000 steps of training', () => {
    manualSeed(1);
    const rnn = new RNN({ inputSize: 8, hiddenSize: 16 });
    const optimizer = new Adam(rnn.parameters());
    const [x, y] = [randn([10, 4, 8]), randn([10, 4, 16])];
    const step = (): void => {
      optimizer.zeroGrad();
      mse(rnn.forward(x).output, y).backward();
      clipGradNorm(rnn.parameters(), 1);
      optimizer.step();
    };
    assert.ok(gc, 'run with --expose-gc');
    const bytesAfter = (steps: number): number => {
      for (let i = 0; i < steps; i++) step();
      for (let i = 0; i < 3; i++) gc!();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = bytesAfter(2000);
    const engineBefore = findEngine()!.size;
    const grown = bytesAfter(10_000) - before;
    assert.equal(findEngine()!.size, engineBefore);
    assert.ok(grown < 2 ** 20, `${grown} bytes`);
  });

  it('says what does not fit into memory, and goes on', () => {
    const layer = new LSTM({ inputSize: 4, hiddenSize: 64 });
    assert.throws(
      () => layer.forward(randn([4000, 800, 4])),
      /the engine's memory: \d+ MB more needed beside \d+ MB in use, expected at most 2048 MB/,
    );
    assert.equal(layer.forward(randn([4, 8, 4])).output.size, 4 * 8 * 64);
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
