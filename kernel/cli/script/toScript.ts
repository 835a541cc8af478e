/**
 * A notebook as one TypeScript module: its cells in order, imports at the top, each name declared once. Cells keep their
 * `// %%` markers, so the same file can be run (`unroll run`) and opened as a notebook, too.
 */
import type ts from 'typescript';
import { toPercentText, type TextCell } from '../../contract/percentFormat.js';
import { parseCell, type ParsedCell } from '../../session/compile/parseCell.js';
import { isTypeScript, sourceOf, type Notebook, type NotebookCell } from '../nbformat.js';
import { declaredNames, importsOf, referencesTo } from './cellNames.js';
import { printImports, type Renamed, ScriptNames } from './scriptNames.js';

export interface ScriptOptions {
  typescript: typeof ts;
  /** Of the file that is written, without `.ts`. */
  name: string;
  /** Of Unroll. */
  version: string;
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

interface CodeCell {
  parsed: ParsedCell;
  file: ts.SourceFile;
}

export function toScript(notebook: Notebook, options: ScriptOptions): string {
  const { typescript } = options;
  const { cells } = notebook;
  const { codes, checker } = parseAll(typescript, cells);
  const mentioned = identifiersOf(typescript, codes);
  const ofCommonJs = ['require', '__dirname', '__filename'].filter((one) => mentioned.has(one));
  const names = new ScriptNames(mentioned);
  const broken: number[] = [];
  const written = cells.flatMap((cell, index): TextCell[] => {
    const code = codes.get(cell);
    if (!code) return [asText(cell)];
    if (problemsOf(code.file).length > 0) {
      broken.push(index + 1);
      return [{ ...asText(cell), text: commented(sourceOf(cell)) }];
    }
    const imports = importsOf(typescript, code.file);
    for (const one of imports) names.import(one.from, one.names, index + 1);
    names.declare(declaredNames(typescript, code.file), index + 1);
    const edits = [
      ...imports.map(({ node }) => removal(code.file, node)),
      ...renames(typescript, checker, code.file, names),
      ...asModule(typescript, code),
    ];
    const text = applyEdits(code.file.text, edits).trim();
    return text === '' ? [] : [{ ...asText(cell), text }];
  });
  const notes = { renamed: names.renamed, broken, ofCommonJs };
  const top = [...headOf(notes, options), '', ...linesOfImports(names)].join('\n');
  const first: TextCell = { kind: 'code', language: 'typescript', text: top, metadata: {} };
  return toPercentText({ header: [], isFirstBare: true, cells: [first, ...written] });
}

/** Without an import or export the compiler and Node would not take the file for a module. */
function linesOfImports({ imports }: ScriptNames): string[] {
  return imports.size === 0 ? ['export {};'] : printImports(imports);
}

interface Notes {
  renamed: readonly Renamed[];
  /** Cells, from 1, that do not parse. */
  broken: readonly number[];
  /** What a module lacks in Node, and the kernel has. */
  ofCommonJs: readonly string[];
}

function headOf({ renamed, broken, ofCommonJs }: Notes, { name, version }: ScriptOptions) {
  const renamings = renamed.map((one) => `${one.name} → ${one.spelling} (cell ${one.cell})`);
  const notes: [holds: boolean, note: string][] = [
    [
      renamed.length > 0,
      `Declared again by a later cell, renamed from there on: ${renamings.join(', ')}.`,
    ],
    [broken.length > 0, `Not TypeScript, and so left as comments: cell ${broken.join(', ')}.`],
    [ofCommonJs.length > 0, `Only 'unroll run' has these in a module: ${ofCommonJs.join(', ')}.`],
  ];
  return [
    `// The notebook '${name}' as one module, written by Unroll ${version}.`,
    `// To run it: unroll run ${name}.ts`,
    `// or, in a project that has the package 'unroll', with what runs TypeScript there (Node 22.18 and later do).`,
    ...notes.flatMap(([holds, note]) => (holds ? [`// ${note}`] : [])),
  ];
}

/** All as files of one program, of which only the names are asked for: it loads no libraries. */
function parseAll(typescript: typeof ts, cells: readonly NotebookCell[]) {
  const codes = new Map<NotebookCell, CodeCell>();
  const files = new Map<string, ts.SourceFile>();
  for (const cell of cells.filter(isTypeScript)) {
    const parsed = parseCell(typescript, sourceOf(cell));
    const fileName = `/cell-${files.size}.ts`;
    const file = typescript.createSourceFile(
      fileName,
      parsed.file.text,
      {
        languageVersion: typescript.ScriptTarget.ES2022,
        setExternalModuleIndicator: (one: ts.SourceFile) => {
          (one as { externalModuleIndicator?: ts.Node }).externalModuleIndicator = one;
        },
      },
      true,
    );
    files.set(fileName, file);
    codes.set(cell, { parsed, file });
  }
  const host: ts.CompilerHost = {
    getSourceFile: (name) => files.get(name),
    getDefaultLibFileName: () => '/lib.d.ts',
    writeFile: () => undefined,
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => files.has(name),
    readFile: (name) => files.get(name)?.text,
  };
  const options = { noLib: true, noResolve: true, types: [] };
  const program = typescript.createProgram([...files.keys()], options, host);
  return { codes, checker: program.getTypeChecker() };
}

function identifiersOf(
  typescript: typeof ts,
  codes: ReadonlyMap<NotebookCell, CodeCell>,
): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (typescript.isIdentifier(node)) names.add(node.text);
    typescript.forEachChild(node, visit);
  };
  for (const { file } of codes.values()) visit(file);
  return names;
}

function renames(
  typescript: typeof ts,
  checker: ts.TypeChecker,
  file: ts.SourceFile,
  names: ScriptNames,
): Edit[] {
  const isRenamed = (name: string) =>
    names.spellingOf(name, 'value') !== undefined || names.spellingOf(name, 'type') !== undefined;
  return referencesTo(typescript, checker, file, isRenamed).flatMap(
    ({ node, meaning, isShorthand }) => {
      const spelling = names.spellingOf(node.text, meaning);
      if (spelling === undefined) return [];
      const text = isShorthand ? `${node.text}: ${spelling}` : spelling;
      return [{ from: node.getStart(file), to: node.getEnd(), text }];
    },
  );
}

/** The statement with its line break; a comment above it stays. */
function removal(file: ts.SourceFile, node: ts.Node): Edit {
  const end = node.getEnd();
  const rest = /^[ \t]*\r?\n/.exec(file.text.slice(end))?.[0].length ?? 0;
  return { from: node.getStart(file), to: end + rest, text: '' };
}

/**
 * What a notebook lets off and a module does not: the object at a cell's end gets parentheses, and the last statement a
 * semicolon, or the next cell's `[` or `(` would belong to it.
 */
function asModule(typescript: typeof ts, { parsed: { insertion }, file }: CodeCell): Edit[] {
  const last = file.statements.findLast((one) => !typescript.isEmptyStatement(one));
  if (!last) return [];
  const end = last.getEnd();
  const hasSemicolon = file.text[end - 1] === ';';
  const isOpen =
    typescript.isExpressionStatement(last) ||
    typescript.isVariableStatement(last) ||
    typescript.isThrowStatement(last) ||
    typescript.isTypeAliasDeclaration(last) ||
    typescript.isExportDeclaration(last);
  const semicolon = isOpen && !hasSemicolon ? [{ from: end, to: end, text: ';' }] : [];
  if (insertion.length === 0) return semicolon;
  const from = insertion.offset;
  const close = hasSemicolon ? end - 1 : end;
  // A line that begins with a parenthesis would go on with the one before.
  const before = file.text.slice(0, from).trimEnd();
  const open = before === '' || /[;}]$/.test(before) ? '(' : ';(';
  return [
    { from, to: from + insertion.length, text: open },
    { from: close, to: close, text: ')' },
    ...semicolon,
  ];
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.from - b.from)) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at);
}

/** As the percent format has it; a raw cell is code of no language. */
function asText(cell: NotebookCell): TextCell {
  const { vscode, ...metadata } = cell.metadata;
  const named = (vscode as { languageId?: unknown } | undefined)?.languageId;
  const language = typeof named === 'string' && !isTypeScript(cell) ? named : 'typescript';
  return {
    kind: cell.cell_type === 'markdown' ? 'markdown' : 'code',
    language: cell.cell_type === 'raw' ? 'raw' : language,
    text: sourceOf(cell),
    metadata,
  };
}

const commented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `// ${line}`.trimEnd())
    .join('\n');

/** The parser leaves its findings on the file, but the type does not say so. */
const problemsOf = (file: ts.SourceFile): readonly unknown[] =>
  (file as unknown as { parseDiagnostics: readonly unknown[] }).parseDiagnostics;
