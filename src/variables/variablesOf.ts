/** The variables of the notebook that is in front, or why there are none to show. */
import * as vscode from 'vscode';
import type { VariableSummary } from '../../kernel/contract/protocol.js';
import type { ShownVariable, VariablesState } from '../../kernel/contract/variablesView.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { whyNothingRuns } from '../notebook/whyNothingRuns.js';

/** Why a notebook has no variables; undefined where it has a kernel to ask. */
export function stateWithout(
  notebook: vscode.NotebookDocument | undefined,
  isOurs: boolean,
  sessions: NotebookSessions,
): Exclude<VariablesState, 'live' | 'waiting'> | undefined {
  if (!notebook) return 'noNotebook';
  if (!isOurs) return 'otherKernel';
  const reason = whyNothingRuns(notebook);
  if (reason) return reason.name === 'VirtualNotebookError' ? 'virtual' : 'untrusted';
  const session = sessions.get(notebook);
  if (!session?.hasKernel) return 'noKernel';
  return session.state === 'ended' ? 'ended' : undefined;
}

export function toShown(
  notebook: vscode.NotebookDocument,
  variables: readonly VariableSummary[],
): ShownVariable[] {
  const cells = new Map(notebook.getCells().map((cell) => [cell.document.uri.toString(), cell]));
  return variables.map(({ cell: reference, ...variable }) => {
    const cell = reference && cells.get(reference.id);
    return {
      ...variable,
      ...(cell ? { cell: { index: cell.index, label: labelOf(cell) } } : {}),
      opens: opens(variable),
    };
  });
}

/** As VS Code writes it beside the cell. */
function labelOf({ executionSummary }: vscode.NotebookCell): string {
  const order = executionSummary?.executionOrder;
  return order === undefined ? '[ ]' : `[${order}]`;
}

const plain = new Set(
  'number bigint boolean symbol undefined null function class Promise Date RegExp Proxy'.split(' '),
);

/** The kernel decides when it is asked; this says what is worth asking for. */
function opens({ type, preview }: Pick<VariableSummary, 'type' | 'preview'>): boolean {
  if (type === 'string') return preview.length > 60;
  return !plain.has(type) && !preview.endsWith('{}') && preview !== '[]';
}
