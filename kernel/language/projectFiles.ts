/** Files on disk as the language service sees them: read once, and again when told that they changed. */
import { statSync } from 'node:fs';
import ts from 'typescript';

interface KnownFile {
  version: string;
  snapshot: ts.IScriptSnapshot | undefined;
}

export class ProjectFiles {
  readonly #known = new Map<string, KnownFile>();

  versionOf(fileName: string): string {
    return this.#get(fileName).version;
  }

  snapshotOf(fileName: string): ts.IScriptSnapshot | undefined {
    const known = this.#get(fileName);
    if (!known.snapshot) {
      const text = ts.sys.readFile(fileName);
      if (text !== undefined) known.snapshot = ts.ScriptSnapshot.fromString(text);
    }
    return known.snapshot;
  }

  /** Whether anybody asked for the file. */
  has(fileName: string): boolean {
    return this.#known.has(fileName);
  }

  forget(fileName: string): void {
    this.#known.delete(fileName);
  }

  #get(fileName: string): KnownFile {
    let known = this.#known.get(fileName);
    if (!known) {
      const time = statSync(fileName, { throwIfNoEntry: false })?.mtimeMs;
      known = { version: String(time), snapshot: undefined };
      this.#known.set(fileName, known);
    }
    return known;
  }
}
