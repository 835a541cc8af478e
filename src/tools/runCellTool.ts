/** Runs a cell for a language model, after the user has seen its code and agreed. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { whyNothingRuns } from '../notebook/whyNothingRuns.js';
import { lossMime } from '../../kernel/contract/mime.js';
import { parseLoss } from '../../kernel/contract/parsePayload.js';
import { type CellInput, findCell, payloadsOf, ToolInputError, toResult } from './toolNotebook.js';
import { trainingNumbers } from './trainingNumbers.js';

const mostText = 8000;
const fewPoints = 20;
type Input = CellInput & { cell: number };

export class RunCellTool implements vscode.LanguageModelTool<Input> {
  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<Input>): vscode.PreparedToolInvocation {
    const cell = findCell(input);
    refuseWhereNothingRuns(cell.notebook);
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
    const cell = findCell(input);
    if (cell.kind !== vscode.NotebookCellKind.Code)
      throw new ToolInputError(`Cell ${input.cell} is text, and does not run.`);
    const { notebook } = cell;
    refuseWhereNothingRuns(notebook);
    if (!vscode.window.visibleNotebookEditors.some((one) => one.notebook === notebook))
      await vscode.window.showNotebookDocument(notebook, { preserveFocus: true });
    await runToEnd(cell, token);
    return toResult(reportOf(cell, input));
  }
}

/** Before the user is asked, too. @throws ToolInputError */
function refuseWhereNothingRuns(notebook: vscode.NotebookDocument): void {
  const reason = whyNothingRuns(notebook);
  if (reason) throw new ToolInputError(reason.message);
}

/** Resolves when the run that is begun here has ended; cancelling it stops the cell. */
async function runToEnd(cell: vscode.NotebookCell, token: vscode.CancellationToken): Promise<void> {
  const { notebook } = cell;
  const range = () => ({
    ranges: [{ start: cell.index, end: cell.index + 1 }],
    document: notebook.uri,
  });
  let hasEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    hasEnded = resolve;
  });
  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidChangeNotebookDocument((event) => {
      const own = event.notebook === notebook && event.cellChanges.find((one) => one.cell === cell);
      if (own && own.executionSummary?.timing) hasEnded();
    }),
    vscode.workspace.onDidCloseNotebookDocument((closed) => {
      if (closed === notebook) hasEnded();
    }),
    token.onCancellationRequested(() => {
      void vscode.commands.executeCommand('notebook.cell.cancelExecution', range());
    }),
  );
  try {
    await vscode.commands.executeCommand('notebook.cell.execute', range());
    await ended;
  } finally {
    listeners.dispose();
  }
}

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
