/** Places in the program's files → places that an editor knows: a cell's, or a file's. */
import { pathToFileURL } from 'node:url';
import type ts from 'typescript';
import type { Location, Range } from 'vscode-languageserver';
import { type CellModule, toCellOffset, toModuleOffset } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';

export interface Position {
  line: number;
  character: number;
}

/** An offset in the cell's module. */
export function toOffset(module: CellModule, position: Position): number {
  return toModuleOffset(module, module.document.offsetAt(position));
}

/** Undefined where it begins in what we wrote. */
export function toRange(module: CellModule, { start, length }: ts.TextSpan): Range | undefined {
  const from = toCellOffset(module, start);
  const to = toCellOffset(module, start + length);
  if (from === undefined || to === undefined) return undefined;
  return { start: module.document.positionAt(from), end: module.document.positionAt(to) };
}

/** Undefined in what we wrote, and in a file that the program does not hold. */
export function toLocation(
  program: NotebookProgram,
  fileName: string,
  span: ts.TextSpan,
): Location | undefined {
  const module = program.cells.ofFile(fileName);
  if (module) {
    const range = toRange(module, span);
    return range && { uri: module.document.uri, range };
  }
  const file = program.sourceFile(fileName);
  if (!file) return undefined;
  const start = file.getLineAndCharacterOfPosition(span.start);
  const end = file.getLineAndCharacterOfPosition(span.start + span.length);
  return { uri: pathToFileURL(fileName).href, range: { start, end } };
}
