/** The calls of `fit` in a cell, and the cell that inspects what they train. Text only: nothing is parsed or run. */
import { maskedCode } from './maskedCode.js';

export interface FitCall {
  /** Where `fit` stands in the code. */
  offset: number;
  /** The options that are written in the call: `{ model, data: batches }`; undefined where it is given others. */
  options?: ReadonlyMap<string, string>;
  /** The call's one argument, as it is written. */
  argument: string;
}

/** Calls at the cell's top level: names inside of functions and blocks mean nothing to another cell. */
export function fitCalls(code: string): FitCall[] {
  const masked = maskedCode(code);
  return [...masked.matchAll(/(?<![\w$.])fit\s*(?:<[^>()]*>)?\s*\(/g)].flatMap((match) => {
    const { index } = match;
    const before = masked.slice(0, index);
    if (/\bfunction\s*\*?\s*$/.test(before) || depthOf(before) !== 0) return [];
    const begin = index + match[0].length;
    const end = endOfGroup(masked, begin);
    if (end === undefined) return [];
    const argument = code.slice(begin, end).trim().replace(/,$/, '');
    if (argument === '') return [];
    const options = objectMembers(argument);
    return [{ offset: index, argument, ...(options ? { options } : {}) }];
  });
}

/**
 * A cell that inspects one batch of what the call trains on.
 *
 *   const [batch] = textLanes(training, { batchSize });
 *   inspect(model, batch!, { loss: crossEntropy })
 */
export function inspectionOf({ options, argument }: FitCall): string {
  const [model, data] = [options?.get('model'), options?.get('data')];
  const head = [`import { inspect } from 'unroll';`, ''];
  if (!options || model === undefined || data === undefined) {
    return [
      ...head,
      '// One batch of what fit trains on, forward and back through time.',
      `const trained = ${argument};`,
      'const [batch] = trained.data;',
      'inspect(trained.model, batch!, { loss: trained.loss })',
    ].join('\n');
  }
  const given = ['loss', 'clipNorm'].flatMap((name) => {
    const value = options.get(name);
    if (value === undefined) return [];
    return [value === name ? name : `${name}: ${value}`];
  });
  const isFunction =
    /^(?:async\b|\(|function\b|[\w$]+\s*=>)/.test(data) && /=>|^(?:async\s+)?function/.test(data);
  const batches = isFunction ? `await (${data})(0)` : data;
  return [
    ...head,
    '// One batch of what fit trains on, forward and back through time.',
    `const [batch] = ${batches};`,
    `inspect(${model}, batch!${given.length > 0 ? `, { ${given.join(', ')} }` : ''})`,
  ].join('\n');
}

const opening = '([{';
const closing = ')]}';

function depthOf(masked: string): number {
  let depth = 0;
  for (const one of masked) {
    if (opening.includes(one)) depth++;
    if (closing.includes(one)) depth--;
  }
  return depth;
}

/** Where the group ends that is open at `from`. */
function endOfGroup(masked: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < masked.length; at++) {
    if (opening.includes(masked[at]!)) depth++;
    if (closing.includes(masked[at]!) && depth-- === 0) return at;
  }
  return undefined;
}

/** Name → value, as written, of an object literal; undefined where the text is none, or spreads another. */
function objectMembers(text: string): ReadonlyMap<string, string> | undefined {
  const masked = maskedCode(text);
  if (!masked.startsWith('{') || endOfGroup(masked, 1) !== text.length - 1) return undefined;
  const members = new Map<string, string>();
  let begin = 1;
  let depth = 0;
  for (let at = 1; at < text.length; at++) {
    const one = masked[at]!;
    const isEnd = depth === 0 && (one === ',' || at === text.length - 1);
    if (opening.includes(one)) depth++;
    if (closing.includes(one)) depth--;
    if (!isEnd) continue;
    const found = memberOf(text.slice(begin, at), masked.slice(begin, at));
    if (found === 'spread') return undefined;
    if (found) members.set(...found);
    begin = at + 1;
  }
  return members;
}

function memberOf(text: string, masked: string): [string, string] | 'spread' | undefined {
  const start = masked.search(/\S/);
  if (start < 0) return undefined;
  if (masked.startsWith('...', start)) return 'spread';
  const [, name, colon] = /^\s*([\w$]+)\s*(:?)/.exec(masked) ?? [];
  if (name === undefined) return undefined;
  if (colon === ':') return [name, text.slice(masked.indexOf(':') + 1).trim()];
  // A method has a name and is none.
  return masked.slice(start).trim() === name ? [name, name] : undefined;
}
