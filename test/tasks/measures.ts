/** What a trained model is measured by: numbers of held-out data, not of the batches that it trained on. */
import {
  crossEntropy,
  mse,
  noGrad,
  nrmse,
  tensor,
  type Batch,
  type GrammarTask,
  type Tensor,
} from '../../kernel/rnn/index.js';
import type { SequenceModel } from './sequenceModel.js';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const predict = (model: SequenceModel, input: Tensor): Tensor =>
  noGrad(() => model.forward(input).output);

/** Index of the largest of each row's numbers. */
function largest({ data, shape }: Tensor): number[] {
  const classes = shape.at(-1)!;
  return Array.from({ length: data.length / classes }, (_, row) => {
    const scores = data.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}

/** Mean squared error. */
export const meanSquaredError = (model: SequenceModel, batches: readonly Batch[]): number =>
  mean(batches.map(({ input, target }) => mse(predict(model, input), target).item()));

/** Cross-entropy in nats for each symbol that is predicted. */
export const nats = (model: SequenceModel, batches: readonly Batch[]): number =>
  mean(batches.map(({ input, target }) => crossEntropy(predict(model, input), target).item()));

/** The part of targets that is not the class with the largest logit. */
export const errorRate = (model: SequenceModel, batches: readonly Batch[]): number =>
  mean(
    batches.map(({ input, target }) => {
      const classes = largest(predict(model, input));
      return mean(classes.map((found, b) => Number(found !== target.data[b])));
    }),
  );

/**
 * Cross-entropy in nats for each symbol, as it would be on all strings of the language: the luck of the strings drawn is
 * taken out, which is how far their own probability, each choice being even, lies from the language's entropy.
 */
export function natsOfGrammar(
  model: SequenceModel,
  batches: readonly Batch[],
  task: GrammarTask,
): number {
  let [loss, own, count] = [0, 0, 0];
  for (const { input, target } of batches) {
    const [timeSteps, batchSize] = input.shape as [number, number];
    loss += crossEntropy(predict(model, input), target, { reduction: 'sum' }).item();
    for (let b = 0; b < batchSize; b++) {
      let beginning = task.decode([input.data[b]!]);
      for (let t = 0; t < timeSteps && target.data[t * batchSize + b]! >= 0; t++) {
        own += Math.log(task.next(beginning).length);
        count++;
        beginning += task.decode([target.data[t * batchSize + b]!]);
      }
    }
  }
  return (loss - own) / count + task.baselines['optimum']!;
}

/**
 * The largest n up to `limit` such that in aⁿbⁿ and all shorter strings the symbols with positive logits are, at each
 * place, those that may come: a and b until the first b, then b, and the end exactly in its place.
 */
export function largestN(
  model: SequenceModel,
  task: GrammarTask & { ofLength: (n: number) => string },
  limit: number,
): number {
  for (let n = 1; n <= limit; n++) {
    const text = task.ofLength(n);
    const indices = task.encode(text.slice(0, -1));
    const input = tensor(
      Array.from(indices, (index) => [index]),
      { dtype: 'int32' },
    );
    const { data } = predict(model, input);
    for (let t = 0; t < indices.length; t++) {
      const possible = Array.from(task.symbols).filter(
        (_, k) => data[t * task.symbols.length + k]! > 0,
      );
      if (possible.join('') !== task.next(text.slice(0, t + 1))) return n - 1;
    }
  }
  return limit;
}

/** Root of the mean squared error over the targets' standard deviation; the first time steps of each window only warm up. */
export function windowedNrmse(
  model: SequenceModel,
  batches: readonly Batch[],
  warmup: number,
): number {
  const [predicted, actual]: [number[], number[]] = [[], []];
  for (const { input, target } of batches) {
    const from = warmup * input.shape[1]!;
    predicted.push(...predict(model, input).data.subarray(from));
    actual.push(...target.data.subarray(from));
  }
  return nrmse(predicted, actual);
}
