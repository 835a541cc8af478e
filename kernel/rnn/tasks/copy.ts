import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { createTask, isStreamName, type Task, type TaskOptions } from './task.js';

/** Options of `tasks.copy`. */
export interface CopyOptions extends TaskOptions {
  /** Time steps between the end of the message and its recall. Default 50. */
  delay?: number;
  /** Time steps of the message. Default 10. */
  messageLength?: number;
  /** Different symbols that a message may hold. Default 8. */
  symbols?: number;
}

/**
 * The copy memory problem: a message is read, then `delay` time steps of blanks with a "recall" symbol at the end,
 * then the message has to be given back. Symbols 0 … S−1 are the message's, S is the blank, S+1 says "recall".
 * Usual loss: `crossEntropy` over all time steps; who forgets the message has
 * messageLength · ln S / (delay + 2·messageLength) nats.
 *
 * Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; in this form
 * M. Arjovsky, A. Shah, Y. Bengio, "Unitary evolution recurrent neural networks", ICML 2016,
 * https://arxiv.org/abs/1511.06464
 *
 * @returns batches of input and target `[delay + 2·messageLength, B]` (int32), indices below S + 2 and S + 1
 */
export function copy(options: CopyOptions = {}): Task {
  checkOptions('tasks.copy', options, {
    delay: optional(is.positiveInteger),
    messageLength: optional(is.positiveInteger),
    symbols: optional(is.positiveInteger),
    batchSize: optional(is.positiveInteger),
    stream: isStreamName,
  });
  const { delay = 50, messageLength = 10, symbols = 8, batchSize = 32 } = options;
  const timeSteps = delay + 2 * messageLength;
  const baselines = { 'no memory': (messageLength * Math.log(symbols)) / timeSteps };
  const [blank, recall] = [symbols, symbols + 1];
  return createTask('copy', options, baselines, (stream) => {
    const input = new Int32Array(timeSteps * batchSize).fill(blank);
    const target = new Int32Array(timeSteps * batchSize).fill(blank);
    for (let b = 0; b < batchSize; b++) {
      for (let t = 0; t < messageLength; t++) {
        const symbol = stream.integer(0, symbols);
        input[t * batchSize + b] = symbol;
        target[(messageLength + delay + t) * batchSize + b] = symbol;
      }
      input[(messageLength + delay - 1) * batchSize + b] = recall;
    }
    const shape = [timeSteps, batchSize];
    return { input: new Tensor(input, shape), target: new Tensor(target, shape) };
  });
}
