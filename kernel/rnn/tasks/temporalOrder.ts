import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { createTask, isStreamName, type Task, type TaskOptions } from './task.js';

/** Options of `tasks.temporalOrder`. */
export interface TemporalOrderOptions extends TaskOptions {
  /** T, 20 or more. Default 100. */
  timeSteps?: number;
  /** How many symbols matter: 2 make four classes, 3 make eight. Default 2. */
  relevant?: 2 | 3;
}

/** The symbols: four that do not matter, the two that do, end and start. */
const alphabet = 'abcdXYBE';
const [distractors, x, end, start] = [4, 4, 6, 7];
/** Where in the sequence a symbol that matters may stand, as fractions of its length. */
const windows = {
  2: [0.1, 0.5],
  3: [0.1, 0.33, 0.66],
} as const;
const windowWidth = 0.1;

/**
 * The temporal order problem: between E at the start and B at the end, among random symbols a … d, stand two (or three)
 * that are X or Y, far apart. Their order is the class: XX 0, XY 1, YX 2, YY 3 (XXX 0 … YYY 7). Indices are places in
 * `symbols`, abcdXYBE. Usual loss: `crossEntropy` at the last time step; guessing is right in a quarter (an eighth) of the
 * cases and has ln 4 (ln 8) nats.
 *
 * Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, experiments 6a and
 * 6b (there with lengths from 100 to 110; here each sequence has T time steps and positions scale with T).
 *
 * @returns batches of input `[T, B]` (int32, below 8) and target `[B]` (int32)
 */
export function temporalOrder(options: TemporalOrderOptions = {}): Task & { symbols: string } {
  checkOptions('tasks.temporalOrder', options, {
    timeSteps: optional(is.positiveInteger),
    relevant: optional(is.oneOf(2, 3)),
    batchSize: optional(is.positiveInteger),
    stream: isStreamName,
  });
  const { timeSteps = 100, relevant = 2, batchSize = 32 } = options;
  if (timeSteps < 20)
    throw new OptionError(`tasks.temporalOrder: timeSteps must be 20 or more, got ${timeSteps}`);
  const task = createTask('temporalOrder', options, { chance: relevant * Math.LN2 }, (stream) => {
    const input = new Int32Array(timeSteps * batchSize);
    const target = new Int32Array(batchSize);
    for (let b = 0; b < batchSize; b++) {
      for (let t = 0; t < timeSteps; t++) input[t * batchSize + b] = stream.integer(0, distractors);
      input[b] = start;
      input[(timeSteps - 1) * batchSize + b] = end;
      for (const from of windows[relevant]) {
        const low = Math.round(from * timeSteps);
        const t = stream.integer(low, Math.round((from + windowWidth) * timeSteps));
        const which = stream.integer(0, 2);
        input[t * batchSize + b] = x + which;
        target[b] = 2 * target[b]! + which;
      }
    }
    return {
      input: new Tensor(input, [timeSteps, batchSize]),
      target: new Tensor(target, [batchSize]),
    };
  });
  return Object.assign(task, { symbols: alphabet });
}
