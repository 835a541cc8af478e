/**
 * The file that takes what a cell prints beyond its budget. Written synchronously: a printing loop never
 * yields, so whatever waited for the event loop would fill the memory.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Overflow } from '../contract/overflow.js';
import type { StreamEvent } from '../contract/protocol.js';
import { countLines } from './outputBudget.js';

/** Characters that are collected before they are written. */
const blockSize = 1 << 16;
/** A loop that prints for ever must not fill the disk. */
const maxBytes = 512 << 20;
const tailCharacters = 16_000;
const temporaryPrefix = 'unroll-output-';
const keptForMs = 7 * 24 * 3600_000;

/** Where a kernel's files go: the front end's choice, else a new temporary folder. */
export class OverflowFolder {
  #folder: string | undefined;
  #made = 0;

  constructor(private readonly chosen = process.env.UNROLL_OUTPUT_FOLDER) {}

  /** @returns The path of a file that is not there yet. */
  newFile(): string {
    this.#folder ??= this.#make();
    return join(this.#folder, `output-${String(++this.#made)}.txt`);
  }

  #make(): string {
    if (this.chosen !== undefined) {
      mkdirSync(this.chosen, { recursive: true });
      return this.chosen;
    }
    void removeOld();
    return mkdtempSync(join(tmpdir(), temporaryPrefix));
  }
}

/** Folders of kernels that ended long ago. */
async function removeOld(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const folders = names.filter((name) => name.startsWith(temporaryPrefix));
  const removals = folders.map(async (name) => {
    const folder = join(tmpdir(), name);
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > keptForMs) await rm(folder, { recursive: true });
  });
  // Those that belong to somebody else stay.
  await Promise.allSettled(removals);
}

export class OverflowFile {
  /** Why text is not kept any more. */
  failure: string | undefined;
  path = '';
  lines = 0;
  /** Written or not. */
  bytes = 0;
  #written = 0;
  #waiting: string[] = [];
  #waitingLength = 0;
  #fd: number | undefined;
  #pieces: Overflow['pieces'] = [];
  #piecesStart = 0;
  #tail: string[] = [];
  #tailLength = 0;

  /** @param head What the cell has shown already: the file holds all that it printed. */
  constructor(
    folder: OverflowFolder,
    head: readonly string[],
    private readonly limit = maxBytes,
  ) {
    try {
      this.path = folder.newFile();
    } catch (error) {
      this.failure = reasonOf(error);
    }
    for (const text of head) this.#keep(text);
    this.#piecesStart = this.bytes;
  }

  write(name: StreamEvent['name'], text: string): void {
    this.lines += countLines(text);
    this.#addToTail(text);
    const last = this.#pieces.at(-1);
    const bytes = this.#keep(text);
    if (this.failure !== undefined) return;
    if (last?.[0] === name) last[1] += bytes;
    else this.#pieces.push([name, bytes]);
  }

  /** What was written since the last call; it is in the file then. */
  takeWritten(): Overflow {
    this.#writeBlock();
    const start = this.#piecesStart;
    const pieces = this.failure === undefined ? this.#pieces : [];
    this.#pieces = [];
    this.#piecesStart = this.bytes;
    return { file: this.path, start, pieces };
  }

  /** The last of it, whole lines. */
  tail(lines: number): string {
    const text = this.#tail.join('').slice(-tailCharacters);
    // What was cut begins inside a line, unless that line is all there is.
    const next = text.length === tailCharacters ? text.indexOf('\n') + 1 : 0;
    const from = next < text.length ? next : 0;
    return text
      .slice(from)
      .split('\n')
      .slice(-lines - 1)
      .join('\n');
  }

  startNewTail(): void {
    this.#tail = [];
    this.#tailLength = 0;
  }

  /** It can be written to again. */
  close(): void {
    this.#writeBlock();
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      if (fd !== undefined) closeSync(fd);
    } catch (error) {
      // Some file systems say only here that they are full.
      this.failure ??= reasonOf(error);
    }
  }

  #addToTail(text: string): void {
    const kept = text.slice(-tailCharacters);
    this.#tail.push(kept);
    this.#tailLength += kept.length;
    if (this.#tailLength < 4 * tailCharacters) return;
    const joined = this.#tail.join('').slice(-tailCharacters);
    this.#tail = [joined];
    this.#tailLength = joined.length;
  }

  #keep(text: string): number {
    const bytes = Buffer.byteLength(text);
    this.bytes += bytes;
    if (this.failure !== undefined) return bytes;
    this.#waiting.push(text);
    this.#waitingLength += text.length;
    if (this.#waitingLength >= blockSize) this.#writeBlock();
    return bytes;
  }

  #writeBlock(): void {
    const block = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingLength = 0;
    if (this.failure !== undefined || block.length === 0) return;
    try {
      this.#fd ??= openSync(this.path, this.#written === 0 ? 'w' : 'a');
      for (let at = 0; at < block.length;) at += writeSync(this.#fd, block, at);
      this.#written += block.length;
      if (this.#written > this.limit)
        this.failure = `the limit of ${this.limit / 2 ** 20} MiB was reached`;
    } catch (error) {
      this.failure = reasonOf(error);
    }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
