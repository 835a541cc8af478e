/** What the terminal shows of a run: the cells' own text, and below it, where there is a terminal, how far it is. */
import { stripAnsi } from '../notebook/ansi.js';

const refreshMs = 250;
const clearLine = '\r\u001b[2K';

export interface TextStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string | Uint8Array): unknown;
}

export class Terminal {
  #status: (() => string) | undefined;
  #isShown = false;
  /** The cells' text ended with its line: a status line may follow. */
  #isAtLineStart = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly streams: { stdout: TextStream; stderr: TextStream } = process,
    private readonly isQuiet = !streams.stderr.isTTY,
  ) {}

  write(name: 'stdout' | 'stderr', text: string | Uint8Array): void {
    if (text.length === 0) return;
    this.#clear();
    this.streams[name].write(text);
    const isTerminal = this.streams[name].isTTY === true;
    if (isTerminal)
      this.#isAtLineStart = typeof text === 'string' ? text.endsWith('\n') : text.at(-1) === 10;
  }

  line(name: 'stdout' | 'stderr', text: string): void {
    this.write(name, `${text}\n`);
  }

  /** A line that only a terminal sees. */
  notice(text: string): void {
    if (!this.isQuiet) this.line('stderr', text);
  }

  /** Stands at the bottom until the next one; asked for again and again. */
  status(text: (() => string) | undefined): void {
    this.#status = text;
    if (this.isQuiet) return;
    this.#clear();
    clearInterval(this.#timer);
    if (!text) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), refreshMs).unref();
  }

  #draw(): void {
    if (!this.#status || !this.#isAtLineStart) return;
    const width = (this.streams.stderr.columns ?? 80) - 1;
    const text = stripAnsi(this.#status()).replace(/\s+/g, ' ').slice(0, width);
    this.streams.stderr.write(clearLine + text);
    this.#isShown = true;
  }

  #clear(): void {
    if (this.#isShown) this.streams.stderr.write(clearLine);
    this.#isShown = false;
  }
}
