/**
 * Between VS Code, which knows cells, and js-debug, which knows files: whatever names a source (breakpoints both ways,
 * stack frames, scopes, output, loaded sources) is put in the other's terms on its way.
 */
import type * as vscode from 'vscode';
import type { CellSources } from './cellSources.js';

/** Of the Debug Adapter Protocol. */
interface Source {
  name?: string;
  path?: string;
  sourceReference?: number;
  origin?: string;
}

interface Message {
  seq?: number;
  request_seq?: number;
  type?: string;
  command?: string;
  success?: boolean;
  arguments?: unknown;
  body?: unknown;
}

export interface TrackerEvents {
  /** The debugger has its breakpoints in place: the answer to `attach` comes last. */
  attached: () => void;
  /** The debugger has set the cell's breakpoints in the file that stands for its text. */
  set: (cell: string, file: string) => void;
}

/** Deep enough for `body.stackFrames[0].source`. */
const maxDepth = 4;

export function createSourceTracker(
  sources: CellSources,
  events: TrackerEvents,
): vscode.DebugAdapterTracker {
  /** Requests to set a cell's breakpoints that are not answered, by their numbers. */
  const setting = new Map<number, { cell: string; file: string }>();
  const toFile = (source: Source): void => {
    const file = source.path === undefined ? undefined : sources.fileOf(source.path);
    if (file === undefined) return;
    source.path = file;
    delete source.sourceReference;
  };
  const toCell = (source: Source): void => {
    const cell = source.path === undefined ? undefined : sources.cellOf(source.path);
    if (!cell) return;
    source.path = cell.document.uri.toString();
    source.name = `Cell ${String(cell.index + 1)}`;
    delete source.sourceReference;
    delete source.origin;
  };
  return {
    onWillReceiveMessage: (message: Message) => {
      const cell = sourcePath(message);
      eachSource(message.arguments, toFile);
      const file = sourcePath(message);
      if (message.command !== 'setBreakpoints' || message.seq === undefined) return;
      if (cell !== undefined && file !== undefined && cell !== file) {
        setting.set(message.seq, { cell, file });
      }
    },
    onDidSendMessage: (message: Message) => {
      eachSource(message.body, toCell);
      nameScopes(message);
      const { type, command, success, request_seq: asked = -1 } = message;
      if (type !== 'response') return;
      if (command === 'attach' && success === true) events.attached();
      const set = setting.get(asked);
      if (set) events.set(set.cell, set.file);
      setting.delete(asked);
    },
  };
}

function sourcePath({ arguments: parameters }: Message): string | undefined {
  return (parameters as { source?: Source } | undefined)?.source?.path;
}

interface Named {
  name: string;
}

/** Names of the kernel's own, which cells see and do not mean. */
const ownNames = /^__unroll/;

/** What all scripts share is, here, what cells declared. */
function nameScopes({ type, command, body }: Message): void {
  if (type !== 'response' || typeof body !== 'object' || body === null) return;
  if (command === 'scopes') {
    const { scopes } = body as { scopes?: Named[] };
    for (const scope of scopes ?? []) if (scope.name === 'Script') scope.name = 'Notebook';
  } else if (command === 'variables') {
    const content = body as { variables?: Named[] };
    if (!content.variables) return;
    content.variables = content.variables.filter(({ name }) => !ownNames.test(name));
  }
}

function eachSource(value: unknown, change: (source: Source) => void, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  if (Array.isArray(value)) {
    for (const item of value) eachSource(item, change, depth + 1);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === 'source' && typeof member === 'object' && member !== null) change(member as Source);
    else if (key === 'sources' && Array.isArray(member)) (member as Source[]).forEach(change);
    else eachSource(member, change, depth + 1);
  }
}
