import { comparisonMime, vegaLiteMime, type MimeBundle } from '../contract/mime.js';
import type { ComparisonPayload } from '../contract/trace.js';
import { OptionError } from '../rnn/errors.js';
import { Trace } from '../rnn/inspect/trace.js';
import { checkOptions, optional } from '../rnn/options.js';
import { livePayload, pictureOptionsOf } from './livePayload.js';
import { displaySymbol, type Displayable } from './mimeBundle.js';
import { defaultBytes, type TraceSample } from './traceDetail.js';
import { comparisonFallback } from './traceFallback.js';

/** How two traces are shown side by side. */
export interface CompareOptions {
  /** What each is called. Default: the names of their cells, else `first` and `second`. */
  names?: readonly [string, string];
  /** Default: both names, `RNN against LSTM`. */
  title?: string;
  /** What is carried in numbers of each; of the 5 MB, half each. */
  sample?: TraceSample;
}

/** Two traces that show themselves side by side, on one scale. */
export interface Comparison extends Displayable {
  readonly title: string;
  readonly traces: readonly { readonly name: string; readonly trace: Trace }[];
  toString(): string;
}

/**
 * Puts two traces side by side: one cell against another, before against after training, truncated
 * against full (`compare(trace, trace.truncation(5).trace)`), a trace against what it would be
 * (`compare(edited.before, edited.after)`). They may differ in everything, the number of time steps too.
 *
 * @throws OptionError for names that are the same
 */
export function compare(first: Trace, second: Trace, options: CompareOptions = {}): Comparison {
  for (const trace of [first, second])
    if (!(trace instanceof Trace))
      throw new OptionError(`compare: expected two traces, got ${typeof trace}`);
  checkOptions('compare', options, {
    names: optional(areNames),
    title: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
    sample: optional((value) => (typeof value === 'object' ? undefined : 'an object')),
  });
  const names = options.names ?? namesOf(first, second);
  const { title = `${names[0]} against ${names[1]}`, sample } = options;
  const traces = [first, second].map((trace, k) => ({ name: names[k]!, trace }));
  const print = () => traces.map(({ name, trace }) => `${name}: ${trace.toString()}`).join('\n\n');
  const comparison = {
    title,
    traces,
    toString: print,
    [Symbol.for('nodejs.util.inspect.custom')]: print,
    [Symbol.for('debug.description')]: () => `Comparison of ${names[0]} and ${names[1]}`,
  };
  return Object.assign(comparison, {
    [displaySymbol]: () => comparisonBundle(comparison, sample),
  });
}

const areNames = (value: unknown): string | undefined =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((name) => typeof name === 'string') &&
  value[0] !== value[1]
    ? undefined
    : 'two texts that differ';

function namesOf(first: Trace, second: Trace): [string, string] {
  const [a, b] = [first, second].map(({ layers }) => layers[0]!.program.name) as [string, string];
  return a === b ? ['first', 'second'] : [a, b];
}

function comparisonBundle(
  { title, traces }: Pick<Comparison, 'title' | 'traces'>,
  sample: TraceSample = {},
): MimeBundle {
  const bytes = Math.floor((sample.bytes ?? defaultBytes) / 2) - 1_000;
  const payload: ComparisonPayload = {
    version: 1,
    title,
    traces: traces.map(({ name, trace }) => {
      const own = pictureOptionsOf(trace);
      return {
        name,
        trace: livePayload(trace, {
          ...own,
          title: name,
          sample: { ...own.sample, ...sample, bytes },
        }),
      };
    }),
  };
  return {
    [comparisonMime]: payload as unknown as MimeBundle[string],
    [vegaLiteMime]: comparisonFallback(title, traces),
    'text/plain': traces.map(({ name, trace }) => `${name}: ${trace.toString()}`).join('\n\n'),
  };
}
