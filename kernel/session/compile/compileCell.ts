/**
 * One cell's TypeScript → the JavaScript that V8's REPL mode runs, with a source map.
 *
 * The compiler works on one cell at a time and never sees another, so nothing is left out because this
 * cell does not use it: a value import stays, whoever uses it later. Types, `import type` and
 * `import { type X }` vanish.
 */
import type ts from 'typescript';
import type { ImportedBinding } from '../modules.js';
import { assignedNames, findAssignedConstant } from './constants.js';
import { valueNames } from './lowerImports.js';
import { DeclaredNames } from './runtimeCall.js';
import { declaredReserved, respell } from './shadowing.js';
import { CellSyntaxError } from './cellSyntaxError.js';
import { afterTypeScript, beforeTypeScript } from './lowerCell.js';
import { findJsx } from './jsxInCell.js';
import { asWrittenOffset, fileName, type Insertion, parseCell } from './parseCell.js';

type TypeScript = typeof ts;

export interface CompileOptions {
  /** Number of the execution; names the script in stack traces. */
  script: number;
  /** Names that earlier cells declared with `const`, `import`, … */
  constants: ReadonlySet<string>;
  /** Names of other code (`shadowing.ts`). */
  reserved: ReadonlySet<string>;
  /** Names of earlier cells that are spelt differently in what runs. */
  spellings: ReadonlyMap<string, string>;
  /** For a debugger (`hoistBody.ts`). */
  hoistsBody?: boolean;
  /** How a reserved name is spelt that this cell declares. */
  spell: (name: string) => string;
}

export interface CompiledCell {
  code: string;
  /** Source map, version 3, as JSON text. */
  map: string;
  /** What positions in the source map count in. */
  insertion: Insertion;
  /** Top-level names, and whether they may be assigned to. */
  declared: Map<string, 'constant' | 'variable'>;
  /** Those of them that it imports. */
  imported: Map<string, ImportedBinding>;
  /** Names that it assigns to, its own or those of other cells. */
  assigned: Set<string>;
}

const noJsx =
  'Cells are TypeScript without JSX. To show markup, use html(`…`) from unroll, or import a .tsx file.';

/** @throws {CellSyntaxError} The first thing in the cell that does not parse. */
export function compileCell(
  typescript: TypeScript,
  source: string,
  options: CompileOptions,
): CompiledCell {
  const { file, insertion } = parseCell(typescript, source);
  const emitted = { code: '', map: '' };
  const program = typescript.createProgram(
    [fileName],
    compilerOptions(typescript),
    compilerHost(file, emitted),
  );
  const [diagnostic] = program.getSyntacticDiagnostics(file);
  if (diagnostic) {
    const markup = findJsx(typescript, source);
    if (markup) throw new CellSyntaxError(noJsx, markup.start, markup.length);
    const message = typescript.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    const start = asWrittenOffset(insertion, diagnostic.start);
    throw new CellSyntaxError(message, start, diagnostic.length);
  }
  const declared = new Map<string, 'constant' | 'variable'>();
  const imported = new Map<string, ImportedBinding>();
  const plan = {
    script: options.script,
    insertion,
    declared: new DeclaredNames(declared),
    imported,
    hoistsBody: options.hoistsBody ?? false,
    valueNames: valueNames(typescript, file),
  };
  const before = [beforeTypeScript(typescript, plan)];
  const names = new Map(options.spellings);
  for (const name of declaredReserved(typescript, file, options.reserved))
    names.set(name, options.spell(name));
  if (names.size > 0) before.unshift(respell(typescript, program, names));
  const after = [afterTypeScript(typescript, plan)];
  program.emit(undefined, undefined, undefined, false, { before, after });
  const assigned = findAssignedConstant(typescript, program, file, {
    earlier: options.constants,
    declared,
  });
  if (assigned) {
    const message = `Cannot assign to '${assigned.name}' because it is a constant.`;
    const start = asWrittenOffset(insertion, assigned.start);
    throw new CellSyntaxError(message, start, assigned.name.length);
  }
  const code = emitted.code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
  return {
    code,
    map: emitted.map,
    insertion,
    declared,
    imported,
    assigned: assignedNames(typescript, program, file),
  };
}

function compilerOptions(typescript: TypeScript): ts.CompilerOptions {
  return {
    // What Node 20 runs; `using` and decorators are lowered.
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.ESNext,
    moduleDetection: typescript.ModuleDetectionKind.Force,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    sourceMap: true,
    // A comment behind an expression would end up in the middle of the call that is put around it.
    removeComments: true,
    newLine: typescript.NewLineKind.LineFeed,
    noLib: true,
    noResolve: true,
  };
}

function compilerHost(
  file: ts.SourceFile,
  emitted: { code: string; map: string },
): ts.CompilerHost {
  return {
    getSourceFile: (name) => (name === fileName ? file : undefined),
    writeFile: (name, text) => {
      emitted[name.endsWith('.map') ? 'map' : 'code'] = text;
    },
    getDefaultLibFileName: () => 'lib.d.ts',
    useCaseSensitiveFileNames: () => true,
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => '',
    getNewLine: () => '\n',
    fileExists: (name) => name === fileName,
    readFile: () => undefined,
  };
}
