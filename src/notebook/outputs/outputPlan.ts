/**
 * What is to be shown below the cells of one notebook, from the kernel's events, between two updates of
 * the editor. Updates that overtake each other are joined: text grows in one piece, and of a value that
 * was replaced several times only the last one is kept. The order of outputs is that of the events.
 */
import type {
  ClearOutputEvent,
  DisplayEvent,
  ErrorEvent,
  ErrorReport,
  ResultEvent,
  StreamEvent,
} from '../../../kernel/contract/protocol.js';
import type { Json, MimeBundle } from '../../../kernel/contract/mime.js';

export type OutputEvent = StreamEvent | DisplayEvent | ResultEvent | ErrorEvent | ClearOutputEvent;

export type OutputContent =
  | { kind: 'stream'; name: StreamEvent['name']; text: string }
  | { kind: 'display'; data: MimeBundle; metadata: Record<string, Json> }
  | { kind: 'result'; data: MimeBundle; executionCount: number }
  | { kind: 'error'; error: ErrorReport };

/** One output of a cell. Its identity lasts; what it shows may change. */
export interface PlannedOutput<Cell> {
  readonly cell: Cell;
}

export type OutputOperation<Cell> =
  | { kind: 'clear'; cell: Cell }
  /** `extend` adds the content's text to what is there. */
  | {
      kind: 'append' | 'replace' | 'extend';
      output: PlannedOutput<Cell>;
      content: OutputContent;
    };

interface Output<Cell> extends PlannedOutput<Cell> {
  content: OutputContent;
  /** What has to be done for it at the next update. */
  pending?: Extract<Pending<Cell>, { output: unknown }>;
}

type Pending<Cell> =
  | { kind: 'clear'; cell: Cell }
  | { kind: 'append' | 'replace' | 'extend'; cell: Cell; output: Output<Cell> };

export class OutputPlan<Cell extends object> {
  #pending: Pending<Cell>[] = [];
  readonly #last = new WeakMap<Cell, Output<Cell>>();
  readonly #displays = new Map<string, Output<Cell>>();
  readonly #clearsWithNext = new WeakSet<Cell>();

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** @param cell The cell that the event's request ran. */
  add(cell: Cell, event: OutputEvent): void {
    if (event.type === 'clearOutput') {
      if (event.wait) this.#clearsWithNext.add(cell);
      else this.clear(cell);
      return;
    }
    if (this.#clearsWithNext.has(cell)) this.clear(cell);
    switch (event.type) {
      case 'stream':
        this.#addText(cell, event);
        break;
      case 'display':
        this.#addDisplay(cell, event);
        break;
      case 'result': {
        const { data, executionCount } = event;
        this.#append(cell, { kind: 'result', data, executionCount });
        break;
      }
      case 'error':
        this.#append(cell, { kind: 'error', error: event.error });
        break;
    }
  }

  /** Everything below the cell goes. */
  clear(cell: Cell): void {
    this.#clearsWithNext.delete(cell);
    this.#last.delete(cell);
    for (const [id, output] of this.#displays) if (output.cell === cell) this.#displays.delete(id);
    this.#pending = this.#pending.filter((operation) => operation.cell !== cell);
    this.#pending.push({ kind: 'clear', cell });
  }

  /** What has to be done to the editor now, in this order. */
  take(): OutputOperation<Cell>[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending.map((operation) => {
      if (operation.kind === 'clear') return operation;
      const { kind, output } = operation;
      const { content } = output;
      delete output.pending;
      if (content.kind === 'stream') output.content = { ...content, text: '' };
      return { kind, output, content };
    });
  }

  #addText(cell: Cell, { name, text }: StreamEvent): void {
    const last = this.#last.get(cell);
    if (last?.content.kind !== 'stream' || last.content.name !== name) {
      this.#append(cell, { kind: 'stream', name, text });
      return;
    }
    last.content.text += text;
    if (!last.pending) this.#plan('extend', last);
  }

  #addDisplay(cell: Cell, { data, metadata = {}, displayId }: DisplayEvent): void {
    const content: OutputContent = { kind: 'display', data, metadata };
    const shown = displayId === undefined ? undefined : this.#displays.get(displayId);
    if (shown) {
      shown.content = content;
      if (!shown.pending) this.#plan('replace', shown);
      return;
    }
    const output = this.#append(cell, content);
    if (displayId !== undefined) this.#displays.set(displayId, output);
  }

  #append(cell: Cell, content: OutputContent): Output<Cell> {
    const output = { cell, content };
    this.#last.set(cell, output);
    this.#plan('append', output);
    return output;
  }

  #plan(kind: 'append' | 'replace' | 'extend', output: Output<Cell>): void {
    output.pending = { kind, cell: output.cell, output };
    this.#pending.push(output.pending);
  }
}
