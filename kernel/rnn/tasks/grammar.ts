import { padBatch, type PaddedBatch } from '../data/padBatch.js';
import { VocabularyError } from '../errors.js';
import type { RandomStream } from '../random.js';
import { createTask, taskStream, type Task, type TaskOptions } from './task.js';

/** Strings of a formal language, one symbol predicted after the other. */
export interface GrammarTask extends Task<PaddedBatch> {
  /** The character of each index. */
  readonly symbols: string;
  /** One string of the language. */
  string: () => string;
  /** The symbols that may follow a string's beginning; none after its end, or where it left the language. */
  next: (beginning: string) => string;
  /** Whether the string is of the language. */
  accepts: (text: string) => boolean;
  /** Indices of a string. @throws VocabularyError for a character that is no symbol */
  encode: (text: string) => Int32Array;
  /** The string of indices. @throws VocabularyError for an index that is none */
  decode: (indices: Iterable<number>) => string;
}

export interface Grammar {
  readonly name: string;
  readonly symbols: string;
  /** Draws a string. */
  readonly draw: (stream: RandomStream) => string;
  /** As `GrammarTask.next`. */
  readonly next: (beginning: string) => string;
}

/**
 * Batches of whole strings, padded: input is a string without its last symbol, target the same without its first;
 * where a string is over the target is −100.
 */
export function createGrammarTask(
  grammar: Grammar,
  options: TaskOptions,
  baselines: Readonly<Record<string, number>>,
): GrammarTask {
  const { name, symbols } = grammar;
  const { batchSize = 32 } = options;
  const encode = (text: string): Int32Array =>
    Int32Array.from(text, (symbol) => {
      const index = symbols.indexOf(symbol);
      if (index < 0)
        throw new VocabularyError(
          `tasks.${name}: ${JSON.stringify(symbol)} is no symbol, expected one of ${symbols}`,
        );
      return index;
    });
  const task = createTask(name, options, baselines, (stream) => {
    const samples = Array.from({ length: batchSize }, () => {
      const indices = encode(grammar.draw(stream));
      return { input: indices.subarray(0, -1), target: indices.subarray(1) };
    });
    return padBatch(samples);
  });
  const next = grammar.next;
  return Object.assign(task, {
    symbols,
    encode,
    decode: (indices: Iterable<number>) =>
      Array.from(indices, (index) => {
        const symbol = symbols[index];
        if (symbol === undefined)
          throw new VocabularyError(
            `tasks.${name}: index ${index} is out of range, expected 0 to ${symbols.length - 1}`,
          );
        return symbol;
      }).join(''),
    next,
    accepts: (text: string) =>
      text !== '' &&
      Array.from(text).every((symbol, i) => next(text.slice(0, i)).includes(symbol)) &&
      next(text) === '',
    string: () => grammar.draw(taskStream(name, options)),
  });
}
