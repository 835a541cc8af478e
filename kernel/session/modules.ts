/**
 * Modules for cells: the library itself, Node's own, packages from the notebook's folder upward (what
 * Node would find there, ECMAScript modules and CommonJS), and files of the workspace (`files/`).
 */
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type ts from 'typescript';
import { type FileModule, type Namespace, toNamespace } from './files/fileModule.js';
import { FileModules } from './files/fileModules.js';
import type { FileScripts } from './files/fileScripts.js';
import {
  dataFile,
  existingFile,
  isDataFile,
  resolveModule,
  type Target,
  toTarget,
} from './files/resolveModule.js';
import { TsConfigs } from './files/tsconfigs.js';
import { importNative, type LoadOptions, requireNative } from './nativeModules.js';
import { isMissing, isPath, MissingExportError, ModuleNotFoundError } from './moduleErrors.js';

export interface Meta {
  url: string;
  dirname: string;
  filename: string;
  resolve: (specifier: string) => string;
}

export interface ModulesOptions {
  /** The notebook's. */
  folder: string;
  /** URL of the library's bundle. */
  libraryUrl: string;
  typescript: () => typeof ts;
  scripts: FileScripts;
  protect: <T>(work: () => T) => T;
  blame: (error: Error, script: number, offset: number, length?: number) => void;
  /** Files were loaded again: those that changed, and those that import them. */
  loadedAgain: (changed: string[], importers: string[]) => void;
}

/** A name that a cell imported, and from where. */
export interface ImportedBinding {
  specifier: string;
  /** The name there; `*` for the module itself. */
  exported: string;
}

export class Modules {
  /** Stands for the notebook in resolution; no such file needs to exist. */
  readonly #notebook: string;
  readonly #configs: TsConfigs;
  readonly #files: FileModules;
  /** Loaded again, and not asked for yet. */
  #again = new Set<string>();
  readonly meta: Meta;
  readonly require: NodeJS.Require;

  constructor(private readonly options: ModulesOptions) {
    this.#notebook = join(options.folder, 'notebook.ipynb');
    this.#configs = new TsConfigs(options.typescript);
    this.meta = this.#metaOf(this.#notebook);
    this.require = this.#requireOf(this.#notebook);
    this.#files = new FileModules({
      ...options,
      resolve: (specifier, parent) => this.#resolve(specifier, parent),
      configOf: (folder) => this.#configs.of(folder),
      native: (url) => importNative(url, {}),
      nativeNow: (url) => toNamespace(requireNative(url)),
      meta: (path) => this.#metaOf(path),
      import: (specifier, parent, given) => {
        return this.#import(specifier, parent, given ?? {});
      },
      require: (specifier, parent) => this.#requireFrom(specifier, parent),
    });
  }

  /** @throws {ModuleNotFoundError | MissingExportError} Or what the module itself throws. */
  async load(specifier: string, options: LoadOptions = {}, required: string[] = []) {
    const namespace = await this.#import(specifier, this.#notebook, options);
    this.#tell();
    const missing = required.find((name) => !(name in namespace));
    if (missing !== undefined) {
      throw new MissingExportError(specifier, missing, Object.keys(namespace));
    }
    return namespace;
  }

  /** Notices which files changed since they were loaded. @returns Whether names may be out of date. */
  notice(): boolean {
    return this.#files.changes.giveUpChanged(this.#configs.refresh()) || this.#again.size > 0;
  }

  /**
   * Loads again what changed, as far as cells hold names of it.
   *
   * @returns Why some could not be, by path.
   */
  async loadAgain(specifiers: Iterable<string>): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>();
    const paths = new Set([...specifiers].map((specifier) => this.fileOf(specifier)));
    for (const path of paths) {
      if (path === undefined) continue;
      try {
        await this.#files.load(path);
      } catch (error) {
        failures.set(path, error);
      }
    }
    this.#tell();
    this.#files.changes.restore();
    return failures;
  }

  /** Paths of what was loaded again since the last call. */
  takeAgain(): ReadonlySet<string> {
    const taken = this.#again;
    this.#again = new Set();
    return taken;
  }

  /** What the file has now that a name was imported from; undefined where it was not loaded again. */
  renewed({ specifier }: ImportedBinding, again: ReadonlySet<string>): FileModule | undefined {
    const path = this.fileOf(specifier);
    return path !== undefined && again.has(path) ? this.#files.changes.get(path) : undefined;
  }

  /** What was under way when the user stopped the cell is begun anew when it is next imported. */
  stopped(): void {
    this.#files.changes.giveUpUnfinished();
  }

  #tell(): void {
    const { changed, importers } = this.#files.changes.takeAgain();
    for (const path of [...changed, ...importers]) this.#again.add(path);
    if (changed.length > 0) this.options.loadedAgain(changed, importers);
  }

  /** The file of the workspace that an import of a cell means. */
  fileOf(specifier: string): string | undefined {
    try {
      const target = this.#resolve(specifier, this.#notebook);
      return target.kind === 'file' ? target.path : undefined;
    } catch {
      // It was found before, so what cells have of it stays; a cell that imports it hears why.
      return undefined;
    }
  }

  async #import(specifier: string, parent: string, options: LoadOptions): Promise<Namespace> {
    const target = this.#resolve(specifier, parent);
    if (target.kind === 'native') return await importNative(target.url, options);
    if (parent !== this.#notebook) {
      this.#files.noteLate(parent, target.path);
      return await this.#files.load(target.path);
    }
    this.#files.changes.retry(target.path);
    let isLoaded = false;
    // Nothing is caught on its way, so that a debugger stops where it is thrown.
    try {
      const namespace = await this.#files.load(target.path);
      isLoaded = true;
      return namespace;
    } finally {
      if (!isLoaded) this.#files.changes.restore();
    }
  }

  #resolve(specifier: string, parent: string): Target {
    return resolveModule(specifier, parent, {
      libraryUrl: this.options.libraryUrl,
      configOf: (folder) => this.#configs.of(folder),
    });
  }

  #metaOf(filename: string): Meta {
    return {
      url: pathToFileURL(filename).href,
      dirname: dirname(filename),
      filename,
      resolve: (specifier) => {
        const target = this.#resolve(specifier, filename);
        return target.kind === 'file' ? pathToFileURL(target.path).href : target.url;
      },
    };
  }

  /** `require` as a CommonJS file beside the notebook would have it. */
  #requireOf(parent: string): NodeJS.Require {
    const load = (specifier: string): unknown => this.#requireFrom(specifier, parent);
    const native = createRequire(parent);
    const resolve = (specifier: string, options?: NodeJS.RequireResolveOptions): string =>
      isDataFile(specifier)
        ? dataFile(specifier, this.options.libraryUrl)
        : native.resolve(specifier, options);
    return Object.assign(load, native, { resolve: Object.assign(resolve, native.resolve) });
  }

  #requireFrom(specifier: string, parent: string): unknown {
    const target = this.#resolveRequired(specifier, parent);
    if (target.kind === 'native') return requireNative(target.url);
    if (parent !== this.#notebook) this.#files.noteLate(parent, target.path);
    const file =
      parent === this.#notebook ? this.#loadNow(target.path) : this.#files.loadNow(target.path);
    return file.commonJs ? file.commonJs.exports : file.namespace;
  }

  #loadNow(path: string): FileModule {
    this.#files.changes.retry(path);
    try {
      const file = this.#files.loadNow(path);
      this.#tell();
      return file;
    } catch (error) {
      this.#files.changes.restore();
      throw error;
    }
  }

  /** Packages may offer another file to `require` than to `import`. */
  #resolveRequired(specifier: string, parent: string): Target {
    const isName = !isPath(specifier) && !isBuiltin(specifier) && specifier !== 'unroll';
    if (!isName) return this.#resolve(specifier, parent);
    try {
      const path = createRequire(parent).resolve(specifier);
      return toTarget(existingFile(path) ?? path);
    } catch (error) {
      if (!isMissing(error, specifier)) throw error;
      // It may be one of `tsconfig.json`'s.
      const target = this.#resolve(specifier, parent);
      if (target.kind === 'file') return target;
      throw new ModuleNotFoundError(specifier, dirname(parent));
    }
  }
}
