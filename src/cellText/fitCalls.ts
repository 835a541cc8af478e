/** The calls of `fit` in a cell, and what inspects what they train. Text only: nothing is parsed or run. */
import { maskedCode } from './maskedCode.js';
import { statementAt } from './statementAt.js';

export interface FitCall {
  /** Where `fit` stands in the code. */
  offset: number;
  /** The options that are written in the call: `{ model, data: batches }`; undefined where it is given others. */
  options?: ReadonlyMap<string, string>;
  /** The call's one argument, as it is written. */
  argument: string;
  /** Where its statement begins, in a function or a block, whose names mean nothing to another cell. */
  statement?: number;
  /** It is the value of a function without braces, which has no room for a statement. */
  isBare?: boolean;
}

export function fitCalls(code: string): FitCall[] {
  const masked = maskedCode(code);
  return [...masked.matchAll(/(?<![\w$.])fit\s*(?:<[^>()]*>)?\s*\(/g)].flatMap((match) => {
    const { index } = match;
    const before = masked.slice(0, index);
    if (/\bfunction\s*\*?\s*$/.test(before)) return [];
    const begin = index + match[0].length;
    const end = endOfGroup(masked, begin);
    if (end === undefined) return [];
    const argument = code.slice(begin, end).trim().replace(/,$/, '');
    if (argument === '') return [];
    const options = objectMembers(argument);
    return [
      { offset: index, argument, ...(options ? { options } : {}), ...placeOf(code, masked, index) },
    ];
  });
}

function placeOf(code: string, masked: string, at: number): Pick<FitCall, 'statement' | 'isBare'> {
  const { begin, isNested, isBare } = statementAt(code, masked, at);
  if (isBare) return { isBare };
  return isNested ? { statement: begin } : {};
}

/**
 * A cell that inspects one batch of what the call trains on.
 *
 *   const [batch] = textLanes(training, { batchSize });
 *   inspect(model, batch!, { loss: crossEntropy })
 */
export function inspectionOf(call: FitCall): string {
  const { batch, inspection } = partsOf(call);
  return [`import { inspect } from 'unroll';`, '', comment, ...batch, inspection].join('\n');
}

/** The cell's code with that in front of the call, in a block of its own; where it stands already, as it is. */
export function withInspection(code: string, call: FitCall): { code: string; at: number } {
  const at = call.statement ?? 0;
  const { batch, inspection } = partsOf(call);
  const indent = /[^\S\n]*$/.exec(code.slice(0, at))?.[0] ?? '';
  const lines = [comment, ...batch, `display(${inspection});`].map((line) => `${indent}  ${line}`);
  const block = ['{', ...lines, `${indent}}`].join('\n');
  const before = code.slice(0, at).trimEnd();
  if (before.endsWith(block)) return { code, at: before.length - block.length };
  const imports = missingImports(code);
  const changed = `${imports}${code.slice(0, at)}${block}\n${indent}${code.slice(at)}`;
  return { code: changed, at: imports.length + at };
}

/** What the block needs of `unroll` and the cell does not import. */
function missingImports(code: string): string {
  const imported = [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*['"]unroll['"]/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim());
  const missing = ['display', 'inspect'].filter((name) => !imported.includes(name));
  return missing.length > 0 ? `import { ${missing.join(', ')} } from 'unroll';\n` : '';
}

const comment = '// One batch of what fit trains on, forward and back through time.';

function partsOf({ options, argument }: FitCall): { batch: string[]; inspection: string } {
  const [model, data] = [options?.get('model'), options?.get('data')];
  if (!options || model === undefined || data === undefined) {
    return {
      batch: [`const trained = ${argument};`, 'const [batch] = trained.data;'],
      inspection: 'inspect(trained.model, batch!, { loss: trained.loss })',
    };
  }
  const given = ['loss', 'clipNorm'].flatMap((name) => {
    const value = options.get(name);
    if (value === undefined) return [];
    return [value === name ? name : `${name}: ${value}`];
  });
  const isFunction =
    /^(?:async\b|\(|function\b|[\w$]+\s*=>)/.test(data) && /=>|^(?:async\s+)?function/.test(data);
  const batches = isFunction ? `await (${data})(0)` : data;
  const last = given.length > 0 ? `, { ${given.join(', ')} }` : '';
  return {
    batch: [`const [batch] = ${batches};`],
    inspection: `inspect(${model}, batch!${last})`,
  };
}

const opening = '([{';
const closing = ')]}';

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
