/** One notebook's language service: its cells' modules, the project's files, and what ships with the extension. */
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { type CellModule, CellModules, isCellFile } from './cellModules.js';
import { dependencyProgram, forgetDependencyPrograms } from './dependencyProgram.js';
import { type NotebookProject, readProject, type ShippedTypes } from './notebookProject.js';
import { ProjectFiles } from './projectFiles.js';

/** Files that all notebooks share are parsed once. */
const documents = ts.createDocumentRegistry(ts.sys.useCaseSensitiveFileNames);

/** How the declaration of the module `unroll` names the file with its declarations. */
const unrollTypesModule = 'unroll:types';
const unrollModule = `declare module 'unroll' { export * from '${unrollTypesModule}'; }\n`;

export interface FileChange {
  /** With forward slashes, as TypeScript has them. */
  fileName: string;
  /** It came or went: imports may be found elsewhere now. */
  isNewOrGone: boolean;
}

const isOfPackages = (fileName: string) => /package\.json$|lock/.test(fileName);

export class NotebookProgram {
  readonly cells: CellModules;
  readonly service: ts.LanguageService;
  /** The file that declares the module `unroll`; there is none of this name. */
  readonly #unrollFile: string;
  readonly #files = new ProjectFiles();
  #project: NotebookProject;
  #resolutions: ts.ModuleResolutionCache;
  /** Counts what changed besides the cells. */
  #generation = 0;
  #dependencies: ts.Program | undefined;
  #isPrepared = false;
  /** Modules may be found elsewhere than before. */
  #hasMoved = false;

  /** @param folder The notebook's, or what stands for it where it has none yet. */
  constructor(
    readonly folder: string,
    private readonly shipped: ShippedTypes,
  ) {
    this.cells = new CellModules(folder);
    this.#unrollFile = join(folder, 'unroll-module.d.ts').replaceAll('\\', '/');
    this.#project = readProject(folder, shipped);
    this.#resolutions = this.#createResolutions();
    this.service = ts.createLanguageService(this.#createHost(), documents);
  }

  get options(): ts.CompilerOptions {
    return this.#project.options;
  }

  /** Files that no import names: the module `unroll` has what they export. */
  get notImported(): string[] {
    return [`${dirname(this.shipped.unrollTypes).replaceAll('\\', '/')}/**`];
  }

  /** Whether the file came with the extension, or is TypeScript's own. */
  isShipped(fileName: string): boolean {
    const { libFolder, typesFolder, unrollTypes } = this.shipped;
    const folders = [libFolder, typesFolder, dirname(unrollTypes)];
    return folders.some((one) => fileName.startsWith(`${one.replaceAll('\\', '/')}/`));
  }

  /** @returns The cells whose meaning may be another now: those that changed and those behind them. */
  update(texts: readonly TextDocument[]): CellModule[] {
    const [first] = this.cells.update(texts);
    return first ? this.cells.all.slice(this.cells.all.indexOf(first)) : [];
  }

  /**
   * Files of the workspace changed, came or went.
   * @returns Whether that can mean anything to this notebook: a file that it does not read may change as it likes.
   */
  filesChanged(changes: readonly FileChange[]): boolean {
    const relevant = changes.filter((one) => this.#concerns(one));
    if (relevant.length === 0) return false;
    for (const { fileName } of relevant) this.#files.forget(fileName);
    this.#generation++;
    if (relevant.some(({ fileName }) => isOfPackages(fileName))) {
      forgetDependencyPrograms();
      this.#isPrepared = false;
    }
    this.#project = readProject(this.folder, this.shipped);
    this.#resolutions = this.#createResolutions();
    // Looks at every import again, this once.
    this.#hasMoved = true;
    this.service.getProgram();
    this.#hasMoved = false;
    return true;
  }

  #concerns({ fileName, isNewOrGone }: FileChange): boolean {
    const isRead = this.#files.has(fileName) || this.#project.configFiles.has(fileName);
    return isNewOrGone || isRead || isOfPackages(fileName);
  }

  /** Gives back the memory of what can be found out again, until it is asked the next time. */
  rest(): void {
    this.service.cleanupSemanticCache();
    // Or the service would take the program that it no longer has for the newest.
    this.#generation++;
  }

  /** Reads the packages that the project depends on, where it has not: takes a moment. */
  prepareImports(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    this.#dependencies = dependencyProgram(this.folder, this.options);
  }

  dispose(): void {
    this.service.dispose();
  }

  /** The file as it is in the program now. */
  sourceFile(fileName: string): ts.SourceFile | undefined {
    return this.service.getProgram()?.getSourceFile(fileName);
  }

  #createResolutions(): ts.ModuleResolutionCache {
    const asIs = (name: string) => name;
    return ts.createModuleResolutionCache(this.folder, asIs, this.#project.options);
  }

  #createHost(): ts.LanguageServiceHost {
    const host: ts.LanguageServiceHost = {
      getCompilationSettings: () => this.#project.options,
      getProjectVersion: () => `${this.#generation}.${this.cells.version}`,
      getScriptFileNames: () => [
        // Sorted: cells that are moved leave the program as it is.
        ...this.cells.all.map(({ fileName }) => fileName).sort(),
        this.#unrollFile,
        ...this.#project.rootFiles,
      ],
      getScriptVersion: (name) => this.#versionOf(name),
      getScriptSnapshot: (name) => this.#snapshotOf(name),
      getCurrentDirectory: () => this.folder,
      getDefaultLibFileName: (options) =>
        join(this.shipped.libFolder, ts.getDefaultLibFileName(options)),
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      fileExists: (name) => this.#isOurs(name) || ts.sys.fileExists(name),
      readFile: (name) => this.#textOf(name) ?? ts.sys.readFile(name),
      readDirectory: (...query) => ts.sys.readDirectory(...query),
      directoryExists: (name) => ts.sys.directoryExists(name),
      getDirectories: (name) => ts.sys.getDirectories(name),
      ...(ts.sys.realpath ? { realpath: ts.sys.realpath.bind(ts.sys) } : {}),
      resolveModuleNameLiterals: (literals, containingFile) =>
        literals.map(({ text }) => this.#resolve(text, containingFile)),
    };
    // Not in the host's public type: what changed besides texts, and what could be imported.
    return Object.assign(host, {
      hasInvalidatedResolutions: () => this.#hasMoved,
      getPackageJsonAutoImportProvider: () => this.#dependencies,
    });
  }

  #isOurs(name: string): boolean {
    return name === this.#unrollFile || this.cells.ofFile(name) !== undefined;
  }

  #textOf(name: string): string | undefined {
    return name === this.#unrollFile ? unrollModule : this.cells.ofFile(name)?.text;
  }

  #versionOf(name: string): string {
    if (name === this.#unrollFile) return '1';
    return this.cells.ofFile(name)?.version.toString() ?? this.#files.versionOf(name);
  }

  #snapshotOf(name: string): ts.IScriptSnapshot | undefined {
    const text = this.#textOf(name);
    if (text !== undefined) return ts.ScriptSnapshot.fromString(text);
    // A cell that is gone.
    return isCellFile(name) ? undefined : this.#files.snapshotOf(name);
  }

  #resolve(name: string, containingFile: string): ts.ResolvedModuleWithFailedLookupLocations {
    const known = this.#resolveOurs(name, containingFile);
    if (known !== undefined) {
      const extension = known.endsWith('.d.ts') ? ts.Extension.Dts : ts.Extension.Ts;
      return { resolvedModule: { resolvedFileName: known, extension } };
    }
    const { options } = this.#project;
    return ts.resolveModuleName(name, containingFile, options, ts.sys, this.#resolutions);
  }

  #resolveOurs(name: string, containingFile: string): string | undefined {
    if (name === unrollTypesModule) return this.shipped.unrollTypes;
    const cell = `${this.folder.replaceAll('\\', '/')}/${name.slice('./'.length)}.ts`;
    if (isCellFile(cell) && this.cells.ofFile(cell)) return cell;
    const { typesFolder } = this.shipped;
    if (name === 'undici-types' && containingFile.startsWith(typesFolder.replaceAll('\\', '/'))) {
      return join(typesFolder, 'undici-types', 'index.d.ts').replaceAll('\\', '/');
    }
    return undefined;
  }
}
