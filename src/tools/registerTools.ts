/** Tools for language models (VS Code's stable API): run a cell, and what came of it as numbers. */
import * as vscode from 'vscode';
import { lossMime, traceMime } from '../../kernel/contract/mime.js';
import { parseLoss, parseTrace } from '../../kernel/contract/parsePayload.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { whyNothingRuns } from '../notebook/whyNothingRuns.js';
import { gradientNumbers } from './gradientNumbers.js';
import { RunCellTool } from './runCellTool.js';
import {
  type CellInput,
  findNotebook,
  notOurs,
  type NotebookInput,
  payloadsOf,
  toResult,
} from './toolNotebook.js';
import { trainingNumbers } from './trainingNumbers.js';

/** A busy kernel is not waited for for ever. */
const patienceMs = 5000;
const defaultPoints = 200;
const mostPoints = 2000;

export function registerTools(
  sessions: NotebookSessions,
  notebooks: OurNotebooks,
): vscode.Disposable {
  const { registerTool } = vscode.lm;
  return vscode.Disposable.from(
    registerTool('unroll_runCell', new RunCellTool(sessions, notebooks)),
    registerTool<NotebookInput>('unroll_listVariables', {
      prepareInvocation: () => ({ invocationMessage: 'Listing the variables of the notebook' }),
      invoke: async ({ input }) => {
        const notebook = findNotebook(input);
        return toResult(
          notebooks.has(notebook)
            ? await listVariables(sessions, notebook)
            : { kernel: 'other', variables: [], note: notOurs },
        );
      },
    }),
    registerTool<CellInput & { maxPoints?: number }>('unroll_readTraining', {
      prepareInvocation: () => ({ invocationMessage: 'Reading the loss curves of the notebook' }),
      invoke: ({ input }) => {
        const curves = payloadsOf(input, lossMime).map(({ cell, payload }) => ({
          cell,
          ...trainingNumbers(parseLoss(payload), pointsOf(input.maxPoints)),
        }));
        return toResult({
          curves,
          ...noteWhere(curves.length === 0, 'No cell shows a loss curve: run one that calls fit.'),
        });
      },
    }),
    registerTool<CellInput>('unroll_readGradients', {
      prepareInvocation: () => ({ invocationMessage: 'Reading the gradients of the notebook' }),
      invoke: ({ input }) => {
        const traces = payloadsOf(input, traceMime).map(({ cell, payload }) => ({
          cell,
          ...gradientNumbers(parseTrace(payload)),
        }));
        return toResult({
          traces,
          ...noteWhere(
            traces.length === 0,
            'No cell shows a trace: run one that ends with inspect(model, batch, { loss }).',
          ),
        });
      },
    }),
  );
}

const pointsOf = (wished: number | undefined): number =>
  Number.isSafeInteger(wished) ? Math.max(2, Math.min(mostPoints, wished!)) : defaultPoints;

const noteWhere = (condition: boolean, note: string) => (condition ? { note } : {});

async function listVariables(sessions: NotebookSessions, notebook: vscode.NotebookDocument) {
  const session = sessions.get(notebook);
  const state = session?.state ?? 'none';
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), patienceMs);
  });
  const reply = await Promise.race([session?.kernel?.variables(), late]);
  const cells = new Map(
    notebook.getCells().map((cell) => [cell.document.uri.toString(), cell.index]),
  );
  const variables = (reply?.variables ?? []).map(({ cell, ...variable }) => ({
    ...variable,
    ...(cell ? { cell: cells.get(cell.id) ?? null } : {}),
  }));
  const notes: Partial<Record<string, string>> = {
    none: whyNothingRuns(notebook)?.message ?? 'No kernel runs: no cell has run yet.',
    ended: 'The kernel has ended, and its variables with it.',
  };
  const note = notes[state] ?? (reply ? undefined : 'The kernel is busy and has not answered.');
  return { kernel: state, variables, ...(note === undefined ? {} : { note }) };
}
