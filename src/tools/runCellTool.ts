/** Runs a cell for a language model, after the user has seen its code and agreed. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { whyNothingRuns } from '../notebook/whyNothingRuns.js';
import { lossMime } from '../../kernel/contract/mime.js';
import { parseLoss } from '../../kernel/contract/parsePayload.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import {
  type CellInput,
  findCell,
  notOurs,
  payloadsOf,
  ToolInputError,
  toResult,
} from './toolNotebook.js';
import { trainingNumbers } from './trainingNumbers.js';

const mostText = 8000;
const fewPoints = 20;
type Input = CellInput & { cell: number };

export class RunCellTool implements vscode.LanguageModelTool<Input> {
  constructor(
    private readonly sessions: Pick<NotebookSessions, 'get' | 'onDidChange'>,
    private readonly notebooks: Pick<OurNotebooks, 'has'>,
  ) {}

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<Input>): vscode.PreparedToolInvocation {
    const cell = this.#toRun(input);
    const name = path.posix.basename(cell.notebook.uri.path);
    const message = new vscode.MarkdownString(
      `Cell ${input.cell + 1} of ${name} runs in its kernel, with your rights:\n\n`,
    ).appendCodeblock(cell.document.getText(), 'typescript');
    return {
      invocationMessage: `Running cell ${input.cell + 1} of ${name}`,
      confirmationMessages: { title: 'Unroll: Run Cell?', message },
    };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<Input>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const cell = this.#toRun(input);
    const { notebook } = cell;
    if (!vscode.window.visibleNotebookEditors.some((one) => one.notebook === notebook))
      await vscode.window.showNotebookDocument(notebook, { preserveFocus: true });
    const hasRun = await this.#runToEnd(cell, token);
    return toResult(hasRun ? reportOf(cell, input) : { succeeded: false, note: takenOut });
  }

  /** Before the user is asked, too. @throws ToolInputError */
  #toRun(input: Input): vscode.NotebookCell {
    const cell = findCell(input);
    const { notebook } = cell;
    if (cell.kind !== vscode.NotebookCellKind.Code)
      throw new ToolInputError(`Cell ${input.cell} is text, and does not run.`);
    const reason = whyNothingRuns(notebook)?.message;
    if (reason !== undefined) throw new ToolInputError(reason);
    if (!this.notebooks.has(notebook)) throw new ToolInputError(notOurs);
    if (this.sessions.get(notebook)?.isAtWork(cell))
      throw new ToolInputError(
        `Cell ${input.cell} runs already, or waits to: read its results when it has ended, or ask the user to stop it.`,
      );
    return cell;
  }

  /**
   * Waits for the cells before it, and for its end; cancelling stops it.
   *
   * @returns whether it ran
   */
  async #runToEnd(cell: vscode.NotebookCell, token: vscode.CancellationToken): Promise<boolean> {
    const { notebook } = cell;
    const range = () => ({
      ranges: [{ start: cell.index, end: cell.index + 1 }],
      document: notebook.uri,
    });
    let resolve: (hasRun: boolean) => void = () => undefined;
    const ended = new Promise<boolean>((done) => (resolve = done));
    const own = { hasBegun: false };
    const stop = () =>
      void vscode.commands.executeCommand('notebook.cell.cancelExecution', range());
    const listeners = vscode.Disposable.from(
      this.sessions.onDidChange((change) => {
        if (!('cell' in change) || change.cell !== cell) return;
        if (change.kind === 'begins') own.hasBegun = true;
        if (change.kind === 'dropped') resolve(false);
      }),
      // Its outputs are there by then.
      vscode.workspace.onDidChangeNotebookDocument(({ cellChanges }) => {
        const changed = cellChanges.find((one) => one.cell === cell);
        if (own.hasBegun && changed?.executionSummary?.timing) resolve(true);
      }),
      vscode.workspace.onDidCloseNotebookDocument((closed) => {
        if (closed === notebook) resolve(false);
      }),
      token.onCancellationRequested(stop),
    );
    try {
      await vscode.commands.executeCommand('notebook.cell.execute', range());
      // Nobody took it where VS Code asked for a kernel and got none.
      if (!own.hasBegun && !this.sessions.get(notebook)?.isAtWork(cell)) resolve(false);
      if (token.isCancellationRequested) stop();
      return await ended;
    } finally {
      listeners.dispose();
    }
  }
}

const takenOut =
  'The cell did not run: it was taken out before its turn, as when the user stops the kernel, restarts it or closes the notebook.';

const errorMime = 'application/vnd.code.notebook.error';
const textMimes = [
  'application/vnd.code.notebook.stdout',
  'application/vnd.code.notebook.stderr',
  'text/plain',
];

function reportOf(cell: vscode.NotebookCell, input: Input) {
  const decoder = new TextDecoder();
  const items = cell.outputs.flatMap((output) => output.items);
  const textOf = (mimes: readonly string[]) =>
    cell.outputs
      .map((output) => output.items.find(({ mime }) => mimes.includes(mime)))
      .flatMap((item) => (item ? [decoder.decode(item.data)] : []))
      .join('\n');
  const errors = items
    .filter(({ mime }) => mime === errorMime)
    .map(
      ({ data }) =>
        JSON.parse(decoder.decode(data)) as { name: string; message: string; stack: string },
    );
  const { success, timing, executionOrder } = cell.executionSummary ?? {};
  const text = textOf(textMimes);
  return {
    succeeded: success === true,
    executionOrder,
    seconds: timing ? (timing.endTime - timing.startTime) / 1000 : null,
    output:
      text.length > mostText
        ? `${text.slice(0, mostText)}… ${text.length - mostText} characters more`
        : text,
    errors,
    shows: [...new Set(items.map(({ mime }) => mime))],
    training: payloadsOf(input, lossMime).map(({ payload }) =>
      trainingNumbers(parseLoss(payload), fewPoints),
    ),
  };
}
