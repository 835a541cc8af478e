/**
 * Everything the session says, in order. What a cell shows is bounded: text beyond its budget goes to a file,
 * and a note in its place says how much, links the file and shows its end. So a printing loop eats neither
 * the memory nor the editor, and nothing is lost.
 */
import type { DisplayEvent, KernelEvent, StreamEvent } from '../contract/protocol.js';
import { overflowKey } from '../contract/overflow.js';
import { isOverwrite } from './carriageReturns.js';
import { EventPace, type Send } from './eventPace.js';
import { setTimeout } from './kernelTimers.js';
import { OutputBudget } from './outputBudget.js';
import { OverflowFile, OverflowFolder } from './overflowFile.js';
import { toOverflowBundle } from './overflowNote.js';

export type { Send } from './eventPace.js';

const noteEveryMs = 250;
const tailLines = 100;

/** What one run of a cell has shown. */
interface CellOutput {
  budget: OutputBudget;
  /** Text shown so far, for the file that holds all of it; undefined once the cell has ended. */
  head: string[] | undefined;
  overflow?: CellOverflow;
  /** Its output goes when the next one comes. */
  clearsWithNext: boolean;
}

interface CellOverflow {
  file: OverflowFile;
  /** The note that stands for the text since the last picture or value; undefined: there is none yet. */
  noteId: string | undefined;
  linesBefore: number;
  isStale: boolean;
  notedAt: number;
}

export class OutputQueue {
  readonly #pace: EventPace;
  readonly #folder = new OverflowFolder();
  readonly #cells = new Map<string, CellOutput>();
  /** Displays that can be updated. */
  readonly #displayIds = new Set<string>();
  #notes = 0;
  #noteTimer: NodeJS.Timeout | undefined;

  constructor(
    send: Send,
    private readonly kernel: (work: () => void) => void,
  ) {
    this.#pace = new EventPace(send, kernel);
  }

  /** Console text. */
  write(parent: string, name: StreamEvent['name'], text: string): void {
    if (text === '') return;
    const cell = this.#cell(parent);
    this.#clearIfDue(cell);
    if (cell.overflow) {
      this.#overflow(parent, cell.overflow, name, text);
      return;
    }
    if (isOverwrite(text)) {
      this.#pace.write(parent, name, text);
      return;
    }
    const fits = cell.budget.takeText(name, text);
    const shown = fits === text.length ? text : text.slice(0, fits);
    if (shown !== '') {
      cell.head?.push(shown);
      this.#pace.write(parent, name, shown);
    }
    if (fits < text.length)
      this.#overflow(parent, this.#startOverflow(cell), name, text.slice(fits));
  }

  /** Any other event, after the text before it. */
  emit(event: KernelEvent): void {
    switch (event.type) {
      case 'display':
        this.#display(event);
        break;
      case 'clearOutput':
        this.#note(event.parent);
        if (event.wait) this.#cell(event.parent).clearsWithNext = true;
        else reset(this.#cell(event.parent));
        this.#pace.clear(event);
        break;
      case 'result':
      case 'error':
        this.#clearIfDue(this.#cell(event.parent));
        this.#cell(event.parent).budget.takeOther();
        this.#closeNote(event.parent);
        this.#pace.emit(event);
        break;
      case 'executeReply':
        this.#end(event.parent);
        this.#pace.emit(event);
        break;
      default:
        this.#pace.emit(event);
    }
  }

  /** Calls back once all of it has left the process. */
  drain(done: () => void): void {
    for (const [parent, { overflow }] of this.#cells) {
      this.#note(parent);
      overflow?.file.close();
    }
    this.#pace.drain(done);
  }

  #display(event: DisplayEvent): void {
    const { parent, displayId: id } = event;
    if (id === undefined || !this.#displayIds.has(id)) {
      const cell = this.#cell(parent);
      this.#clearIfDue(cell);
      if (!cell.budget.takeOther()) {
        const overflow = cell.overflow ?? this.#startOverflow(cell);
        this.#overflow(parent, overflow, 'stdout', `${toLine(event)}\n`);
        return;
      }
      if (id !== undefined) this.#displayIds.add(id);
      this.#closeNote(parent);
    }
    this.#pace.display(event);
  }

  #cell(parent: string): CellOutput {
    let cell = this.#cells.get(parent);
    if (!cell) {
      cell = { budget: new OutputBudget(), head: [], clearsWithNext: false };
      this.#cells.set(parent, cell);
    }
    return cell;
  }

  #clearIfDue(cell: CellOutput): void {
    if (cell.clearsWithNext) reset(cell);
  }

  #end(parent: string): void {
    const cell = this.#cells.get(parent);
    if (!cell) return;
    this.#note(parent);
    cell.overflow?.file.close();
    cell.head = undefined;
  }

  // -------------------------------------------------------------------------------------------------
  // Beyond the budget

  #startOverflow(cell: CellOutput): CellOverflow {
    const file = new OverflowFile(this.#folder, cell.head ?? []);
    cell.head = undefined;
    cell.overflow = { file, noteId: undefined, linesBefore: 0, isStale: false, notedAt: 0 };
    return cell.overflow;
  }

  #overflow(parent: string, overflow: CellOverflow, name: StreamEvent['name'], text: string): void {
    overflow.file.write(name, text);
    overflow.isStale = true;
    if (performance.now() - overflow.notedAt >= noteEveryMs) this.#note(parent);
    else if (!this.#noteTimer) this.#noteTimer = setTimeout(this.#onNoteTimer, noteEveryMs);
  }

  readonly #onNoteTimer = () =>
    this.kernel(() => {
      this.#noteTimer = undefined;
      for (const parent of this.#cells.keys()) this.#note(parent);
    });

  /** Brings the cell's note up to date. */
  #note(parent: string): void {
    const overflow = this.#cells.get(parent)?.overflow;
    if (!overflow?.isStale) return;
    overflow.isStale = false;
    overflow.notedAt = performance.now();
    const { file } = overflow;
    overflow.noteId ??= `unroll-overflow-${String(++this.#notes)}`;
    const written = file.takeWritten();
    const { bytes, failure, path } = file;
    const lines = file.lines - overflow.linesBefore;
    // Sent as it is: each says what was added to the file since the one before.
    this.#pace.emit({
      type: 'display',
      parent,
      displayId: overflow.noteId,
      data: toOverflowBundle({ file: path, lines, bytes, failure, tail: file.tail(tailLines) }),
      metadata: { [overflowKey]: { ...written } },
    });
  }

  /** Something else follows, so text after it gets a note of its own. */
  #closeNote(parent: string): void {
    const overflow = this.#cells.get(parent)?.overflow;
    if (!overflow) return;
    this.#note(parent);
    overflow.noteId = undefined;
    overflow.linesBefore = overflow.file.lines;
    overflow.file.startNewTail();
  }
}

/** What is left of a display that is not shown. */
function toLine({ data }: DisplayEvent): string {
  const text = data['text/plain'];
  return typeof text === 'string' ? text : `[${Object.keys(data).join(', ')}]`;
}

function reset(cell: CellOutput): void {
  cell.overflow?.file.close();
  cell.budget = new OutputBudget();
  cell.head &&= [];
  cell.clearsWithNext = false;
  delete cell.overflow;
}
