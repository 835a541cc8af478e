/**
 * A notebook's cells as TypeScript modules, so that what a cell sees is said in TypeScript itself.
 *
 * The module of a cell is one line that we write, then the cell's text. The line imports each name that
 * earlier cells declared from the cell that declared it last, and exports the cell's own:
 *
 *     import { LSTM, model } from "./1.cell"; declare let step: typeof import("./2.cell").step; export { loss };
 *
 * An import can't be assigned to, so a `let` of an earlier cell that this cell assigns to is declared with that
 * cell's type. Names that the cell doesn't mention are left out (a hundred cells would import thousands), except
 * in the cell that the user types in, for completion.
 */
import { join } from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type CellScope, insertedText, type NameKind, readScope } from './cellScope.js';

export interface CellModule {
  /** The cell's text. */
  document: TextDocument;
  scope: CellScope;
  fileName: string;
  /** Our line, with its line break. */
  prefix: string;
  text: string;
  /** Changes with the text. */
  version: number;
}

interface Origin {
  fileName: string;
  kind: NameKind;
}

/** What a cell's file is called; the folder is the notebook's, so that relative imports mean what they say. */
const cellFile = /unroll-cell-(\d+)$/;

/** Counts the files of all notebooks: two in one folder share none, nor what TypeScript keeps of it. */
let fileCount = 0;

/** Counts the texts of all files: a cell that is gone and comes back has another version than before. */
let textCount = 0;

export class CellModules {
  #modules: CellModule[] = [];
  readonly #byUri = new Map<string, CellModule>();
  readonly #byFile = new Map<string, CellModule>();
  readonly #fileNames = new Map<string, string>();
  #focus: string | undefined;
  #version = 0;

  constructor(private readonly folder: string) {}

  /** In document order. */
  get all(): readonly CellModule[] {
    return this.#modules;
  }

  /** Counts the changes of modules. */
  get version(): number {
    return this.#version;
  }

  of(uri: string): CellModule | undefined {
    return this.#byUri.get(uri);
  }

  ofFile(fileName: string): CellModule | undefined {
    return this.#byFile.get(fileName);
  }

  /** The cell that declared the name last before this cell, and how. */
  originOf(name: string, module: CellModule): Origin | undefined {
    for (let index = this.#modules.indexOf(module) - 1; index >= 0; index--) {
      const { fileName, scope } = this.#modules[index]!;
      const declared = scope.declared.get(name);
      if (declared) return { fileName, kind: declared.kind };
    }
    return undefined;
  }

  /** The cell that is typed in, if any: all earlier names are in its scope. */
  focus(uri: string): void {
    if (this.#focus === uri) return;
    this.#focus = uri;
    this.#build(this.#modules.map(({ document }) => document));
  }

  /** The notebook's cells have changed. @returns The modules that are others now. */
  update(documents: readonly TextDocument[]): CellModule[] {
    return this.#build(documents);
  }

  #build(documents: readonly TextDocument[]): CellModule[] {
    const before = new Map(this.#byUri);
    const visible = new Map<string, Origin>();
    this.#byUri.clear();
    this.#byFile.clear();
    const changed: CellModule[] = [];
    this.#modules = documents.map((document) => {
      const old = before.get(document.uri);
      const module = this.#toModule(document, old, visible);
      if (module !== old) changed.push(module);
      this.#byUri.set(document.uri, module);
      this.#byFile.set(module.fileName, module);
      for (const [name, { kind }] of module.scope.declared) {
        visible.set(name, { fileName: module.fileName, kind });
      }
      return module;
    });
    if (changed.length > 0 || before.size !== this.#byUri.size) this.#version++;
    return changed;
  }

  #toModule(
    document: TextDocument,
    old: CellModule | undefined,
    visible: ReadonlyMap<string, Origin>,
  ): CellModule {
    const text = document.getText();
    const isSame = old?.document.getText() === text;
    const scope = isSame ? old.scope : readScope(text);
    const prefix = toPrefix(scope, visible, this.#focus === document.uri);
    if (isSame && old.prefix === prefix) {
      old.document = copyOf(document);
      return old;
    }
    const { offset, length } = scope.insertion;
    const code = length === 0 ? text : text.slice(0, offset) + insertedText + text.slice(offset);
    return {
      document: copyOf(document),
      scope,
      fileName: this.#fileNameOf(document.uri),
      prefix,
      text: prefix + code,
      version: ++textCount,
    };
  }

  #fileNameOf(uri: string): string {
    const known = this.#fileNames.get(uri);
    if (known !== undefined) return known;
    const name = `unroll-cell-${++fileCount}.ts`;
    const fileName = join(this.folder, name).replaceAll('\\', '/');
    this.#fileNames.set(uri, fileName);
    return fileName;
  }
}

export function isCellFile(fileName: string): boolean {
  return cellFile.test(fileName.replace(/\.ts$/, ''));
}

/** Whether the text names a cell's module. */
export function isCellSpecifier(text: string): boolean {
  return text.includes('unroll-cell-');
}

/** Documents that are synchronised are changed in place. */
function copyOf(document: TextDocument): TextDocument {
  return TextDocument.create(document.uri, 'typescript', document.version, document.getText());
}

function toPrefix(
  { declared, exported, assigned, mentioned }: CellScope,
  visible: ReadonlyMap<string, Origin>,
  isFocus: boolean,
): string {
  const unknown = [...mentioned].filter((one) => !declared.has(one) && !visible.has(one));
  // A name that is misspelt is to be found too.
  const mentions = (name: string) =>
    mentioned.has(name) || unknown.some((one) => isSimilar(one, name));
  const imports = new Map<string, string[]>();
  const parts: string[] = [];
  for (const [name, { fileName, kind }] of visible) {
    if (declared.has(name) || !(isFocus || mentions(name))) continue;
    const specifier = JSON.stringify(toSpecifier(fileName));
    if (kind === 'variable' && assigned.has(name)) {
      parts.push(`declare let ${name}: typeof import(${specifier}).${name};`);
    } else {
      const names = imports.get(specifier) ?? [];
      if (names.push(name) === 1) imports.set(specifier, names);
    }
  }
  for (const [specifier, names] of imports) {
    parts.unshift(`import { ${names.join(', ')} } from ${specifier};`);
  }
  const own = [...declared.keys()].filter((name) => !exported.has(name));
  parts.push(`export { ${own.join(', ')} };\n`);
  return parts.join(' ');
}

function isSimilar(one: string, other: string): boolean {
  const longest = Math.max(one.length, other.length);
  const isNear = Math.abs(one.length - other.length) <= Math.max(1, longest / 3);
  return (
    isNear && one.length > 2 && one.slice(0, 2).toLowerCase() === other.slice(0, 2).toLowerCase()
  );
}

export function toSpecifier(fileName: string): string {
  return `./${fileName.slice(fileName.lastIndexOf('/') + 1, -'.ts'.length)}`;
}

/** Where our line binds a name of an earlier cell: offset of the name, and of it in that cell where it is declared. */
export function bindingOf(
  { prefix }: CellModule,
  name: string,
): { offset: number; origin?: number } | undefined {
  const word = name.replaceAll('$', '\\$');
  const declared = new RegExp(
    `declare let (${word}): typeof import\\("[^"]*"\\)\\.(${word});`,
    'd',
  );
  const [, first, second] = declared.exec(prefix)?.indices ?? [];
  if (first && second) return { offset: first[0], origin: second[0] };
  const imported = new RegExp(`(?:^|; )import \\{[^}]* (${word})[ ,]`, 'd');
  const found = imported.exec(prefix)?.indices?.[1];
  return found && { offset: found[0] };
}

// ---------------------------------------------------------------------------------------------------
// Offsets

/** An offset in the cell → in its module. */
export function toModuleOffset({ prefix, scope }: CellModule, offset: number): number {
  const { insertion } = scope;
  const isBehind = insertion.length > 0 && offset >= insertion.offset;
  return prefix.length + offset + (isBehind ? insertion.length : 0);
}

/** An offset in a cell's module → in the cell; undefined in what we wrote. */
export function toCellOffset({ prefix, scope }: CellModule, offset: number): number | undefined {
  const { insertion } = scope;
  const inCode = offset - prefix.length;
  if (inCode < 0) return undefined;
  if (insertion.length === 0 || inCode <= insertion.offset) return inCode;
  if (inCode < insertion.offset + insertion.length) return undefined;
  return inCode - insertion.length;
}
