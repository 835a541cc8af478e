/**
 * Files of the workspace as modules: compiled by the kernel, run once, and again when they changed.
 *
 * Loading goes as the language prescribes: all files of the graph are read and compiled first, then they
 * run in the order of their imports, each once. What is no such file (packages, Node's own modules) is
 * left to Node and never loaded again.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type ts from 'typescript';
import { fileMapComment } from '../debugging.js';
import { MissingExportError } from '../moduleErrors.js';
import {
  type CompiledFile,
  compileFile,
  FileSyntaxError,
  type FileToCompile,
} from './compileFile.js';
import { FileChanges } from './fileChanges.js';
import { isModulePackage } from './fileFormat.js';
import {
  createNamespace,
  type FileHost,
  type FileModule,
  instantiateCommonJs,
  instantiateModule,
  type Namespace,
} from './fileModule.js';
import type { FileScripts } from './fileScripts.js';
import { hashOf, stampOf } from './fileStamp.js';
import type { Target } from './resolveModule.js';
import type { TsConfig } from './tsconfigs.js';

export interface FileModulesOptions extends FileHost {
  typescript: () => typeof ts;
  scripts: FileScripts;
  resolve: (specifier: string, parent: string) => Target;
  configOf: (folder: string) => TsConfig | undefined;
  /** Modules that are Node's. */
  native: (url: string) => Promise<Namespace>;
  nativeNow: (url: string) => Namespace;
  /** Brackets work that must not be torn by an interrupt. */
  protect: <T>(work: () => T) => T;
  /** An error is of this place in a file. */
  blame: (error: Error, script: number, offset: number, length?: number) => void;
}

/** A file that waits at its top was asked for by `require`, which cannot wait. */
export class AsyncModuleError extends Error {
  override name = 'AsyncModuleError';
  readonly code = 'ERR_REQUIRE_ASYNC_MODULE';

  constructor(path: string) {
    super(`${path} has an \`await\` at its top, so it cannot be loaded by require(). Use import.`);
  }
}

/** In the order of their run. */
type Step = { file: FileModule } | { url: string };

export class FileModules {
  readonly changes: FileChanges;
  readonly #native = new Map<string, Namespace>();

  constructor(private readonly options: FileModulesOptions) {
    this.changes = new FileChanges();
  }

  /** Loads the file, and what it imports, where that is not done already. */
  async load(path: string): Promise<Namespace> {
    const steps = this.options.protect(() => this.#plan(path));
    for (const step of steps) {
      if ('url' in step) this.#native.set(step.url, await this.options.native(step.url));
      else await this.#run(step.file);
    }
    return this.#loaded(path).namespace;
  }

  /** The same for `require`: at once. @throws {AsyncModuleError} */
  loadNow(path: string): FileModule {
    const steps = this.options.protect(() => this.#plan(path));
    for (const step of steps) {
      if ('url' in step) {
        if (!this.#native.has(step.url)) {
          this.#native.set(step.url, this.options.nativeNow(step.url));
        }
      } else if (step.file.isAsync) throw new AsyncModuleError(step.file.path);
      else void this.#run(step.file);
    }
    return this.#loaded(path);
  }

  /** Another file is loaded while this one runs. */
  noteLate(parent: string, path: string): void {
    this.changes.get(parent)?.late.add(path);
  }

  #loaded(path: string): FileModule {
    const file = this.changes.get(path);
    if (!file) throw new Error(`${path} was given up while it was loaded.`);
    return file;
  }

  /** Everything that has not run yet, dependencies first. */
  #plan(root: string): Step[] {
    const steps: Step[] = [];
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      const file = this.#ensure(path);
      for (const { target } of file.dependencies) {
        if (target.kind === 'file') visit(target.path);
        else if (!seen.has(target.url)) {
          seen.add(target.url);
          steps.push({ url: target.url });
        }
      }
      if (file.state !== 'done') steps.push({ file });
    };
    visit(root);
    return steps;
  }

  #ensure(path: string): FileModule {
    const known = this.changes.get(path);
    if (known) return known;
    const file = path.endsWith('.json') ? this.#readJson(path) : this.#compile(path);
    this.changes.add(file);
    return file;
  }

  #compile(path: string): FileModule {
    const { options } = this;
    const folder = dirname(path);
    const config = options.configOf(folder);
    const stamp = stampOf(path);
    const text = readFileSync(path, 'utf8');
    const { script, url } = options.scripts.add(path, text);
    const compiled = this.#compileText({
      path,
      text,
      script,
      options: config?.options ?? {},
      isModulePackage: () => isModulePackage(folder),
    });
    options.scripts.setMap(script, compiled.map);
    const instantiate = compiled.format === 'esm' ? instantiateModule : instantiateCommonJs;
    const code = compiled.code + fileMapComment(compiled.map, path);
    const { specifiers, ...parts } = instantiate({ ...compiled, code }, url, path, options);
    return {
      path,
      stamp,
      hash: hashOf(text),
      configs: config?.files ?? [],
      dependencies: specifiers.map((specifier) => {
        const imported = compiled.imported.find((one) => one.specifier === specifier);
        return { specifier, target: this.#resolve(specifier, path, script, imported?.start) };
      }),
      late: new Set(),
      imported: compiled.imported.map((one) => ({ ...one, script })),
      state: 'new',
      ...parts,
    };
  }

  #compileText(file: FileToCompile): CompiledFile {
    try {
      return compileFile(this.options.typescript(), file);
    } catch (error) {
      if (error instanceof FileSyntaxError) {
        this.options.blame(error, error.script, error.start, error.length);
      }
      throw error;
    }
  }

  #resolve(specifier: string, path: string, script: number, start = 0): Target {
    try {
      return this.options.resolve(specifier, path);
    } catch (error) {
      this.options.blame(error as Error, script, start);
      throw error;
    }
  }

  #readJson(path: string): FileModule {
    const stamp = stampOf(path);
    const text = readFileSync(path, 'utf8');
    const value = parseJson(text, path);
    const named = typeof value === 'object' && !Array.isArray(value) ? value : {};
    return {
      path,
      stamp,
      hash: hashOf(text),
      configs: [],
      dependencies: [],
      late: new Set(),
      imported: [],
      namespace: createNamespace({ ...named, default: value }),
      link: () => undefined,
      execute: () => undefined,
      isAsync: false,
      state: 'done',
      commonJs: { exports: value },
    };
  }

  /** @returns What there is to wait for, if anything. */
  #run(file: FileModule): Promise<void> | undefined {
    if (file.state !== 'new') return file.running;
    file.dependencies.forEach(({ specifier, target }, index) => {
      const namespace =
        target.kind === 'file'
          ? this.changes.get(target.path)?.namespace
          : this.#native.get(target.url);
      if (!namespace) return;
      this.#checkNames(file, specifier, target, namespace);
      file.link(index, namespace);
    });
    file.state = 'running';
    let hasBegun = false;
    // Nothing is caught on its way, so that a debugger stops where it is thrown.
    try {
      const waiting = file.execute();
      hasBegun = true;
      if (!waiting) {
        this.#ran(file);
        return undefined;
      }
      file.running = waiting.then(
        () => this.#ran(file),
        (error: unknown) => {
          this.changes.drop(file);
          throw error;
        },
      );
      return file.running;
    } finally {
      // It is tried again when it is next imported.
      if (!hasBegun) this.changes.drop(file);
    }
  }

  #ran(file: FileModule): void {
    file.state = 'done';
    delete file.running;
    this.changes.loaded(file);
  }

  #checkNames(file: FileModule, specifier: string, target: Target, namespace: Namespace): void {
    // In a circle of imports, what comes later is not there yet.
    const isComplete = target.kind === 'native' || this.changes.get(target.path)?.state === 'done';
    if (!isComplete) return;
    const missing = file.imported.find(
      (one) => one.specifier === specifier && !(one.name in namespace),
    );
    if (!missing) return;
    const error = new MissingExportError(specifier, missing.name, Object.keys(namespace));
    this.options.blame(error, missing.script, missing.start);
    this.changes.drop(file);
    throw error;
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
