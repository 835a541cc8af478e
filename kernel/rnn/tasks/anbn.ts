import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { createGrammarTask, type GrammarTask } from './grammar.js';
import { isStreamName, type TaskOptions } from './task.js';

/** Options of `tasks.anbn`. */
export interface AnbnOptions extends TaskOptions {
  /** Smallest n. Default 1. */
  minN?: number;
  /** Largest n. Default 10. */
  maxN?: number;
}

function nextOfAnbn(beginning: string): string {
  if (beginning === '') return 'S';
  const match = /^S(a*)(b*)$/.exec(beginning);
  if (!match) return '';
  const [as, bs] = [match[1]!.length, match[2]!.length];
  if (bs === 0) return as === 0 ? 'a' : 'ab';
  if (bs > as) return '';
  return bs === as ? 'T' : 'b';
}

/**
 * Strings S aⁿ bⁿ T with n from U{minN … maxN}: after the first b all is determined, by counting. A network that has
 * learnt to count goes on to n that it never saw. Usual loss: `crossEntropy` of the next symbol, averaged over all
 * symbols that are predicted; the best possible is ln(maxN − minN + 1) / (minN + maxN + 1) nats.
 *
 * Source: F. A. Gers, J. Schmidhuber, "LSTM recurrent networks learn simple context-free and context-sensitive
 * languages", IEEE Transactions on Neural Networks 12(6), 2001
 *
 * @returns padded batches of input and target `[T, B]` (int32, below 4), with `lengths` and `mask`
 */
export function anbn(options: AnbnOptions = {}): GrammarTask & { ofLength: (n: number) => string } {
  checkOptions('tasks.anbn', options, {
    minN: optional(is.positiveInteger),
    maxN: optional(is.positiveInteger),
    batchSize: optional(is.positiveInteger),
    stream: isStreamName,
  });
  const { minN = 1, maxN = 10 } = options;
  if (minN > maxN)
    throw new OptionError(`tasks.anbn: minN must be at most maxN = ${maxN}, got ${minN}`);
  const ofLength = (n: number): string => `S${'a'.repeat(n)}${'b'.repeat(n)}T`;
  const task = createGrammarTask(
    {
      name: 'anbn',
      symbols: 'SabT',
      draw: (stream) => ofLength(stream.integer(minN, maxN + 1)),
      next: nextOfAnbn,
    },
    options,
    { optimum: Math.log(maxN - minN + 1) / (minN + maxN + 1) },
  );
  return Object.assign(task, { ofLength });
}
