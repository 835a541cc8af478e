/**
 * The files that are loaded, and what becomes of them when they change: a changed file and all that import
 * it are given up, so that the next load reads them again. What they were is kept until that works.
 */
import { readFileSync } from 'node:fs';
import type { FileModule } from './fileModule.js';
import { hasChanged, hashOf, isThere, stampOf } from './fileStamp.js';

export class FileChanges {
  readonly #files = new Map<string, FileModule>();
  /** Given up, and not loaded again yet. */
  readonly #earlier = new Map<string, FileModule>();
  /** Loaded again, and not told yet. */
  #again = new Set<string>();
  /** Of those, the ones whose text is another. */
  readonly #changed = new Set<string>();

  get(path: string): FileModule | undefined {
    return this.#files.get(path);
  }

  add(file: FileModule): void {
    this.#files.set(file.path, file);
    // Data runs nothing: it is there as soon as it is read.
    if (file.state === 'done') this.loaded(file);
  }

  /** It failed: the next load tries again. */
  drop(file: FileModule): void {
    if (this.#files.get(file.path) === file) this.#files.delete(file.path);
  }

  /** It ran to its end. */
  loaded({ path }: FileModule): void {
    if (this.#earlier.delete(path)) this.#again.add(path);
  }

  /**
   * Gives up what changed since it was loaded.
   *
   * @param configs The `tsconfig.json`s that changed.
   * @returns Whether anything did.
   */
  giveUpChanged(configs: readonly string[]): boolean {
    const changed = [...this.#files.values()].filter(
      (file) => this.#isChanged(file) || file.configs.some((one) => configs.includes(one)),
    );
    for (const { path } of changed) this.#changed.add(path);
    this.#giveUp(changed.map(({ path }) => path));
    return changed.length > 0;
  }

  /** What never came to its end (it was stopped, or waits for ever) is not waited for again. */
  giveUpUnfinished(): void {
    const stuck = [...this.#files.values()].filter((file) => file.state !== 'done');
    for (const file of stuck) this.drop(file);
  }

  /** What could not be loaded again stays what it was, until it is imported or changes once more. */
  restore(): void {
    for (const [path, file] of this.#earlier) {
      if (!this.#files.has(path)) this.#files.set(path, { ...file, stamp: stampOf(path) });
    }
  }

  /** A cell imports the file: where it could not be loaded again before, the cell is to hear why. */
  retry(path: string): void {
    if (this.#earlier.has(path)) this.#giveUp([...this.#earlier.keys()]);
  }

  /** What was loaded again since the last call: those that changed, and those that import them. */
  takeAgain(): { changed: string[]; importers: string[] } {
    const again = [...this.#again];
    this.#again = new Set();
    const changed = again.filter((path) => this.#changed.has(path));
    for (const path of changed) this.#changed.delete(path);
    return { changed, importers: again.filter((path) => !changed.includes(path)) };
  }

  #isChanged(file: FileModule): boolean {
    const stamp = stampOf(file.path);
    // A file that is gone stays what it was: an editor may be about to replace it.
    if (!isThere(stamp) || !hasChanged(file.stamp, stamp)) return false;
    if (hashOf(readFileSync(file.path, 'utf8')) !== file.hash) return true;
    file.stamp = stamp;
    return false;
  }

  /** These and, over any number of imports, those that import them. */
  #giveUp(paths: string[]): void {
    const waiting = [...paths];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const file = this.#files.get(path);
      if (!file) continue;
      this.#files.delete(path);
      this.#earlier.set(path, file);
      for (const other of this.#files.values()) if (imports(other, path)) waiting.push(other.path);
    }
  }
}

function imports({ dependencies, late }: FileModule, path: string): boolean {
  if (late.has(path)) return true;
  return dependencies.some(({ target }) => target.kind === 'file' && target.path === path);
}
