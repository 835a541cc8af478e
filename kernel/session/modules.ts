/**
 * Modules for cells: the library itself, Node's own, packages from the notebook's folder upward (what
 * Node would find there, ECMAScript modules and CommonJS), and files beside the notebook.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';
import { isPath, MissingExportError, ModuleNotFoundError, packageName } from './moduleErrors.js';

/** Import attributes. */
export interface LoadOptions {
  with?: Record<string, string>;
}

type Namespace = Record<string, unknown>;

const libraryName = 'unroll';

export class Modules {
  /** Stands for the notebook in resolution; no such file needs to exist. */
  readonly #parent: string;
  readonly #require: NodeJS.Require;
  readonly meta: {
    url: string;
    dirname: string;
    filename: string;
    resolve: (specifier: string) => string;
  };

  constructor(
    private readonly folder: string,
    /** URL of the library's bundle. */
    private readonly libraryUrl: string,
  ) {
    const filename = join(folder, 'notebook.ipynb');
    this.#parent = pathToFileURL(filename).href;
    this.#require = createRequire(this.#parent);
    this.meta = {
      url: this.#parent,
      dirname: folder,
      filename,
      resolve: (specifier) => this.resolve(specifier),
    };
  }

  /** @throws {ModuleNotFoundError} */
  resolve(specifier: string): string {
    if (specifier === libraryName) return this.libraryUrl;
    if (isBuiltin(specifier)) {
      return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
    }
    if (specifier.startsWith('data:')) return specifier;
    const url = this.#resolveUrl(specifier);
    // The resolver takes a relative file at its word.
    if (url.startsWith('file:') && !existsSync(fileURLToPath(url))) {
      throw new ModuleNotFoundError(specifier, this.folder);
    }
    return url;
  }

  /** @throws {ModuleNotFoundError | MissingExportError} Or what the module itself throws. */
  async load(specifier: string, options: LoadOptions = {}, required: string[] = []) {
    const url = this.resolve(specifier);
    const namespace = await this.#import(url, options);
    const missing = required.find((name) => !(name in namespace));
    if (missing !== undefined) {
      throw new MissingExportError(specifier, missing, Object.keys(namespace));
    }
    return namespace;
  }

  /** `require` as a CommonJS file beside the notebook would have it. */
  get require(): NodeJS.Require {
    const load = (specifier: string): unknown => {
      try {
        return this.#require(specifier);
      } catch (error) {
        throw this.#isMissing(error, specifier)
          ? new ModuleNotFoundError(specifier, this.folder)
          : error;
      }
    };
    return Object.assign(load, this.#require);
  }

  #resolveUrl(specifier: string): string {
    try {
      return resolveImport(specifier, this.#parent);
    } catch (error) {
      throw this.#isMissing(error, specifier)
        ? new ModuleNotFoundError(specifier, this.folder)
        : error;
    }
  }

  async #import(url: string, options: LoadOptions): Promise<Namespace> {
    // JSON needs no attribute here, and is read anew each time.
    if (/^file:.*\.json$/.test(url) || (url.startsWith('file:') && options.with?.type === 'json')) {
      const value: unknown = JSON.parse(await readFile(fileURLToPath(url), 'utf8'));
      return { ...(typeof value === 'object' ? value : {}), default: value };
    }
    return (await import(url)) as Namespace;
  }

  /** Whether it is this very specifier that was not found, not one further in. */
  #isMissing(error: unknown, specifier: string): boolean {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (!isMissing || typeof message !== 'string') return false;
    const name = packageName(specifier);
    return message.includes(`'${specifier}'`) || message.includes(`'${name}'`) || isPath(specifier);
  }
}
