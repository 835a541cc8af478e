/** The tasks that recurrent networks are known by, each with what trains it, what counts as learnt, and what luck gets. */
import {
  Adam,
  bceWithLogits,
  crossEntropy,
  defineCell,
  GRU,
  init,
  LSTM,
  mse,
  rand,
  Recurrent,
  RNN,
  slidingWindows,
  StandardScaler,
  tasks,
  tensor,
  zeros,
  type Batch,
  type GrammarTask,
  type Optimizer,
  type Tensor,
} from '../../kernel/rnn/index.js';
import {
  errorRate,
  largestN,
  meanSquaredError,
  nats,
  natsOfGrammar,
  windowedNrmse,
} from './measures.js';
import { SequenceModel } from './sequenceModel.js';

/** Data that a run may look at to end early, and data that it is judged by. */
export type Part = 'validation' | 'test';

/** One run of a task: what `fit` needs, and how its model is measured. */
export interface Learner {
  model: SequenceModel;
  data: Iterable<Batch>;
  loss: (output: Tensor, target: Tensor) => Tensor;
  optimizer: Optimizer;
  clipNorm: number;
  measure: (part: Part) => number;
}

export interface LearningTask {
  /** Of the command line. */
  name: string;
  title: string;
  cell: string;
  /** What is measured. */
  quantity: string;
  better: 'lower' | 'higher';
  /** What a model without the memory that the task is about gets. */
  baseline: { name: string; value: number };
  /** What every seed has to reach. */
  threshold: number;
  /** Training ends early when validation is this good, looked at every so many steps. */
  enough: number;
  every: number;
  /** Most steps. */
  steps: number;
  create: () => Learner;
}

function createLearner(
  model: SequenceModel,
  lr: number,
  rest: Pick<Learner, 'data' | 'loss' | 'measure'>,
): Learner {
  return { model, optimizer: new Adam(model.parameters(), { lr }), clipNorm: 1, ...rest };
}

/** Held-out batches, from streams of their own. */
const heldOut = <B>(make: (stream: string) => { take: (count: number) => B[] }, count: number) => {
  const parts: Partial<Record<Part, B[]>> = {};
  return (part: Part): B[] => (parts[part] ??= make(part).take(count));
};

const cells = { LSTM, GRU };

function adding(cell: 'LSTM' | 'GRU'): LearningTask {
  return {
    name: 'adding',
    title: 'adding problem, T = 50',
    cell: `${cell} 32`,
    quantity: 'MSE',
    better: 'lower',
    baseline: { name: 'predict the mean', value: 1 / 6 },
    threshold: 0.01,
    enough: 0.005,
    every: 50,
    steps: 3000,
    create() {
      const make = (stream: string) => tasks.adding({ batchSize: 50, stream });
      const held = heldOut(make, 20);
      const recurrent = new cells[cell]({ inputSize: 2, hiddenSize: 32 }) as Recurrent;
      const model = new SequenceModel({ recurrent, hiddenSize: 32, outFeatures: 1, last: true });
      return createLearner(model, 1e-2, {
        data: make('training'),
        loss: mse,
        measure: (part) => meanSquaredError(model, held(part)),
      });
    },
  };
}

/**
 * h′ = W_hh·h + W_ih·x with an orthogonal W_hh at first: nothing is forgotten and no gradient dies.
 * Source: M. Henaff, A. Szlam, Y. LeCun, "Recurrent orthogonal networks and long-memory tasks", ICML 2016.
 */
const linearCell = defineCell({
  name: 'LinearRNN',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [hiddenSize, inputSize],
    weight_hh: [hiddenSize, hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step: ({ x, h }, { weight_ih, weight_hh }) => ({
    h: x.linear(weight_ih).add(h.linear(weight_hh)).as('h'),
  }),
});

function copy(delay: number): LearningTask {
  const baseline = tasks.copy({ delay }).baselines['no memory']!;
  return {
    name: 'copy',
    title: `copy memory, delay ${delay}`,
    cell: 'linear, orthogonal, 128 (defineCell)',
    quantity: 'nats per time step',
    better: 'lower',
    baseline: { name: 'no memory', value: baseline },
    threshold: baseline / 20,
    enough: baseline / 50,
    every: 100,
    steps: 3000,
    create() {
      const make = (stream: string) => tasks.copy({ delay, stream });
      const held = heldOut(make, 10);
      const recurrent = new Recurrent({ cell: linearCell, inputSize: 10, hiddenSize: 128 });
      init.orthogonal(recurrent.weight_hh_l0!);
      const model = new SequenceModel({ recurrent, hiddenSize: 128, outFeatures: 9, symbols: 10 });
      return createLearner(model, 1e-3, {
        data: make('training'),
        loss: crossEntropy,
        measure: (part) => nats(model, held(part)),
      });
    },
  };
}

/**
 * Starts an LSTM's units with memories of all lengths up to T: b_f = ln u with u from U(1, T − 1), and b_i = −b_f.
 * Source: C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018.
 */
function chronoBias(lstm: LSTM, timeSteps: number): LSTM {
  const { hiddenSize: size, bias_ih_l0: input, bias_hh_l0: hidden } = lstm;
  const lengths = rand([size]).data;
  for (let k = 0; k < size; k++) {
    const bias = Math.log(1 + (timeSteps - 2) * lengths[k]!);
    input!.data[size + k] = bias;
    input!.data[k] = -bias;
  }
  hidden!.data.fill(0, 0, 2 * size);
  return lstm;
}

function temporalOrder(relevant: 2 | 3): LearningTask {
  const classes = 2 ** relevant;
  return {
    name: 'temporalOrder',
    title: `temporal order, ${relevant} symbols, T = 100`,
    cell: 'LSTM 16, chrono bias',
    quantity: 'error rate',
    better: 'lower',
    baseline: { name: 'chance', value: 1 - 1 / classes },
    threshold: 0.01,
    enough: 0.002,
    every: 50,
    steps: 3000,
    create() {
      const make = (stream: string) => tasks.temporalOrder({ relevant, stream });
      const held = heldOut(make, 32);
      const lstm = chronoBias(new LSTM({ inputSize: 8, hiddenSize: 16 }), 100);
      const options = { hiddenSize: 16, outFeatures: classes, symbols: 8, last: true };
      const model = new SequenceModel({ recurrent: lstm, ...options });
      return createLearner(model, 1e-2, {
        data: make('training'),
        loss: crossEntropy,
        measure: (part) => errorRate(model, held(part)),
      });
    },
  };
}

function grammar(
  name: 'reber' | 'embeddedReber',
  rest: Pick<LearningTask, 'title' | 'baseline' | 'cell'>,
  createLayer: (options: { inputSize: number; hiddenSize: number }) => Recurrent,
): LearningTask {
  const optimum = tasks[name]().baselines['optimum']!;
  return {
    name,
    ...rest,
    quantity: 'nats per symbol',
    better: 'lower',
    threshold: optimum + 0.005,
    enough: optimum + 0.0015,
    every: 50,
    steps: 5000,
    create() {
      const make = (stream: string) => tasks[name]({ stream });
      const task = make('training');
      const held = heldOut(make, 60);
      const recurrent = createLayer({ inputSize: 7, hiddenSize: 16 });
      const model = new SequenceModel({ recurrent, hiddenSize: 16, outFeatures: 7, symbols: 7 });
      return createLearner(model, 1e-2, {
        data: task,
        loss: crossEntropy,
        measure: (part) => natsOfGrammar(model, held(part), task),
      });
    },
  };
}

/** Targets are 1 for every symbol that may come, so the length of a string is nothing to guess. */
function* possibleSymbols(task: GrammarTask): Generator<Batch> {
  const { symbols } = task;
  for (const { input, lengths } of task) {
    const [timeSteps, batchSize] = input.shape as [number, number];
    const target = zeros([timeSteps, batchSize, symbols.length]);
    lengths.forEach((length, b) => {
      let beginning = '';
      for (let t = 0; t < length; t++) {
        const row = t * batchSize + b;
        beginning += symbols[input.data[row]!]!;
        for (const symbol of task.next(beginning))
          target.data[row * symbols.length + symbols.indexOf(symbol)] = 1;
      }
    });
    yield { input, target };
  }
}

/** Something may come at every time step but those of padding. */
function possibleSymbolsLoss(output: Tensor, target: Tensor): Tensor {
  const mask = tensor(
    (target.toNested() as number[][][]).map((rows) => rows.map((row) => Math.max(...row))),
  );
  return bceWithLogits(output, target, { mask });
}

const anbn: LearningTask = {
  name: 'anbn',
  title: 'aⁿbⁿ, trained on n ≤ 10',
  cell: 'LSTM 4, peepholes, forget bias 2',
  quantity: 'largest n',
  better: 'higher',
  baseline: { name: 'seen in training', value: 10 },
  threshold: 20,
  enough: Infinity,
  every: 1000,
  steps: 4000,
  create() {
    const task = tasks.anbn();
    const lstm = new LSTM({ inputSize: 4, hiddenSize: 4, peepholes: true });
    const recurrent = init.forgetBias(lstm, 2) as Recurrent;
    const model = new SequenceModel({ recurrent, hiddenSize: 4, outFeatures: 4, symbols: 4 });
    return createLearner(model, 1e-2, {
      data: possibleSymbols(task),
      loss: possibleSymbolsLoss,
      measure: (part) => (part === 'test' ? largestN(model, task, 1000) : 0),
    });
  },
};

/** Time steps that a window of the series begins with before its predictions count. */
const warmup = 50;

function mackeyGlass(
  horizon: number,
  linear: number,
  rest: Pick<LearningTask, 'threshold' | 'steps'>,
): LearningTask {
  return {
    name: 'mackeyGlass',
    title: `Mackey–Glass, ${horizon} steps ahead`,
    cell: 'GRU 32',
    quantity: 'NRMSE',
    better: 'lower',
    baseline: { name: 'linear model of 18 values', value: linear },
    ...rest,
    enough: rest.threshold * 0.8,
    every: 200,
    create() {
      const series = Array.from(tasks.mackeyGlass(), (x) => [x]);
      const scaler = new StandardScaler().fit(series.slice(0, 3000));
      const part = (from: number, to: number) => scaler.transform(series.slice(from, to));
      const windows = { windowLength: 100, horizon, target: 'each' as const };
      const held = { validation: part(3000, 4000), test: part(4000, 5000) };
      const recurrent = new GRU({ inputSize: 1, hiddenSize: 32 }) as Recurrent;
      const model = new SequenceModel({ recurrent, hiddenSize: 32, outFeatures: 1 });
      const seen = (values: Tensor) => values.slice(0, warmup, 100);
      return createLearner(model, 5e-3, {
        data: slidingWindows(part(0, 3000), { ...windows, shuffle: true }),
        loss: (output, target) => mse(seen(output), seen(target)),
        measure: (name) =>
          windowedNrmse(
            model,
            [...slidingWindows(held[name], { ...windows, stride: 25, batchSize: 64 })],
            warmup,
          ),
      });
    },
  };
}

export const learningTasks: readonly LearningTask[] = [
  adding('LSTM'),
  adding('GRU'),
  copy(20),
  temporalOrder(2),
  temporalOrder(3),
  grammar(
    'reber',
    {
      title: 'Reber grammar',
      cell: 'tanh RNN 16',
      // Counted on 400,000 strings: the entropy of a symbol given the one before it.
      baseline: { name: 'the last symbol alone', value: 1.164 },
    },
    (options) => new RNN(options),
  ),
  grammar(
    'embeddedReber',
    {
      title: 'embedded Reber grammar',
      cell: 'LSTM 16',
      baseline: { name: 'no outer memory', value: (8 * Math.LN2) / 11 },
    },
    (options) => new LSTM(options),
  ),
  anbn,
  mackeyGlass(6, 0.113, { threshold: 0.06, steps: 4000 }),
  mackeyGlass(84, 0.533, { threshold: 0.3, steps: 6000 }),
];
