/** Compiled files of the workspace: from positions in what V8 runs to positions in the file. */
import { pathToFileURL } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { rangeAt, type TextRange } from '../textRange.js';

export interface FilePosition extends TextRange {
  /** Path. */
  file: string;
  /** The file as it was when it was compiled. */
  text: string;
}

interface FileScript {
  path: string;
  text: string;
  /** As text until it is first needed: most files never fail. */
  map?: string | TraceMap;
}

/** Of one file: functions of those before have run for so long that their lines are not known any more. */
const keptVersions = 20;

export class FileScripts {
  /** Numbers below zero, so that they are no cell's. */
  readonly #scripts = new Map<number, FileScript>();
  readonly #byUrl = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  #count = 0;

  /** @returns The script's number, and its name in stack traces. */
  add(path: string, text: string): { script: number; url: string } {
    const script = -++this.#count;
    const version = (this.#versions.get(path) ?? 0) + 1;
    this.#versions.set(path, version);
    const { href } = pathToFileURL(path);
    // Functions of an earlier version may still run: their lines are those of the earlier text.
    const url = urlOf(href, version);
    this.#forget(urlOf(href, version - keptVersions));
    this.#scripts.set(script, { path, text });
    this.#byUrl.set(url, script);
    return { script, url };
  }

  #forget(url: string): void {
    const script = this.#byUrl.get(url);
    if (script === undefined) return;
    this.#byUrl.delete(url);
    this.#scripts.delete(script);
  }

  setMap(script: number, map: string): void {
    const known = this.#scripts.get(script);
    if (known) known.map = map;
  }

  /** Line and column (from 1) of generated code → the file's; undefined where it is no such file. */
  locate(url: string, line: number, column: number): FilePosition | undefined {
    const script = this.#scripts.get(this.#byUrl.get(url) ?? 0);
    if (!script?.map) return undefined;
    if (typeof script.map === 'string') script.map = new TraceMap(script.map);
    const original = originalPositionFor(script.map, { line, column: column - 1 });
    const { path: file, text } = script;
    return { file, text, line: original.line ?? 1, column: (original.column ?? 0) + 1 };
  }

  /** An offset in the file, as compiled calls carry it. */
  locateOffset(number: number, offset: number, length = 0): FilePosition | undefined {
    const script = this.#scripts.get(number);
    if (!script) return undefined;
    const { path: file, text } = script;
    return { file, text, ...rangeAt(text, offset, length) };
  }
}

function urlOf(href: string, version: number): string {
  return version === 1 ? href : `${href}?${String(version)}`;
}
