import assert from 'node:assert/strict';
import {
  Adam,
  crossEntropy,
  GRU,
  getThreads,
  Linear,
  LSTM,
  manualSeed,
  randint,
  randn,
  setThreads,
  ThreadError,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { findEngine } from '../../../kernel/rnn/wasm/engine.js';
import type { Thread, ThreadHost } from '../../../kernel/rnn/wasm/threadHost.js';
import { ThreadPool } from '../../../kernel/rnn/wasm/threadPool.js';

/** Everything that one step of training gives: output, final states and all gradients. */
function stepOf(threads: number, create: () => LSTM | GRU, batchSize: number): number[][] {
  setThreads(threads);
  manualSeed(5);
  const layer = create();
  const input = randn([24, batchSize, 48], { requiresGrad: true });
  const states = [randn([1, batchSize, 64]), randn([1, batchSize, 64])];
  for (const state of states) state.requiresGrad = true;
  const [h, c] = states as [Tensor, Tensor];
  const { output, state } = (layer as LSTM).forward(
    input,
    layer instanceof LSTM ? { h, c } : ({ h } as never),
  );
  output.mul(randn(output.shape)).sum().add(state.h.sum()).backward();
  const gradients = [input, h, ...layer.parameters()].map(({ grad }) => grad!.data);
  return [output.data, state.h.data, ...gradients].map((data) => [...data]);
}

const worstError = (a: number[][], b: number[][]): number =>
  Math.max(
    ...a.map((values, k) => {
      const norm = Math.hypot(...values);
      return Math.hypot(...values.map((value, i) => value - b[k]![i]!)) / norm;
    }),
  );

describe('threads', () => {
  const before = getThreads();
  after(() => {
    setThreads(before);
    findEngine()!.closeThreads();
  });

  const layers: Record<string, () => LSTM | GRU> = {
    LSTM: () => new LSTM({ inputSize: 48, hiddenSize: 64 }),
    GRU: () => new GRU({ inputSize: 48, hiddenSize: 64 }),
  };
  for (const [name, create] of Object.entries(layers))
    for (const batchSize of [16, 23])
      it(`${name}, ${batchSize} sequences: several threads give what one gives, to 1e-6`, () => {
        const one = stepOf(1, create, batchSize);
        for (const threads of [2, 3, 5]) {
          const several = stepOf(threads, create, batchSize);
          const error = worstError(one, several);
          assert.ok(error < 1e-6, `${threads} threads: ${error}`);
        }
      });

  it('training repeats itself bit for bit at one number of threads', () => {
    const losses = (): number[] => {
      manualSeed(3);
      const lstm = new LSTM({ inputSize: 32, hiddenSize: 64, numLayers: 2 });
      const head = new Linear({ inFeatures: 64, outFeatures: 10 });
      const optimizer = new Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.01 });
      return Array.from({ length: 10 }, () => {
        optimizer.zeroGrad();
        const logits = head.forward(lstm.forward(randn([30, 16, 32])).output);
        const loss = crossEntropy(logits, randint(0, 10, [30, 16]));
        loss.backward();
        optimizer.step();
        return loss.item();
      });
    };
    setThreads(3);
    assert.deepEqual(losses(), losses());
  });

  it('small work stays on one thread', () => {
    setThreads(4);
    const engine = findEngine()!;
    const runParallel = engine.runParallel.bind(engine);
    const names: string[] = [];
    engine.runParallel = (module, name, calls) => {
      names.push(name);
      runParallel(module, name, calls);
    };
    const trainOnce = (inputSize: number, hiddenSize: number): void => {
      const layer = new LSTM({ inputSize, hiddenSize });
      layer
        .forward(randn([10, 32, inputSize]))
        .output.sum()
        .backward();
    };
    try {
      trainOnce(4, 8);
      assert.deepEqual(names, []);
      trainOnce(64, 128);
      assert.deepEqual(names, ['forward', 'backward', 'gradients']);
    } finally {
      engine.runParallel = runParallel;
    }
  });

  it('setThreads refuses what is no number of threads', () => {
    for (const wrong of [0, -1, 1.5, 1000, NaN])
      assert.throws(() => setThreads(wrong), { name: 'OptionError' });
  });
});

describe('a thread pool', () => {
  const memory = { buffer: new SharedArrayBuffer(65_536) };

  /** Threads that answer as told: at once, never, with a failure, or by dying. */
  function hostThat(behaviour: 'answers' | 'fails' | 'hangs' | 'dies') {
    let started = 0;
    const host: ThreadHost = {
      cores: 4,
      start({ control }): Thread {
        started++;
        const words = new Int32Array(memory.buffer, control, 16);
        return {
          post() {
            // Called after the words were cleared and before the request: the answer is there when it is looked for.
            if (behaviour === 'hangs' || behaviour === 'dies') return;
            words[2] = behaviour === 'fails' ? 2 : 1;
            words[1] = 1;
          },
          isDead: behaviour === 'dies',
          terminate: () => undefined,
        };
      },
    };
    return { host, started: () => started };
  }
  const job = { module: 0, function: 0, arguments: [] };

  it('runs the first job itself and waits for the others', () => {
    const { host } = hostThat('answers');
    let done = 0;
    new ThreadPool(host, memory).run(() => done++, [job, job], [{}]);
    assert.equal(done, 1);
  });

  for (const behaviour of ['fails', 'hangs', 'dies'] as const)
    it(`says so when a thread ${behaviour}, and starts new ones for the next step`, () => {
      const { host, started } = hostThat(behaviour);
      const pool = new ThreadPool(host, memory, 50);
      for (const count of [1, 2]) {
        assert.throws(
          () => pool.run(() => undefined, [job], [{}]),
          (error) => error instanceof ThreadError && /thread 2 of 2/.test(error.message),
        );
        assert.equal(started(), count);
      }
    });
});
