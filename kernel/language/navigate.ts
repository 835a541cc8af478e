/** From a name to where it is declared, and to where it is used. */
import ts from 'typescript';
import {
  type DocumentHighlight,
  DocumentHighlightKind,
  type Location,
  type LocationLink,
  type Range,
} from 'vscode-languageserver';
import { bindingOf, type CellModule } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';
import { type Position, toLocation, toOffset, toRange } from './places.js';

interface Place {
  fileName: string;
  textSpan: ts.TextSpan;
}

type Find = 'getTypeDefinitionAtPosition' | 'getImplementationAtPosition';

export function definitions(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
): LocationLink[] {
  const offset = toOffset(module, position);
  const found = program.service.getDefinitionAndBoundSpan(module.fileName, offset);
  if (!found) return [];
  const originSelectionRange = toRange(module, found.textSpan);
  return once((found.definitions ?? []).flatMap((one) => throughBinding(program, one))).flatMap(
    (one) => {
      const target = toLocation(program, one.fileName, one.textSpan);
      if (!target) return [];
      const whole = one.contextSpan && toLocation(program, one.fileName, one.contextSpan);
      return [toLink(target, whole?.range, originSelectionRange)];
    },
  );
}

/** Each place: TypeScript names one more than once that it comes to on several ways. */
function once<T extends Place>(places: readonly T[]): T[] {
  const seen = new Map(places.map((one) => [`${one.fileName}:${one.textSpan.start}`, one]));
  return [...seen.values()];
}

function toLink(
  { uri, range }: Location,
  whole: Range | undefined,
  origin: Range | undefined,
): LocationLink {
  return {
    targetUri: uri,
    targetSelectionRange: range,
    targetRange: whole ?? range,
    ...(origin ? { originSelectionRange: origin } : {}),
  };
}

export function otherDefinitions(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
  find: Find,
): Location[] {
  const found: readonly Place[] | undefined = program.service[find](
    module.fileName,
    toOffset(module, position),
  );
  return toLocations(program, once(found ?? []));
}

/** What is bound in our line: on to the cell that declares it. */
function throughBinding(program: NotebookProgram, found: ts.DefinitionInfo): ts.DefinitionInfo[] {
  const module = program.cells.ofFile(found.fileName);
  const name = module?.text.slice(found.textSpan.start, end(found.textSpan));
  const binding = module && name !== undefined ? bindingOf(module, name) : undefined;
  if (!module || !binding || found.textSpan.start !== binding.offset) return [found];
  const from = binding.origin ?? binding.offset;
  return [...(program.service.getDefinitionAtPosition(module.fileName, from) ?? [])];
}

export function references(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
  withDeclaration: boolean,
): Location[] {
  const found = new Map<string, ts.ReferencedSymbolEntry>();
  const asked = new Set<string>();
  const waiting: [fileName: string, offset: number][] = [
    [module.fileName, toOffset(module, position)],
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [fileName, offset] = next;
    if (asked.has(`${fileName}:${offset}`)) continue;
    asked.add(`${fileName}:${offset}`);
    const symbols = program.service.findReferences(fileName, offset) ?? [];
    for (const entry of symbols.flatMap((symbol) => symbol.references)) {
      found.set(`${entry.fileName}:${entry.textSpan.start}`, entry);
      const other = otherEnd(program, entry);
      if (other !== undefined) waiting.push([entry.fileName, other]);
    }
  }
  const wanted = [...found.values()].filter((one) => withDeclaration || one.isDefinition !== true);
  return toLocations(program, wanted);
}

/** `declare let step: typeof import(…).step` in our line: the other of its two names. */
function otherEnd(program: NotebookProgram, { fileName, textSpan }: Place): number | undefined {
  const module = program.cells.ofFile(fileName);
  if (!module || textSpan.start >= module.prefix.length) return undefined;
  const binding = bindingOf(module, module.text.slice(textSpan.start, end(textSpan)));
  if (binding?.origin === undefined) return undefined;
  return textSpan.start === binding.origin ? binding.offset : binding.origin;
}

export function highlights(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
): DocumentHighlight[] {
  const { fileName } = module;
  const offset = toOffset(module, position);
  const found = program.service.getDocumentHighlights(fileName, offset, [fileName]) ?? [];
  return found
    .flatMap(({ highlightSpans }) => highlightSpans)
    .flatMap(({ textSpan, kind }) => {
      const range = toRange(module, textSpan);
      const isWritten = kind === ts.HighlightSpanKind.writtenReference;
      const shown = isWritten ? DocumentHighlightKind.Write : DocumentHighlightKind.Read;
      return range ? [{ range, kind: shown }] : [];
    });
}

function toLocations(program: NotebookProgram, places: readonly Place[]): Location[] {
  return places.flatMap((one) => toLocation(program, one.fileName, one.textSpan) ?? []);
}

function end({ start, length }: ts.TextSpan): number {
  return start + length;
}
