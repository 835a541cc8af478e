/**
 * A cell's text → its syntax tree.
 *
 * A statement that begins with `{` is a block to the language. In a notebook `{ a: 1 }`, `{ loss, step }`
 * or `{ a: 1 }.a` at a cell's end means the object, as in every JavaScript console. So where such text
 * parses as an expression, `0,` is put before it, which makes it one and changes nothing else.
 */
import type ts from 'typescript';

/** Text that was put into the cell before it was parsed. */
export interface Insertion {
  /** In the cell as written. */
  offset: number;
  length: number;
}

export interface ParsedCell {
  file: ts.SourceFile;
  insertion: Insertion;
}

export const fileName = 'cell.ts';

const expressionMark = '0,';

export function parseCell(typescript: typeof ts, source: string): ParsedCell {
  const file = parse(typescript, source);
  let best: ParsedCell = { file, insertion: { offset: 0, length: 0 } };
  for (const statement of file.statements) {
    if (!typescript.isBlock(statement)) continue;
    const offset = statement.getStart(file);
    const text = source.slice(0, offset) + expressionMark + source.slice(offset);
    const withObject = parse(typescript, text);
    const other = { file: withObject, insertion: { offset, length: expressionMark.length } };
    if (endsInObject(typescript, withObject, offset)) return other;
    // Where neither parses, what gets further is what was meant.
    if (firstError(best) < firstError(other) && firstError(other) < Infinity) best = other;
  }
  return best;
}

/** An offset in the text that was parsed → in the cell as written. */
export function asWrittenOffset({ offset, length }: Insertion, parsed: number): number {
  return parsed < offset ? parsed : Math.max(offset, parsed - length);
}

/** Whether it parses, and its last statement is the expression that the mark made. */
function endsInObject(typescript: typeof ts, file: ts.SourceFile, offset: number): boolean {
  if (!parsesCleanly(file)) return false;
  const statements = file.statements.filter((one) => !typescript.isEmptyStatement(one));
  const last = statements.at(-1);
  if (!last || last.getStart(file) !== offset) return false;
  const object = objectAt(typescript, last, file, offset + expressionMark.length);
  // A block with nothing in it is nothing, unless the cell is nothing else.
  return object !== undefined && (object.properties.length > 0 || statements.length === 1);
}

function objectAt(
  typescript: typeof ts,
  node: ts.Node,
  file: ts.SourceFile,
  start: number,
): ts.ObjectLiteralExpression | undefined {
  if (typescript.isObjectLiteralExpression(node) && node.getStart(file) === start) return node;
  return typescript.forEachChild(node, (child) => objectAt(typescript, child, file, start));
}

function parse(typescript: typeof ts, text: string): ts.SourceFile {
  const setExternalModuleIndicator = (file: ts.SourceFile) => {
    // Every cell is a module, whether it imports or not: top-level `await` parses as such.
    (file as { externalModuleIndicator?: ts.Node }).externalModuleIndicator = file;
  };
  return typescript.createSourceFile(
    fileName,
    text,
    { languageVersion: typescript.ScriptTarget.ES2022, setExternalModuleIndicator },
    true,
  );
}

function parsesCleanly(file: ts.SourceFile): boolean {
  return problemsOf(file).length === 0;
}

/** Its offset in the cell as written. */
function firstError({ file, insertion }: ParsedCell): number {
  const starts = problemsOf(file).map(({ start }) => asWrittenOffset(insertion, start));
  return Math.min(Infinity, ...starts);
}

/** The parser leaves its findings on the file, but the type does not say so. */
function problemsOf(file: ts.SourceFile): { start: number }[] {
  return (file as unknown as { parseDiagnostics: { start: number }[] }).parseDiagnostics;
}
