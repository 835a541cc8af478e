/**
 * The `tsconfig.json` (or `jsconfig.json`) that a file of the workspace belongs to: the nearest one in its
 * folder or above, with what it extends. Read when first needed, and again when one of its files changed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type ts from 'typescript';
import { type FileStamp, hasChanged, stampOf } from './fileStamp.js';

export interface TsConfig {
  options: ts.CompilerOptions;
  /** The file itself and all that it extends. */
  files: string[];
  /** Pattern → absolute paths to try, in the order of the file. */
  paths: [pattern: string, targets: string[]][];
  /** Where names that are no paths are looked for first. */
  baseUrl: string | undefined;
}

interface Entry {
  config: TsConfig;
  stamps: Map<string, FileStamp>;
}

const names = ['tsconfig.json', 'jsconfig.json'];

/** A `tsconfig.json` that cannot be used. */
export class TsConfigError extends Error {
  override name = 'TsConfigError';

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
  }
}

export class TsConfigs {
  readonly #entries = new Map<string, Entry>();
  /** Folder → its config's file; kept for the time of one cell. */
  readonly #nearest = new Map<string, string | undefined>();

  constructor(private readonly typescript: () => typeof ts) {}

  /** @throws {TsConfigError} */
  of(folder: string): TsConfig | undefined {
    const file = this.#find(folder);
    if (file === undefined) return undefined;
    const known = this.#entries.get(file);
    if (known) return known.config;
    const config = readConfig(this.typescript(), file);
    const stamps = new Map(config.files.map((one) => [one, stampOf(one)]));
    this.#entries.set(file, { config, stamps });
    return config;
  }

  /** Forgets what is not true any more. @returns The files that changed. */
  refresh(): string[] {
    this.#nearest.clear();
    const changed: string[] = [];
    for (const [file, { stamps }] of this.#entries) {
      const found = [...stamps].filter(([one, stamp]) => hasChanged(stamp, stampOf(one)));
      if (found.length === 0) continue;
      this.#entries.delete(file);
      changed.push(...found.map(([one]) => one));
    }
    return changed;
  }

  #find(folder: string): string | undefined {
    const known = this.#nearest.get(folder);
    if (known !== undefined || this.#nearest.has(folder)) return known;
    const here = names.map((name) => join(folder, name)).find((file) => existsSync(file));
    const parent = dirname(folder);
    const found = here ?? (parent === folder ? undefined : this.#find(parent));
    this.#nearest.set(folder, found);
    return found;
  }
}

function readConfig(typescript: typeof ts, file: string): TsConfig {
  const source = typescript.readJsonConfigFile(file, (path) => readFileSync(path, 'utf8'));
  const host: ts.ParseConfigHost = {
    useCaseSensitiveFileNames: true,
    fileExists: existsSync,
    readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
    // Which files belong to the project does not matter here.
    readDirectory: () => [],
  };
  const parsed = typescript.parseJsonSourceFileConfigFileContent(source, host, dirname(file));
  const [problem] = [...syntaxProblems(source), ...parsed.errors.filter(isFatal)];
  if (problem) {
    throw new TsConfigError(
      file,
      typescript.flattenDiagnosticMessageText(problem.messageText, '\n'),
    );
  }
  const own: TsConfig = { ...mapping(parsed.options, file), files: [file, ...extended(source)] };
  if (own.paths.length > 0 || own.baseUrl !== undefined) return own;
  return withReferences(typescript, own, parsed.projectReferences ?? []);
}

/** The paths may be in one of the projects that a solution's file refers to. */
function withReferences(
  typescript: typeof ts,
  own: TsConfig,
  references: readonly ts.ProjectReference[],
): TsConfig {
  for (const { path } of references) {
    const file = path.endsWith('.json') ? path : join(path, 'tsconfig.json');
    if (!existsSync(file) || own.files.includes(file)) continue;
    const other = readConfig(typescript, file);
    if (other.paths.length > 0) return { ...other, files: [...own.files, ...other.files] };
  }
  return own;
}

function mapping(options: ts.CompilerOptions, file: string): Omit<TsConfig, 'files'> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- projects have it
  const { baseUrl, paths = {} } = options;
  // TypeScript notes here which of the files that extend each other has the paths.
  const { pathsBasePath } = options as { pathsBasePath?: unknown };
  const base = baseUrl ?? (typeof pathsBasePath === 'string' ? pathsBasePath : dirname(file));
  const absolute = (target: string) => (isAbsolute(target) ? target : resolve(base, target));
  return {
    options,
    baseUrl,
    paths: Object.entries(paths).map(([pattern, targets]) => [pattern, targets.map(absolute)]),
  };
}

/** A circle of `extends`. One that leads nowhere (to a package that is not installed, say) is passed over. */
function isFatal({ code }: ts.Diagnostic): boolean {
  return code === 18000;
}

function syntaxProblems(source: ts.TsConfigSourceFile): readonly ts.Diagnostic[] {
  return (source as unknown as { parseDiagnostics: ts.Diagnostic[] }).parseDiagnostics;
}

function extended(source: ts.TsConfigSourceFile): string[] {
  return source.extendedSourceFiles ?? [];
}
