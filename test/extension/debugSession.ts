/** A debug session as its user sees it: where it stopped, what is in the frame, and how it goes on. */
import { connect } from 'node:net';
import * as vscode from 'vscode';
import { waitForFrame } from './host.js';
import { closeNotebooks, textOf, until } from './notebooks.js';

export const debugCell = (cell: vscode.NotebookCell): Thenable<unknown> =>
  vscode.commands.executeCommand('unroll.debugCell', cell);

/** What every `describe` of debugging needs around its tests. */
export function useDebugger(): void {
  let listening: vscode.Disposable | undefined;
  before(() => {
    listening = listenToDebugger();
  });
  after(() => {
    listening?.dispose();
  });
  afterEach(async function () {
    // What failed may have left a cell held.
    if (this.currentTest?.state !== 'passed') await vscode.debug.stopDebugging();
    await sessionEnds();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await closeNotebooks();
  });
}

/** What the cell shows at its end. VS Code gives a cell that was held by a debugger no times. */
export async function shownBy(cell: vscode.NotebookCell): Promise<string> {
  await until(
    () => cell.executionSummary?.success !== undefined,
    () => `the cell to end; it shows:\n${textOf(cell)}`,
  );
  return textOf(cell);
}

export interface Frame {
  id: number;
  name: string;
  line: number;
  source?: { name?: string; path?: string };
}

export interface Stop {
  session: vscode.DebugSession;
  threadId: number;
  frameId: number;
  /** Innermost first. */
  frames: Frame[];
}

/** Where sessions stopped, in that order, and were not looked at yet. */
const untold: { session: vscode.DebugSession; threadId: number }[] = [];

/** Sessions that VS Code began and has not ended. */
const live = new Set<vscode.DebugSession>();

/** Hears of sessions, and of stops from the debugger itself: VS Code shows them later. */
function listenToDebugger(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.onDidStartDebugSession((session) => live.add(session)),
    vscode.debug.onDidTerminateDebugSession((session) => live.delete(session)),
    vscode.debug.registerDebugAdapterTrackerFactory('*', {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage: ({ event, body }: { event?: string; body?: { threadId: number } }) => {
          if (event === 'stopped' && body) untold.push({ session, threadId: body.threadId });
        },
      }),
    }),
  );
}

/** Waits for the next stop, until VS Code stands there: it does not leave one that it stands at for another. */
export async function stops(where: 'in front' | 'behind another' = 'in front'): Promise<Stop> {
  await until(
    () => untold.length > 0,
    () => 'the debugger to stop',
  );
  const { session, threadId } = untold.shift()!;
  const trace = { threadId, startFrame: 0, levels: 4 };
  const { stackFrames: frames } = (await session.customRequest('stackTrace', trace)) as {
    stackFrames: Frame[];
  };
  const frameId = frames[0]?.id ?? -1;
  if (where === 'behind another') return { session, threadId, frameId, frames };
  const isShown = (item: unknown) =>
    item instanceof vscode.DebugStackFrame && item.frameId === frameId;
  await until(
    () => isShown(vscode.debug.activeStackItem),
    () => `VS Code to stand at ${JSON.stringify(frames[0])}`,
  );
  return { session, threadId, frameId, frames };
}

type Step = 'stepOver' | 'stepInto' | 'stepOut' | 'continue';

/** Presses the button. */
export async function press(step: Step): Promise<void> {
  await vscode.commands.executeCommand(`workbench.action.debug.${step}`);
}

export async function pressAndStop(step: Step): Promise<Stop> {
  await press(step);
  return await stops();
}

export async function evaluate({ session, frameId }: Stop, expression: string): Promise<string> {
  const question = { expression, frameId, context: 'watch' };
  return ((await session.customRequest('evaluate', question)) as { result: string }).result;
}

/** What the frame's scopes hold, by their names. */
export async function scopesOf({
  session,
  frameId,
}: Stop): Promise<Record<string, Record<string, string>>> {
  const { scopes } = (await session.customRequest('scopes', { frameId })) as {
    scopes: { name: string; variablesReference: number; expensive: boolean }[];
  };
  const found: Record<string, Record<string, string>> = {};
  for (const { name, variablesReference, expensive } of scopes) {
    if (expensive) continue;
    const { variables } = (await session.customRequest('variables', { variablesReference })) as {
      variables: { name: string; value: string }[];
    };
    found[name] = Object.fromEntries(variables.map((one) => [one.name, one.value]));
  }
  return found;
}

/** Where the stop is: the source's URI or path, and the line from 1. */
export function placeOf({ frames }: Stop): string {
  const [top] = frames;
  // On a remote host, VS Code has made a URI of a path.
  const source = (top?.source?.path ?? '?').replace(/^vscode-remote:\/\/[^/]+/, '');
  return `${source}:${String(top?.line)}`;
}

/** The same of a line in a cell. */
export function placeIn({ document }: vscode.NotebookCell, line: number): string {
  return `${document.uri.toString()}:${String(line)}`;
}

export function setBreakpoint(uri: vscode.Uri, line: number): void {
  const location = new vscode.Location(uri, new vscode.Position(line - 1, 0));
  vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(location)]);
}

/** Goes on in that session, whichever VS Code shows. */
export async function goOn({ session, threadId }: Stop): Promise<void> {
  await session.customRequest('continue', { threadId });
}

/** The kernel's inspector, as the session was told it. */
export function inspectorOf(session: vscode.DebugSession): URL {
  const root = session.parentSession ?? session;
  return new URL(String(root.configuration['websocketAddress']));
}

export function isOpen({ hostname, port }: URL, host = hostname): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * VS Code has ended all sessions, and shows none. Its `activeDebugSession` does not tell: the extension host looks up a
 * session before it takes it for the active one, and takes none at once, so of two such messages that come together the
 * first may have the last word.
 */
export async function sessionEnds(): Promise<void> {
  await until(
    () => live.size === 0,
    () => `VS Code to end ${[...live].map(({ name }) => name).join(' and ')}`,
  );
  await waitForFrame(
    `document.querySelector('.monaco-workbench') !== null &&
      [...document.querySelectorAll('.debug-toolbar')].every((one) => one.offsetHeight === 0)`,
  );
  untold.length = 0;
}
