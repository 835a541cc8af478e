/**
 * A new name for a name, in all cells. The names of cells are bound in each cell's module anew, so a cell's name gets
 * its new one module by module: from the cell that declares it to the one that declares it again.
 */
import type ts from 'typescript';
import type { Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { bindingOf, type CellModule } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';
import { type Position, toLocation, toOffset, toRange } from './places.js';

/** A name that is not the notebook's to change. */
export class RenameError extends Error {
  override name = 'RenameError';
}

/** `{ loss }` becomes `{ loss: newName }`, an import `{ LSTM as newName }`. */
const preferences: ts.UserPreferences = { providePrefixAndSuffixTextForRename: true };

export function prepareRename(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
): { range: Range; placeholder: string } {
  const offset = toOffset(module, position);
  const info = program.service.getRenameInfo(module.fileName, offset, preferences);
  if (!info.canRename) throw new RenameError(info.localizedErrorMessage);
  const range = toRange(module, info.triggerSpan);
  if (!range) throw new RenameError('You cannot rename this element.');
  return { range, placeholder: info.displayName };
}

/** @throws {RenameError} */
export function rename(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
  newName: string,
): WorkspaceEdit {
  const { range } = prepareRename(program, module, position);
  const name = module.document.getText(range);
  const found = locationsAt(program, module, toOffset(module, position));
  const isOfCells = found.some(
    ({ fileName, textSpan }) =>
      fileName === module.fileName && isBound(module, name, textSpan.start),
  );
  const locations = isOfCells ? inAllCells(program, module, name) : found;
  const changes: Record<string, TextEdit[]> = {};
  for (const { fileName, textSpan, prefixText = '', suffixText = '' } of locations) {
    const place = toLocation(program, fileName, textSpan);
    if (!place) continue;
    if (program.isShipped(fileName)) {
      throw new RenameError(`'${name}' is a name of unroll or of Node: it cannot be another.`);
    }
    (changes[place.uri] ??= []).push({
      range: place.range,
      newText: prefixText + newName + suffixText,
    });
  }
  return { changes };
}

function locationsAt(program: NotebookProgram, { fileName }: CellModule, offset: number) {
  const found = program.service.findRenameLocations(fileName, offset, false, false, preferences);
  return found ?? [];
}

/** Whether this is where the module binds the name: its line, or its own declaration. */
function isBound({ prefix, scope }: CellModule, name: string, start: number): boolean {
  return start < prefix.length || start - prefix.length === scope.declared.get(name)?.offset;
}

function inAllCells(
  program: NotebookProgram,
  module: CellModule,
  name: string,
): ts.RenameLocation[] {
  const { all } = program.cells;
  const origin = module.scope.declared.has(name)
    ? module
    : program.cells.ofFile(program.cells.originOf(name, module)?.fileName ?? '');
  if (!origin) return [];
  const found: ts.RenameLocation[] = [];
  for (const one of all.slice(all.indexOf(origin))) {
    const declared = one.scope.declared.get(name);
    if (declared && one !== origin) break;
    const offset = declared ? one.prefix.length + declared.offset : bindingOf(one, name)?.offset;
    if (offset === undefined) continue;
    const here = locationsAt(program, one, offset);
    found.push(...here.filter(({ fileName }) => fileName === one.fileName));
  }
  return found;
}
