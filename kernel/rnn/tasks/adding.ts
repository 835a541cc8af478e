import { createNumbers } from '../ndarray.js';
import { checkOptions, optional, is } from '../options.js';
import { Tensor } from '../tensor.js';
import { OptionError } from '../errors.js';
import { createTask, isStreamName, type Task, type TaskOptions } from './task.js';

/** Options of `tasks.adding`. */
export interface AddingOptions extends TaskOptions {
  /** T, two or more. Default 50. */
  timeSteps?: number;
  /** Default `'float32'`. */
  dtype?: 'float32' | 'float64';
}

/**
 * The adding problem: at each time step a number from U[0, 1) and a marker; two markers are 1, one in each half of
 * the sequence, the others 0. The target is the sum of the two marked numbers. Usual loss: `mse` at the last time
 * step; who always says 1 has 1/6, the variance of the sum.
 *
 * Sources: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, experiment 4;
 * in this form M. Arjovsky, A. Shah, Y. Bengio, "Unitary evolution recurrent neural networks", ICML 2016,
 * https://arxiv.org/abs/1511.06464
 *
 * @returns batches of input `[T, B, 2]` and target `[B, 1]`
 */
export function adding(options: AddingOptions = {}): Task {
  checkOptions('tasks.adding', options, {
    timeSteps: optional(is.positiveInteger),
    batchSize: optional(is.positiveInteger),
    dtype: optional(is.oneOf('float32', 'float64')),
    stream: isStreamName,
  });
  const { timeSteps = 50, batchSize = 32, dtype = 'float32' } = options;
  if (timeSteps < 2)
    throw new OptionError(`tasks.adding: timeSteps must be 2 or more, got ${timeSteps}`);
  const half = Math.floor(timeSteps / 2);
  return createTask('adding', options, { 'predict the mean': 1 / 6 }, (stream) => {
    const input = createNumbers(dtype, timeSteps * batchSize * 2);
    const target = createNumbers(dtype, batchSize);
    for (let b = 0; b < batchSize; b++) {
      const marked = [stream.integer(0, half), stream.integer(half, timeSteps)];
      for (let t = 0; t < timeSteps; t++) {
        const at = 2 * (t * batchSize + b);
        input[at] = stream.uniform();
        if (!marked.includes(t)) continue;
        input[at + 1] = 1;
        target[b]! += input[at];
      }
    }
    return {
      input: new Tensor(input, [timeSteps, batchSize, 2]),
      target: new Tensor(target, [batchSize, 1]),
    };
  });
}
