/**
 * A run with everything that has a state, as a function, and as a process: `node resumedRun.js <steps> [checkpoint] [resume]`
 * prints its weights and losses.
 */
import { pathToFileURL } from 'node:url';
import {
  Adam,
  CharTokenizer,
  CosineLR,
  crossEntropy,
  Dropout,
  Embedding,
  fit,
  Linear,
  LSTM,
  manualSeed,
  Module,
  randn,
  slidingWindows,
  textLanes,
  Warmup,
  WeightAverage,
  type Batch,
  type FitOptions,
  type LSTMState,
  type Tensor,
} from '../../../kernel/unroll.js';

class CharModel extends Module {
  embedding = new Embedding({ numEmbeddings: 12, embeddingDim: 6 });
  lstm = new LSTM({ inputSize: 6, hiddenSize: 8, numLayers: 2, dropout: 0.2 });
  dropout = new Dropout({ p: 0.1 });
  head = new Linear({ inFeatures: 8, outFeatures: 12 });
  forward(input: Tensor, state?: LSTMState) {
    const result = this.lstm.forward(this.embedding.forward(input), state);
    return { output: this.head.forward(this.dropout.forward(result.output)), state: result.state };
  }
}

const text = 'the cat sat on the mat, that fat cat '.repeat(20);

/** Shuffled windows, then lanes with carried states, in each epoch. */
function* readEpoch(tokens: Int32Array): Generator<Batch> {
  const windows = slidingWindows(Array.from(tokens.subarray(0, 300)), {
    windowLength: 9,
    target: 'each',
    stride: 6,
    batchSize: 3,
    shuffle: true,
  });
  for (const { input, target } of windows)
    yield {
      input: input.to('int32').reshape(input.shape.slice(0, 2)),
      target: target.to('int32').reshape(target.shape.slice(0, 2)),
    };
  yield* textLanes(tokens, { batchSize: 3, sequenceLength: 40 });
}

export interface ResumedRun {
  weights: number[][];
  averages: number[][];
  loss: number[];
  validation: number[];
  best: unknown;
  lr: number[];
  random: number[];
}

/** Trains up to a step, from the start or from a checkpoint; `isPlain` without validation. */
export async function runUpTo(
  steps: number,
  {
    seed = 3,
    isPlain = false,
    ...options
  }: Partial<FitOptions<LSTMState>> & { seed?: number; isPlain?: boolean } = {},
): Promise<ResumedRun> {
  manualSeed(seed);
  const tokens = new CharTokenizer(text, { unknown: '?' }).encode(text).map((one) => one % 12);
  const model = new CharModel();
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  const schedule = new Warmup(optimizer, { steps: 6, then: new CosineLR(optimizer, { tMax: 60 }) });
  const average = new WeightAverage(model.parameters(), { decay: 0.9 });
  const history = await fit({
    model,
    data: () => readEpoch(tokens),
    loss: crossEntropy,
    optimizer,
    steps,
    clipNorm: 0.5,
    accumulate: 2,
    tbptt: { k1: 7, k2: 12 },
    schedule,
    average,
    ...(!isPlain && {
      validation: { data: textLanes(tokens, { batchSize: 2, sequenceLength: 50 }), every: 7 },
      earlyStopping: { patience: 50 },
      restoreBest: true,
    }),
    ...options,
  });
  const numbers = (tensors: Iterable<Tensor>) => Array.from(tensors, ({ data }) => [...data]);
  return {
    weights: numbers(model.parameters()),
    averages: numbers(average.state().averages),
    loss: history.loss,
    validation: history.validation.loss,
    best: history.best,
    lr: history.lr,
    random: [...randn([3]).data],
  };
}

const [, script, steps, checkpoint, resume] = process.argv;
if (script && import.meta.url === pathToFileURL(script).href) {
  const result = await runUpTo(Number(steps), {
    seed: 77,
    checkpoint: { file: checkpoint!, every: 10 },
    ...(resume && { resume }),
  });
  process.stdout.write(JSON.stringify(result));
}
