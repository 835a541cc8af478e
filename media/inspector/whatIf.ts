import type { InspectorError } from '../../kernel/contract/inspectorMessages.js';
import type { TraceData } from '../../kernel/contract/trace.js';
import { areAlike, toDifference } from './difference.js';
import type { Editable, MadeEdit } from './edits.js';
import type { KernelLine } from './kernelLine.js';
import { Walk } from './walk.js';

/** What the trace becomes with the edits made. */
export interface Change {
  after: TraceData;
  /** after − before. */
  difference: TraceData;
  loss: { before: number | null; after: number | null };
  gradient: { cosine: number | null; ratio: number | null };
  walks: Record<'before' | 'after' | 'difference', Walk>;
}

/** Milliseconds without an answer. */
const askAgainAfter = [700, 2_000, 6_000];

const idle = 'What-if edits need the kernel that made this trace; stepping does not.';

/** The what-if edits of one trace: made one after the other, answered by the kernel all together. */
export class WhatIf {
  /** Edits with an answer, or on their way to one. */
  edits: readonly MadeEdit[] = [];
  change: Change | undefined;
  /** A kernel has said that it knows the trace. */
  isLive = false;
  isWaiting = false;
  /** Why nothing can be edited, a sentence. */
  idle = '';
  /** What went wrong with the last edit, a sentence. */
  message = '';
  #answered: readonly MadeEdit[] = [];
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly trace: TraceData,
    private readonly line: KernelLine,
    private readonly changed: () => void,
  ) {
    if (!line.isOpen) this.idle = `${idle} This page has no connection to one.`;
    else if (trace.id === undefined) this.idle = `${idle} This output does not name its trace.`;
    else this.#askWhetherLive(trace.id, askAgainAfter);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async set(editable: Editable, was: number, value: number): Promise<void> {
    const others = this.edits.filter((one) => one.editable.key !== editable.key);
    // Back to what it was is no edit.
    await this.#send(value === was ? others : [...others, { editable, was, value }]);
  }

  async remove(key: string): Promise<void> {
    await this.#send(this.edits.filter((one) => one.editable.key !== key));
  }

  reset(): void {
    this.#asked++;
    this.isWaiting = false;
    this.message = '';
    this.#take([], undefined);
  }

  /**
   * Asks, and again where no answer comes: what a picture says while its notebook is still being opened is
   * lost.
   */
  #askWhetherLive(id: string, [delay, ...later]: readonly number[]): void {
    void this.line.ask({ kind: 'live', trace: id }).then((answer) => {
      clearTimeout(this.#timer);
      this.isLive = !('error' in answer);
      this.idle = 'error' in answer ? `${idle} ${answer.error.message}` : '';
      this.changed();
    });
    if (delay !== undefined) this.#timer = setTimeout(() => this.#askWhetherLive(id, later), delay);
  }

  async #send(edits: readonly MadeEdit[]): Promise<void> {
    const { id } = this.trace;
    if (edits.length === 0) {
      this.reset();
      return;
    }
    if (!this.line.isOpen || id === undefined) return;
    const asked = ++this.#asked;
    this.edits = edits;
    this.isWaiting = true;
    this.message = '';
    this.changed();
    const answer = await this.line.ask({
      kind: 'whatIf',
      trace: id,
      edits: edits.map(({ editable, value }) => editable.toEdit(value)),
    });
    // Of edits that follow on each other the last answer counts.
    if (asked !== this.#asked) return;
    this.isWaiting = false;
    if ('error' in answer) this.#refused(answer.error);
    else if (answer.kind === 'whatIf' && areAlike(this.trace, answer.result.trace)) {
      const { trace: after, loss, gradient } = answer.result;
      const difference = toDifference(this.trace, after);
      this.isLive = true;
      this.idle = '';
      this.#take(edits, {
        after,
        difference,
        loss,
        gradient,
        walks: {
          before: new Walk(this.trace),
          after: new Walk(after),
          difference: new Walk(difference),
        },
      });
    } else this.#refused({ reason: 'failed', message: 'The kernel answered with another trace.' });
  }

  #refused({ reason, message }: InspectorError): void {
    // The kernel has gone since, or knows the trace no more.
    if (reason !== 'edit' && reason !== 'failed') {
      this.isLive = false;
      this.idle = `${idle} ${message}`;
    }
    this.message = `Not edited: ${message}`;
    this.edits = this.#answered;
    this.changed();
  }

  #take(edits: readonly MadeEdit[], change: Change | undefined): void {
    this.edits = this.#answered = edits;
    this.change = change;
    this.changed();
  }
}
