/**
 * Stack frames in the cells' own lines. `Error.prepareStackTrace` is V8's hook for it, so that
 * `error.stack` is right wherever a program prints it, not only where a cell fails.
 */
import { asWritten } from './compile/shadowing.js';
import type { CellPosition, CellScripts } from './cellScripts.js';
import { moduleBody } from './files/compileFile.js';
import type { FilePosition, FileScripts } from './files/fileScripts.js';
import type { TextRange } from './textRange.js';

export interface Frame extends TextRange {
  function?: string;
  /** The frame waits at an `await`. */
  isAsync: boolean;
  cell?: CellPosition;
  /** URL or path of a file, where it is no cell. */
  file?: string;
  /** The whole text of a file of the workspace. */
  text?: string;
  /** Frames of libraries between the frame before and this one. */
  folded?: number;
}

/** In what the user wrote. */
export type Place = CellPosition | FilePosition;

type Prepare = (error: Error, callSites: NodeJS.CallSite[]) => unknown;

/** Deep enough that a library's recursion does not push the cell's own frame out. */
const frameLimit = 50;

export class StackFrames {
  readonly #known = new WeakMap<object, Frame[]>();
  readonly #placed = new WeakSet<Error>();
  /** What a program made of the hook. */
  #other: Prepare | undefined;

  constructor(
    private readonly scripts: CellScripts,
    private readonly files: FileScripts,
    /** Folder of the kernel's own bundles, as a URL: their frames are never shown below a cell. */
    private readonly kernelFolder: string,
  ) {}

  /** Libraries set the hook, too, some for good: what they want is done, and the frames are kept all the same. */
  install(): void {
    this.renew();
    const prepare: Prepare = (error, callSites) => {
      const stack = this.#prepare(error, callSites);
      return this.#other ? this.#other(error, callSites) : stack;
    };
    Object.defineProperty(Error, 'prepareStackTrace', {
      configurable: true,
      get: () => prepare,
      set: (other: unknown) => {
        const isOther = typeof other === 'function' && other !== prepare;
        this.#other = isOther ? (other as Prepare) : undefined;
      },
    });
  }

  /** Before each cell: one that cut the traces short is not to take the lines from the others' errors. */
  renew(): void {
    if (!(Error.stackTraceLimit >= frameLimit)) Error.stackTraceLimit = frameLimit;
  }

  /** Frames of an error, innermost first, those of libraries folded. */
  of(error: Error): Frame[] {
    // V8 prepares the trace when it is first read.
    const stack = stackOf(error);
    const frames = this.#known.get(error) ?? parseFrames(stack ?? '');
    const shown: Frame[] = [];
    let folded = 0;
    frames.forEach((frame, index) => {
      if (this.isInternal(frame) || isDeeperIn(packageOf(frame), frames[index - 1])) folded++;
      else {
        shown.push(folded === 0 ? frame : { ...frame, folded });
        folded = 0;
      }
    });
    return shown;
  }

  /** A rejection passed through an `await`: V8 does not know, so the frame is added here. */
  addAwait(error: Error, place: Place): void {
    const stack = stackOf(error);
    const frames = this.#known.get(error);
    if (!frames || stack === undefined) return;
    const frame = frameAt(place, true);
    // What threw before it first waited has the line from V8.
    const isThere = frames.some(
      (one) =>
        one.cell?.script === frame.cell?.script &&
        one.file === frame.file &&
        one.line === frame.line,
    );
    if (isThere) return;
    frames.push(frame);
    setStack(error, `${stack}\n    at ${frameText(frame)}`);
  }

  /** The error is of this place, whatever called what. */
  set(error: Error, place: Place): void {
    const frame = frameAt(place, false);
    this.#known.set(error, [frame]);
    this.#placed.add(error);
    setStack(error, `${headline(error)}\n    at ${frameText(frame)}`);
  }

  /** Whether `set` was called for it. */
  isPlaced(error: Error): boolean {
    return this.#placed.has(error);
  }

  /** Inside Node, the kernel or the runtime. */
  isInternal(frame: Frame): boolean {
    if (frame.cell || frame.text !== undefined) return false;
    const { file } = frame;
    return (
      file === undefined ||
      file.startsWith('node:') ||
      file.startsWith(this.kernelFolder) ||
      file === 'evalmachine.<anonymous>'
    );
  }

  #prepare(error: Error, callSites: NodeJS.CallSite[]): string {
    const frames = callSites.map((site) => this.#frame(site));
    const lastCell = frames.findLastIndex((frame) => frame.cell);
    // What stands below the outermost cell is how the kernel got there.
    const shown = lastCell < 0 ? frames : frames.slice(0, lastCell + 1);
    this.#known.set(error, shown);
    return [headline(error), ...shown.map((frame) => `    at ${frameText(frame)}`)].join('\n');
  }

  #locate(url: string, line: number, column: number): Place | undefined {
    return this.scripts.locate(url, line, column) ?? this.files.locate(url, line, column);
  }

  #frame(site: NodeJS.CallSite): Frame {
    const url = site.getScriptNameOrSourceURL() || undefined;
    const line = site.getLineNumber() ?? 0;
    const column = site.getColumnNumber() ?? 0;
    const place = url === undefined ? undefined : this.#locate(url, line, column);
    const name = functionName(site);
    return {
      ...(name === undefined ? {} : { function: name }),
      ...(place
        ? frameAt(place, site.isAsync())
        : {
            isAsync: site.isAsync(),
            ...(url === undefined ? {} : { file: url }),
            line,
            column,
          }),
    };
  }
}

export function frameAt(place: Place, isAsync: boolean): Frame {
  if (!('script' in place)) return { isAsync, ...place };
  const { script, ...range } = place;
  return { isAsync, cell: { script, ...range }, ...range };
}

/** What the user wrote, where the frame is in it. */
export function textOf({ cell, text }: Frame): string | undefined {
  return cell?.script.source ?? text;
}

/** The folder of the installed package that a frame is in. */
function packageOf({ file, text }: Frame): string | undefined {
  if (file === undefined || text !== undefined) return undefined;
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0];
}

function isDeeperIn(folder: string | undefined, inner: Frame | undefined): boolean {
  return folder !== undefined && inner !== undefined && packageOf(inner) === folder;
}

function functionName(site: NodeJS.CallSite): string | undefined {
  const own = site.getFunctionName() ?? '';
  const name = asWritten(own);
  if (name === '' || own === moduleBody) return undefined;
  if (site.isConstructor()) return `new ${name}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  const isPlain = type === null || type === 'Object' || name.startsWith(`${type}.`);
  return isPlain ? name : `${type}.${name}`;
}

/** `f (Cell [3]:2:5)`, as in V8's traces. */
export function frameText(frame: Frame): string {
  const file = frame.cell
    ? `Cell [${String(frame.cell.script.executionCount)}]`
    : (frame.file ?? '<anonymous>');
  const where = `${file}:${String(frame.line)}:${String(frame.column)}`;
  const prefix = frame.isAsync ? 'async ' : '';
  return frame.function === undefined
    ? `${prefix}${where}`
    : `${prefix}${frame.function} (${where})`;
}

/** The file frames of a stack that came as text (from a worker, or written by hand). */
function parseFrames(stack: string): Frame[] {
  const pattern =
    /^\s+at (async )?(?:(.+?) \()?((?:file|node):.+?|\/.+?|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/gm;
  return [...stack.matchAll(pattern)].map(([, isAsync, name, file, line, column]) => ({
    ...(name === undefined ? {} : { function: name }),
    isAsync: isAsync !== undefined,
    file: file!,
    line: Number(line),
    column: Number(column),
  }));
}

/** What a program may have made unreadable, or anything. */
function stackOf(error: Error): string | undefined {
  try {
    const stack: unknown = error.stack;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** A frozen error keeps the one it has. */
function setStack(error: Error, stack: string): void {
  Reflect.set(error, 'stack', stack);
}

/** `Error.prototype.toString`, which an error may have made unusable. */
function headline(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}
