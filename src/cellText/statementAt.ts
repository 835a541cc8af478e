/** Where the statement begins that a place of a cell is in, and in which block. Text only, so it is a guess at odd code. */

export interface StatementPlace {
  begin: number;
  /** In a function's body or another block; else at the cell's top level. */
  isNested: boolean;
  /** In a function or a loop without braces: nothing can be put in front of the place in there. */
  isBare: boolean;
}

const opening = '([{';
const closing = ')]}';

/**
 * @param masked The code without texts and comments, as `maskedCode` gives it.
 * @param to The place, where no comment or text is.
 */
export function statementAt(code: string, masked: string, to: number): StatementPlace {
  let depth = 0;
  /** One in the group that is open: it ends the value of a function without braces. */
  let hasComma = false;
  let isBare = false;
  const result = (begin: number, isNested: boolean): StatementPlace => {
    const isLoop = isBareLoop(masked.slice(begin, to));
    return { begin: skipSpace(masked, begin), isNested, isBare: isBare || isLoop };
  };
  for (let at = to - 1; at >= 0; at--) {
    const one = masked[at]!;
    if (closing.includes(one) && !(depth === 0 && one === '}' && endsBlock(masked, at))) depth++;
    else if (opening.includes(one)) {
      if (depth > 0) depth--;
      else if (one === '{' && isBlock(masked.slice(0, at))) return result(at + 1, true);
      else hasComma = false;
    } else if (depth === 0) {
      if (endsStatement(code, masked, at)) return result(at + 1, isInBlock(masked, at));
      if (one === ',') hasComma = true;
      if (one === '>' && masked[at - 1] === '=' && !hasComma) isBare = true;
    }
  }
  return result(0, false);
}

const skipSpace = (masked: string, from: number): number =>
  from + masked.slice(from).search(/\S|$/);

function endsStatement(code: string, masked: string, at: number): boolean {
  const one = masked[at]!;
  if (one === ';' || one === '}') return true;
  const before = masked.slice(0, at);
  if (one === ':') return /\b(?:case\b[^;{}:]*|default)\s*$/.test(before);
  return (
    one === '\n' && endsLine(code, before) && !/^\s*[.?:+\-*/%&|<>=,)\]}]/.test(masked.slice(at))
  );
}

/** Whether a line break here ends a statement that has no semicolon: what stands before it is a value. */
function endsLine(code: string, before: string): boolean {
  const line = before.trimEnd();
  // A text is masked; its quote is the last thing of the line then.
  const last = code.slice(0, before.length).trimEnd();
  if (last.length > line.length && /["'`]$/.test(last)) return true;
  return /[\w$)\]}]$/.test(line) && !/\b(?:await|return|else|of|in|new|typeof|void)$/.test(line);
}

/** `if (a) { b } fit(c)`: what follows the brace is the next statement. */
function endsBlock(masked: string, at: number): boolean {
  const rest = masked.slice(at + 1);
  return /^\s*[\w$]/.test(rest) && !/^\s*(?:as|satisfies|instanceof|in|of|while)\b/.test(rest);
}

/** Of what stands before a brace: it opens statements, and no object and no class. */
function isBlock(before: string): boolean {
  const head = before.trimEnd();
  return /(?:^|[;{}]|=>|\b(?:else|try|finally|do|static)|\)(?:\s*:\s*[^=;{}()]*)?)$/.test(head);
}

/** Whether a block is open at the place. */
function isInBlock(masked: string, at: number): boolean {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (closing.includes(masked[i]!)) depth++;
    if (opening.includes(masked[i]!) && depth-- === 0) return true;
  }
  return false;
}

/** `for (const rate of rates) fit(…`, but not `for await (const report of fit(…`. */
function isBareLoop(text: string): boolean {
  const head = /^\s*(?:for|while)\b[^(]*\(/.exec(text);
  if (!head) return false;
  let depth = 1;
  for (const one of text.slice(head[0].length)) {
    if (opening.includes(one)) depth++;
    if (closing.includes(one)) depth--;
    if (depth === 0) return true;
  }
  return false;
}
