/** What is measured: the table of workloads.json, which every contestant reads, and what follows from it. */
import { readFileSync } from 'node:fs';
import { benchFolder } from './folders.js';

export type CellName = 'rnn' | 'gru' | 'lstm' | 'coupledLstm';

export interface Workload {
  readonly title: string;
  /** A training step; a forward pass; or sampling, one token a time step. */
  readonly task: 'train' | 'forward' | 'sample';
  readonly cell: CellName;
  readonly numLayers: number;
  readonly timeSteps: number;
  readonly batchSize: number;
  /** Present: the input is tokens, embedded in inputSize numbers each. */
  readonly vocabulary?: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Width of the linear head; there is none where it is left out. */
  readonly outputSize?: number;
  readonly loss: 'crossEntropy' | 'mse';
  readonly lossAt: 'everyStep' | 'lastStep';
  readonly goals?: readonly Goal[];
}

/** What Unroll shall reach against a contestant with one thread: how many times as fast, what part of its memory. */
export interface Goal {
  readonly against: string;
  readonly oneThread?: number;
  readonly twoThreads?: number;
  readonly memory?: number;
}

export const workloads = JSON.parse(
  readFileSync(new URL('workloads.json', benchFolder), 'utf8'),
) as Readonly<Record<string, Workload>>;

/** How many blocks of hiddenSize rows the cell's weights have, and how many bias vectors. */
const cells: Record<CellName, { gates: number; biases: readonly string[] }> = {
  rnn: { gates: 1, biases: ['bias_ih', 'bias_hh'] },
  gru: { gates: 3, biases: ['bias_ih', 'bias_hh'] },
  lstm: { gates: 4, biases: ['bias_ih', 'bias_hh'] },
  coupledLstm: { gates: 3, biases: ['bias'] },
};

/** Products only, a multiply-add as two. Backward needs each product twice more, so training counts three. */
export function flopsPerStep(workload: Workload): number {
  const { cell, numLayers, timeSteps, batchSize, inputSize, hiddenSize } = workload;
  const { outputSize = 0, lossAt, task } = workload;
  let perTimeStep = 0;
  for (let l = 0, size = inputSize; l < numLayers; l++, size = hiddenSize)
    perTimeStep += cells[cell].gates * hiddenSize * (size + hiddenSize);
  const heads = lossAt === 'everyStep' ? timeSteps : 1;
  const multiplyAdds = batchSize * (timeSteps * perTimeStep + heads * hiddenSize * outputSize);
  return 2 * multiplyAdds * (task === 'train' ? 3 : 1);
}

/** Every parameter by the name PyTorch and Unroll give it. */
export function parameterShapes(workload: Workload): Record<string, number[]> {
  const { cell, numLayers, vocabulary, inputSize, hiddenSize, outputSize } = workload;
  const { gates, biases } = cells[cell];
  const shapes: Record<string, number[]> = {};
  if (vocabulary) shapes['embedding.weight'] = [vocabulary, inputSize];
  for (let l = 0, size = inputSize; l < numLayers; l++, size = hiddenSize) {
    shapes[`rnn.weight_ih_l${l}`] = [gates * hiddenSize, size];
    shapes[`rnn.weight_hh_l${l}`] = [gates * hiddenSize, hiddenSize];
    for (const bias of biases) shapes[`rnn.${bias}_l${l}`] = [gates * hiddenSize];
  }
  if (outputSize) {
    shapes['head.weight'] = [outputSize, hiddenSize];
    shapes['head.bias'] = [outputSize];
  }
  return shapes;
}

/** What goes in and what should come out. Tokens and classes are whole numbers. */
export function dataShapes(workload: Workload): Record<'input' | 'target', number[]> {
  const { timeSteps, batchSize, vocabulary, inputSize, hiddenSize } = workload;
  const { outputSize = hiddenSize, loss, lossAt } = workload;
  const steps = [timeSteps, batchSize];
  const predicted = lossAt === 'everyStep' ? steps : [batchSize];
  return {
    input: vocabulary ? steps : [...steps, inputSize],
    target: loss === 'crossEntropy' ? predicted : [...predicted, outputSize],
  };
}
