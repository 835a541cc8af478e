/** Progress bars: `for (const batch of progress(batches)) …`, and by hand. */
import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { now } from '../rnn/train/platform.js';
import { notebookHost, type NotebookHost } from './host.js';
import { progressHtml, progressText, type ProgressState } from './progressView.js';

/** Options of `progress`. */
export interface ProgressOptions {
  /** Stands before the bar. */
  label?: string;
  /** How many there will be, where the items don't say. */
  total?: number;
  /** What is counted, `it` by default. */
  unit?: string;
}

type Items<T> = Iterable<T> | AsyncIterable<T>;

const drawEveryMs = 100;
const printEveryMs = 10_000;
/** Weight of the newest measurement of the rate. */
const smoothing = 0.3;

/**
 * Shows how far a loop is, with its rate and the time that is left. Bars inside one another share one output.
 *
 * Runs over the items, synchronous or not; over `0 … n-1` where a number is given. By hand:
 * `const bar = progress(100); bar.tick(); bar.finish()`.
 *
 * @throws OptionError for something that cannot be run over, and for options it does not know
 */
export function progress(total: number, options?: ProgressOptions): Progress<number>;
export function progress<T>(items: Items<T>, options?: ProgressOptions): Progress<T>;
export function progress(
  items: number | Items<unknown>,
  options: ProgressOptions = {},
): Progress<unknown> {
  const text = (value: unknown) => (typeof value === 'string' ? undefined : 'a text');
  checkOptions('progress', options, {
    label: optional(text),
    total: optional(is.nonNegative),
    unit: optional(text),
  });
  if (typeof items === 'number') {
    if (!Number.isInteger(items) || items < 0)
      throw new OptionError(`progress: expected a number of steps, zero or more, got ${items}`);
    return new Progress(range(items), { total: items, ...options });
  }
  if (!isIterable(items))
    throw new OptionError(
      `progress: expected a number or something to run over, got ${(items as unknown) === null ? 'null' : typeof items}`,
    );
  const total = options.total ?? sizeOf(items);
  return new Progress(items, { ...options, ...(total === undefined ? {} : { total }) });
}

function* range(end: number): Iterable<number> {
  for (let i = 0; i < end; i++) yield i;
}

function isIterable(items: unknown): items is object {
  if (items === null || items === undefined) return false;
  return Symbol.iterator in Object(items) || Symbol.asyncIterator in Object(items);
}

/** Arrays, Maps and Sets say how many there are. */
function sizeOf(items: object): number | undefined {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return [length, size].find((count) => typeof count === 'number');
}

/** What `progress` gives: the items to loop over, with a bar that counts them. */
export class Progress<T> implements Iterable<T>, AsyncIterable<T> {
  /** Stands before the bar; may be changed while it runs. */
  label: string;
  readonly total: number | undefined;
  readonly #unit: string;
  readonly #board: Board | undefined;
  #done = 0;
  #status: ProgressState['status'] = 'running';
  #startedAt: number | undefined;
  #measured = { at: 0, done: 0 };
  #rate: number | undefined;
  #endedAt: number | undefined;

  /** @param items What it runs over. */
  constructor(
    private readonly items: Items<T>,
    { label = '', total, unit = 'it' }: ProgressOptions = {},
  ) {
    this.label = label;
    this.total = total;
    this.#unit = unit;
    this.#board = boardOf(notebookHost());
  }

  get done(): number {
    return this.#done;
  }

  get status(): ProgressState['status'] {
    return this.#status;
  }

  /** So many more are done. */
  tick(steps = 1): void {
    this.update(this.#done + steps);
  }

  /** So many are done. */
  update(done: number): void {
    this.#start();
    this.#done = done;
    this.#board?.drawSoon(this);
  }

  /** The bar stays as it is: full, or `stopped` where the end was not reached. */
  finish(status: 'done' | 'stopped' = 'done'): void {
    if (this.#status !== 'running') return;
    this.#start();
    this.#measure();
    this.#endedAt = now();
    this.#status = status;
    const seconds = (this.#endedAt - this.#startedAt!) / 1000;
    // At the end the rate is that of the whole.
    this.#rate = seconds > 0 ? this.#done / seconds : undefined;
    this.#board?.finish(this);
  }

  *[Symbol.iterator](): Iterator<T> {
    if (!(Symbol.iterator in Object(this.items)))
      throw new OptionError(
        'progress: these items come one after the other in time; run over them with for await',
      );
    this.#start();
    let isThrough = false;
    try {
      for (const item of this.items as Iterable<T>) {
        yield item;
        this.tick();
      }
      isThrough = true;
    } finally {
      this.finish(isThrough ? 'done' : 'stopped');
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    this.#start();
    let isThrough = false;
    try {
      for await (const item of this.items) {
        yield item;
        this.tick();
      }
      isThrough = true;
    } finally {
      this.finish(isThrough ? 'done' : 'stopped');
    }
  }

  /** How it stands now. */
  state(): ProgressState {
    this.#measure();
    const { label, total } = this;
    const elapsedMs = (this.#endedAt ?? now()) - (this.#startedAt ?? now());
    const [done, unit, rate, status] = [this.#done, this.#unit, this.#rate, this.#status];
    return { label, done, total, unit, elapsedMs, rate, status };
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return progressText([this.state()]);
  }

  /** How VS Code's debugger shows it. */
  [Symbol.for('debug.description')](): string {
    const { done, total, label } = this;
    return `Progress ${label} ${done}${total === undefined ? '' : ` of ${total}`}`;
  }

  #start(): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = now();
    this.#measured.at = this.#startedAt;
    this.#board?.add(this);
  }

  /** Exponential moving average of the rate between two looks. */
  #measure(): void {
    if (this.#status !== 'running') return;
    const seconds = (now() - this.#measured.at) / 1000;
    const steps = this.#done - this.#measured.done;
    if (steps <= 0 || seconds <= 0) return;
    const newest = steps / seconds;
    this.#rate =
      this.#rate === undefined ? newest : smoothing * newest + (1 - smoothing) * this.#rate;
    this.#measured = { at: now(), done: this.#done };
  }
}

/** Where a cell's bars stand: those that run inside one another in one output. */
interface Board {
  add(bar: Progress<unknown>): void;
  drawSoon(bar: Progress<unknown>): void;
  finish(bar: Progress<unknown>): void;
}

class NotebookBoard implements Board {
  #bars: Progress<unknown>[] = [];
  #drawnAt = -Infinity;

  constructor(
    private readonly host: NotebookHost,
    private readonly displayId: string,
    private readonly ended: () => void,
  ) {}

  add(bar: Progress<unknown>): void {
    // An inner bar takes the place of the one before it.
    this.#bars = this.#bars.filter(({ status }) => status === 'running');
    this.#bars.push(bar);
    this.#draw();
  }

  drawSoon(): void {
    if (now() - this.#drawnAt >= drawEveryMs) this.#draw();
  }

  finish(bar: Progress<unknown>): void {
    const isOutermost = bar === this.#bars[0];
    if (isOutermost)
      this.#bars = this.#bars.filter(({ status }, i) => i === 0 || status === 'running');
    if (isOutermost || now() - this.#drawnAt >= drawEveryMs) this.#draw();
    if (this.#bars.every(({ status }) => status !== 'running')) this.ended();
  }

  #draw(): void {
    this.#drawnAt = now();
    const states = this.#bars.map((bar) => bar.state());
    this.host.display(
      { 'text/html': progressHtml(states), 'text/plain': progressText(states) },
      { displayId: this.displayId },
    );
  }
}

const boards = new Map<string, NotebookBoard>();
let made = 0;

/** A board per run of a cell, as long as a bar on it runs. */
function boardOf(host: NotebookHost | undefined): Board {
  if (!host) return new ConsoleBoard();
  const execution = host.execution();
  return {
    add(bar) {
      let board = boards.get(execution);
      if (!board) {
        board = new NotebookBoard(host, `unroll-progress-${++made}`, () =>
          boards.delete(execution),
        );
        boards.set(execution, board);
      }
      board.add(bar);
    },
    drawSoon: () => boards.get(execution)?.drawSoon(),
    finish: (bar) => boards.get(execution)?.finish(bar),
  };
}

/** Outside a notebook: a line now and then, and at the end. */
class ConsoleBoard implements Board {
  #printedAt = now();

  add(): void {
    this.#printedAt = now();
  }

  drawSoon(bar: Progress<unknown>): void {
    if (now() - this.#printedAt < printEveryMs) return;
    this.finish(bar);
  }

  finish(bar: Progress<unknown>): void {
    this.#printedAt = now();
    console.error(progressText([bar.state()]));
  }
}
