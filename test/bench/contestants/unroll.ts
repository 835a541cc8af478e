/** Unroll, as its user writes it. */
import { coupledLstm } from '../../unit/rnn/coupledLstm.js';
import * as unroll from '../../../kernel/rnn/index.js';
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  Embedding,
  GRU,
  Linear,
  LSTM,
  Module,
  mse,
  noGrad,
  Recurrent,
  RNN,
  Tensor,
  type RecurrentLayerOptions,
  type RecurrentState,
} from '../../../kernel/rnn/index.js';
import type { ContestantTask, Steps } from '../contestant.js';
import { isData, type Numbers, type Problem } from '../problem.js';
import { packageVersion } from '../packageVersion.js';
import type { CellName, Workload } from '../workloads.js';

const layers: Record<CellName, (options: RecurrentLayerOptions) => Recurrent> = {
  rnn: (options) => new RNN(options),
  gru: (options) => new GRU(options),
  lstm: (options) => new LSTM(options),
  coupledLstm: (options) => new Recurrent({ cell: coupledLstm, ...options }),
};

class Model extends Module {
  readonly embedding: Embedding | undefined;
  readonly rnn: Recurrent;
  readonly head: Linear | undefined;
  readonly #lastOnly: boolean;

  constructor({ vocabulary, inputSize, hiddenSize, numLayers, ...workload }: Workload) {
    super();
    const { cell, outputSize, lossAt } = workload;
    if (vocabulary)
      this.embedding = new Embedding({ numEmbeddings: vocabulary, embeddingDim: inputSize });
    this.rnn = layers[cell]({ inputSize, hiddenSize, numLayers });
    if (outputSize) this.head = new Linear({ inFeatures: hiddenSize, outFeatures: outputSize });
    this.#lastOnly = lossAt === 'lastStep';
  }

  forward(input: Tensor, state?: RecurrentState): { output: Tensor; state: RecurrentState } {
    const x = this.embedding ? this.embedding.forward(input) : input;
    const result = this.rnn.forward(x, state);
    const hidden = this.#lastOnly ? result.output.select(0, -1) : result.output;
    return { output: this.head ? this.head.forward(hidden) : hidden, state: result.state };
  }
}

const floats = ({ data, shape }: Numbers) => new Tensor(data, [...shape]);
const integers = ({ data, shape }: Numbers) => new Tensor(Int32Array.from(data), [...shape]);

function createModel(workload: Workload, problem: Problem): Model {
  const model = new Model(workload);
  const parameters = Object.entries(problem).filter(([name]) => !isData(name));
  model.loadStateDict(Object.fromEntries(parameters.map(([name, one]) => [name, floats(one)])));
  return model;
}

function createSteps({ workload, problem }: ContestantTask): Steps {
  const { task, vocabulary, loss } = workload;
  const model = createModel(workload, problem);
  const input = vocabulary ? integers(problem['input']!) : floats(problem['input']!);
  if (task === 'forward')
    return { forward: () => noGrad(() => model.forward(input).output.data as Float32Array) };
  if (task === 'sample') return samplingSteps(model);
  const target = loss === 'mse' ? floats(problem['target']!) : integers(problem['target']!);
  const criterion = loss === 'mse' ? mse : crossEntropy;
  const parameters = model.parameters();
  const optimizer = new Adam(parameters, { lr: 1e-3 });
  return {
    train() {
      optimizer.zeroGrad();
      const result = criterion(model.forward(input).output, target);
      result.backward();
      clipGradNorm(parameters, 1);
      optimizer.step();
      return result.item();
    },
  };
}

function samplingSteps(model: Model): Steps {
  let state: RecurrentState | undefined;
  return {
    reset: () => (state = undefined),
    next(token) {
      const result = noGrad(() => model.forward(new Tensor(Int32Array.of(token), [1, 1]), state));
      state = result.state;
      return result.output.data as Float32Array;
    },
  };
}

export async function prepare(task: ContestantTask) {
  const { setThreads } = unroll as { setThreads?: (count: number) => unknown };
  if (!setThreads && task.threads > 1)
    throw new Error('setThreads is not there yet, so only one thread was measured');
  await setThreads?.(task.threads);
  return { version: packageVersion('unroll'), steps: createSteps(task) };
}
