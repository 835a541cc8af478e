/**
 * Names that cells imported from files of the workspace follow their files: when one was loaded again,
 * they are assigned anew before the next cell runs, and the user is told.
 */
import { relative } from 'node:path';
import { runtimeName } from './compile/runtimeCall.js';
import type { FileModule } from './files/fileModule.js';
import { toErrorReport } from './errorReport.js';
import type { ImportedBinding, Modules } from './modules.js';
import type { StackFrames } from './stackFrames.js';

interface Parts {
  modules: Modules;
  frames: StackFrames;
  /** The notebook's folder. */
  folder: string;
  /** How a name is spelt in what runs. */
  spell: (name: string) => string;
  /** Shows a line below the cell that runs. */
  say: (text: string) => void;
}

export class ImportedNames {
  readonly #bindings = new Map<string, ImportedBinding>();
  #renewed = new Map<string, unknown>();

  constructor(private readonly parts: Parts) {}

  /** A cell declared these names, some of them by importing them. */
  add(declared: Iterable<string>, imported: ReadonlyMap<string, ImportedBinding>): void {
    for (const name of declared) this.#bindings.delete(name);
    for (const [name, binding] of imported) this.#bindings.set(name, binding);
  }

  /** The name is of nothing any more. */
  forget(name: string): void {
    this.#bindings.delete(name);
  }

  renewed(name: string): unknown {
    return this.#renewed.get(name);
  }

  /**
   * Loads again what changed.
   *
   * @param importing What the cell that is about to run imports itself, and hears of by its import.
   */
  async loadAgain(importing: ReadonlySet<string>): Promise<void> {
    const specifiers = new Set([...this.#bindings.values()].map(({ specifier }) => specifier));
    const failures = await this.parts.modules.loadAgain(specifiers);
    const heard = new Set([...importing].map((one) => this.parts.modules.fileOf(one)));
    const byReason = new Map<string, string[]>();
    for (const [path, error] of failures) {
      if (heard.has(path)) continue;
      const { stack } = toErrorReport(error, this.parts.frames);
      byReason.set(stack, [...(byReason.get(stack) ?? []), path]);
    }
    for (const [stack, paths] of byReason) {
      this.parts.say(`Not loaded again, so it stays what it was: ${this.#list(paths)}\n${stack}\n`);
    }
  }

  /**
   * A script that assigns the names of what was loaded again; undefined where there are none.
   *
   * @param declaring Names that the cell declares itself.
   */
  assignments(declaring: ReadonlyMap<string, unknown>): string | undefined {
    const again = this.parts.modules.takeAgain();
    if (again.size === 0) return undefined;
    this.#renewed = new Map();
    for (const [name, binding] of this.#bindings) {
      if (declaring.has(name)) continue;
      const file = this.parts.modules.renewed(binding, again);
      if (file) this.#renew(name, binding, file);
    }
    // A name of a cell that failed before its import was never bound, and needs no value.
    const lines = [...this.#renewed.keys()].map(
      (name) =>
        `try { ${this.parts.spell(name)} = ${runtimeName}.renewed(${JSON.stringify(name)}) } catch {}`,
    );
    return lines.length === 0 ? undefined : ['"use strict"', ...lines].join(';\n');
  }

  #renew(name: string, { exported }: ImportedBinding, { namespace, path }: FileModule): void {
    if (exported === '*') this.#renewed.set(name, namespace);
    else if (exported in namespace) this.#renewed.set(name, namespace[exported]);
    else {
      const what = exported === 'default' ? 'has no default export' : `exports no '${exported}'`;
      this.parts.say(`${this.#list([path])} ${what} any more, so ${name} stays what it was.\n`);
    }
  }

  /** Tells which files were loaded again. */
  readonly tell = (changed: string[], importers: string[]): void => {
    const why = importers.length === 0 ? '' : `, and with it ${this.#list(importers)}`;
    this.parts.say(`Loaded again, because it changed: ${this.#list(changed)}${why}\n`);
  };

  #list(paths: string[]): string {
    return paths.map((path) => relative(this.parts.folder, path)).join(', ');
  }
}
