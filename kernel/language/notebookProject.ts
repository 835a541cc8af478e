/** What a notebook's cells are compiled with: the nearest `tsconfig.json`, Node's types, and what cells need. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Declarations that ship with the extension. */
export interface ShippedTypes {
  /** Folder of TypeScript's own `lib.*.d.ts`. */
  libFolder: string;
  /** Folder of Node's types with those that they need: used where the notebook's folder has none. */
  typesFolder: string;
  /** The declarations of the module `unroll`. */
  unrollTypes: string;
}

export interface NotebookProject {
  options: ts.CompilerOptions;
  /** Files whose global declarations cells see. */
  rootFiles: string[];
  /** The project's configuration, with what it extends and refers to. */
  configFiles: ReadonlySet<string>;
}

export function readProject(folder: string, { typesFolder }: ShippedTypes): NotebookProject {
  const { options, declarations, configFiles } = readConfig(folder);
  const nodeTypes = findNodeTypes(folder, options) ?? join(typesFolder, 'node', 'index.d.ts');
  return {
    options: { ...options, ...cellOptions(options) },
    rootFiles: [nodeTypes, ...declarations],
    configFiles,
  };
}

interface Config {
  options: ts.CompilerOptions;
  /** The project's `.d.ts` files. */
  declarations: string[];
  configFiles: ReadonlySet<string>;
}

const isFile = (name: string) => ts.sys.fileExists(name);

function readConfig(folder: string): Config {
  const configFile =
    ts.findConfigFile(folder, isFile) ?? ts.findConfigFile(folder, isFile, 'jsconfig.json');
  const configFiles = new Set<string>();
  const fallback = { options: { strict: true }, declarations: [], configFiles };
  if (configFile === undefined) return fallback;
  const parsed = parse(configFile, configFiles);
  if (!parsed) return fallback;
  const declarations = parsed.fileNames.filter((name) => /\.d\.[cm]?ts$/.test(name));
  return { options: withReferences(parsed, configFiles), declarations, configFiles };
}

/** What is wrong with the file is said where it is edited; as much of it as can be read is used. */
function parse(configFile: string, read: Set<string>): ts.ParsedCommandLine | undefined {
  return ts.getParsedCommandLineOfConfigFile(configFile, undefined, {
    ...ts.sys,
    readFile(name) {
      read.add(name);
      return ts.sys.readFile(name);
    },
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  });
}

/** The paths may be in one of the projects that a solution's file refers to. */
function withReferences(parsed: ts.ParsedCommandLine, read: Set<string>): ts.CompilerOptions {
  const { options, fileNames, projectReferences } = parsed;
  if (fileNames.length > 0 || options.paths) return options;
  for (const { path } of projectReferences ?? []) {
    const file = path.endsWith('.json') ? path : join(path, 'tsconfig.json');
    const other = existsSync(file) ? parse(file, read) : undefined;
    if (other?.options.paths) return other.options;
  }
  return options;
}

/** What holds for cells whatever the project says: how the kernel compiles and loads them. */
function cellOptions({ target, lib, types }: ts.CompilerOptions): ts.CompilerOptions {
  const atLeast = ts.ScriptTarget.ES2022;
  return {
    target: target === undefined || target < atLeast ? atLeast : target,
    lib: [...new Set([...(lib ?? []), 'lib.es2023.d.ts', ...disposable])],
    types: types ?? [],
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ['node'],
    moduleDetection: ts.ModuleDetectionKind.Force,
    esModuleInterop: true,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    allowJs: true,
    checkJs: false,
    noEmit: true,
    skipLibCheck: true,
    ignoreDeprecations: '6.0',
    // Types vanish from what is exported, names of other cells may look unused, nothing is written.
    verbatimModuleSyntax: false,
    isolatedModules: false,
    isolatedDeclarations: false,
    erasableSyntaxOnly: false,
    noUnusedLocals: false,
    declaration: false,
    composite: false,
    incremental: false,
  };
}

/** `using` is lowered by the kernel. */
const disposable = ['lib.esnext.disposable.d.ts'];

function findNodeTypes(folder: string, options: ts.CompilerOptions): string | undefined {
  const from = join(folder, 'cell.ts');
  const found = ts.resolveTypeReferenceDirective('node', from, options, ts.sys);
  return found.resolvedTypeReferenceDirective?.resolvedFileName;
}
