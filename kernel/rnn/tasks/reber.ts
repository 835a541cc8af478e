import { checkOptions, is, optional } from '../options.js';
import type { RandomStream } from '../random.js';
import { createGrammarTask, type GrammarTask } from './grammar.js';
import { isStreamName, type TaskOptions } from './task.js';

const symbols = 'BTPSXVE';

/** Reber's grammar: for each state the symbols that may come, each with the state after it. */
const transitions: readonly Readonly<Record<string, number>>[] = [
  { B: 1 },
  { T: 2, P: 3 },
  { S: 2, X: 4 },
  { T: 3, V: 5 },
  { X: 3, S: 6 },
  { P: 4, V: 6 },
  { E: 7 },
  {},
];

/** The state after a text; undefined where the text is not a beginning of a Reber string. */
function stateAfter(text: string): number | undefined {
  let state: number | undefined = 0;
  for (const symbol of text) {
    state = transitions[state]![symbol];
    if (state === undefined) return undefined;
  }
  return state;
}

function nextOfReber(beginning: string): string {
  const state = stateAfter(beginning);
  return state === undefined ? '' : Object.keys(transitions[state]!).join('');
}

function nextOfEmbedded(beginning: string): string {
  if (beginning === '') return 'B';
  if (beginning === 'B') return 'TP';
  const [, outer] = beginning;
  const inner = beginning.slice(2);
  if (beginning[0] !== 'B' || !'TP'.includes(outer!)) return '';
  const end = inner.indexOf('E') + 1;
  if (end === 0) return nextOfReber(inner);
  if (stateAfter(inner.slice(0, end)) !== transitions.length - 1) return '';
  const tail = inner.slice(end);
  return tail === '' ? outer! : tail === outer ? 'E' : '';
}

function drawReber(stream: RandomStream): string {
  let text = '';
  for (let choices = nextOfReber(text); choices; choices = nextOfReber(text))
    text += choices[choices.length === 1 ? 0 : stream.integer(0, choices.length)]!;
  return text;
}

const optionTable = { batchSize: optional(is.positiveInteger), stream: isStreamName };

/**
 * Strings of Reber's grammar, each way taken with probability ½; which symbol comes is told by the one or two before.
 * Usual loss: `crossEntropy` of the next symbol, averaged over all symbols that are predicted; the best possible
 * is 6·ln 2 / 7 nats (six choices in seven predictions, on average).
 *
 * Source: A. S. Reber, "Implicit learning of artificial grammars", 1967; A. Cleeremans, D. Servan-Schreiber,
 * J. L. McClelland, "Finite state automata and simple recurrent networks", Neural Computation 1(3), 1989
 *
 * @returns padded batches of input and target `[T, B]` (int32, below 7), with `lengths` and `mask`
 */
export function reber(options: TaskOptions = {}): GrammarTask {
  checkOptions('tasks.reber', options, optionTable);
  const grammar = { name: 'reber', symbols, draw: drawReber, next: nextOfReber };
  return createGrammarTask(grammar, options, { optimum: (6 * Math.LN2) / 7 });
}

/**
 * A Reber string between `BT` and `TE`, or between `BP` and `PE`: the last symbol but one is told by the second alone,
 * across the whole string between them. Usual loss: as for `reber`; the best possible is 7·ln 2 / 11 nats,
 * without memory of the second symbol 8·ln 2 / 11.
 *
 * Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, experiment 1
 *
 * @returns padded batches of input and target `[T, B]` (int32, below 7), with `lengths` and `mask`
 */
export function embeddedReber(options: TaskOptions = {}): GrammarTask {
  checkOptions('tasks.embeddedReber', options, optionTable);
  const draw = (stream: RandomStream): string => {
    const outer = 'TP'[stream.integer(0, 2)]!;
    return `B${outer}${drawReber(stream)}${outer}E`;
  };
  const grammar = { name: 'embeddedReber', symbols, draw, next: nextOfEmbedded };
  return createGrammarTask(grammar, options, {
    optimum: (7 * Math.LN2) / 11,
    'no outer memory': (8 * Math.LN2) / 11,
  });
}
