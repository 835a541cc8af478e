/**
 * Code with what is no code blanked out: comments, texts and regular expressions become spaces, so that what is looked
 * for is found where it means something, and at its own place. What stands in `${…}` stays.
 */
export function maskedCode(code: string): string {
  let masked = '';
  /** For each open template, the open braces inside its `${`. */
  const templates: number[] = [];
  const blank = (to: number) => {
    masked += code.slice(masked.length, to).replace(/[^\n]/g, ' ');
  };
  while (masked.length < code.length) {
    const at = masked.length;
    const rest = code.slice(at, at + 2);
    const one = code[at]!;
    if (rest === '//') blank(endOf(code, at, '\n', 0));
    else if (rest === '/*') blank(endOf(code, at + 2, '*/', 2));
    else if (one === '"' || one === "'") blank(endOfText(code, at + 1, one));
    else if (one === '/' && mayBeginPattern(masked)) blank(endOfPattern(code, at + 1));
    else if (one === '`') blankTemplate(at + 1);
    else if (one === '}' && templates.at(-1) === 0) {
      templates.pop();
      blankTemplate(at + 1);
    } else {
      if (templates.length > 0 && one === '{') templates[templates.length - 1]!++;
      if (templates.length > 0 && one === '}') templates[templates.length - 1]!--;
      masked += one;
    }
  }
  return masked;

  /** A template's text, to its end or to the next `${`. */
  function blankTemplate(from: number): void {
    let at = from;
    while (at < code.length && code[at] !== '`' && code.slice(at, at + 2) !== '${')
      at += code[at] === '\\' ? 2 : 1;
    if (code[at] === '$') {
      templates.push(0);
      blank(Math.min(code.length, at + 2));
    } else blank(Math.min(code.length, at + 1));
  }
}

function endOf(code: string, from: number, end: string, length: number): number {
  const found = code.indexOf(end, from);
  return found < 0 ? code.length : found + length;
}

/** A text ends with its line at the latest. */
function endOfText(code: string, from: number, quote: string): number {
  let at = from;
  while (at < code.length && code[at] !== quote && code[at] !== '\n')
    at += code[at] === '\\' ? 2 : 1;
  return Math.min(code.length, at + 1);
}

function endOfPattern(code: string, from: number): number {
  let at = from;
  let inClass = false;
  while (at < code.length && code[at] !== '\n' && (inClass || code[at] !== '/')) {
    if (code[at] === '[') inClass = true;
    if (code[at] === ']') inClass = false;
    at += code[at] === '\\' ? 2 : 1;
  }
  return Math.min(code.length, at + 1);
}

/** Behind a value a slash divides. */
function mayBeginPattern(before: string): boolean {
  const end = before.trimEnd();
  return (
    end === '' || /[=(,:;!&|?{}[+\-*%<>~^]$|\b(?:return|typeof|case|await|yield|in|of)$/.test(end)
  );
}

/** The names that the code mentions, but for those of members. */
export function namesIn(code: string): Set<string> {
  const names = maskedCode(code).matchAll(
    /(?<![\p{ID_Continue}$]|(?<!\.\.)\.)[\p{ID_Start}$_][\p{ID_Continue}$]*/gu,
  );
  return new Set([...names].map(([name]) => name));
}
