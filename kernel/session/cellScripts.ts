/** Which script is which cell: from positions in what V8 runs to positions in what the user wrote. */
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { CellReference } from '../contract/protocol.js';
import type { CompiledCell } from './compile/compileCell.js';
import type { Insertion } from './compile/parseCell.js';
import { rangeAt, type TextRange } from './textRange.js';

const scheme = 'unroll-cell:';

export interface CellScript {
  cell: CellReference;
  executionCount: number;
  source: string;
}

export interface CellPosition extends TextRange {
  script: CellScript;
}

/** On this line, mapped columns from this one on are too large. */
interface Shift {
  line: number;
  column: number;
  by: number;
}

export class CellScripts {
  readonly #scripts = new Map<number, CellScript & { map?: string | TraceMap; shift?: Shift }>();

  add(script: CellScript): void {
    this.#scripts.set(script.executionCount, { ...script });
  }

  setMap(executionCount: number, compiled: CompiledCell): void {
    const script = this.#scripts.get(executionCount);
    if (!script) return;
    script.map = compiled.map;
    script.shift = shiftOf(script.source, compiled.insertion);
  }

  get(executionCount: number): CellScript | undefined {
    return this.#scripts.get(executionCount);
  }

  /** The script's name in stack traces. */
  static url(executionCount: number): string {
    return `${scheme}${String(executionCount)}`;
  }

  /** Line and column (from 1) of generated code → the cell's; undefined where it is no cell. */
  locate(url: string, line: number, column: number): CellPosition | undefined {
    if (!url.startsWith(scheme)) return undefined;
    const script = this.#scripts.get(Number(url.slice(scheme.length)));
    if (!script?.map) return undefined;
    // As text until it is first needed: most cells never fail.
    if (typeof script.map === 'string') script.map = new TraceMap(script.map);
    const original = originalPositionFor(script.map, { line, column: column - 1 });
    if (original.line === null) return { script, line: 1, column: 1 };
    return { script, line: original.line, column: asWritten(script.shift, original) + 1 };
  }

  /** An offset in the cell's source, as compiled calls carry it. */
  locateOffset(executionCount: number, offset: number, length = 0): CellPosition | undefined {
    const script = this.#scripts.get(executionCount);
    return script && { script, ...rangeAt(script.source, offset, length) };
  }
}

function shiftOf(source: string, { offset, length }: Insertion): Shift {
  const before = source.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length, by: length };
}

function asWritten(shift: Shift | undefined, at: { line: number; column: number }): number {
  if (shift?.line !== at.line || at.column < shift.column) return at.column;
  return Math.max(shift.column, at.column - shift.by);
}
