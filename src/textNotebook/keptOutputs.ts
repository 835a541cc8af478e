/**
 * Outputs of text notebooks, kept beside them where the user asks for it (`unroll.textNotebook.keepOutputs`): in
 * `train.outputs.ipynb` beside `train.nb.ts`, a notebook that any viewer shows. Written when the text is saved; when it is
 * opened again, cells whose text is the same show what they showed.
 */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { toJupyter } from '../export/toJupyter.js';
import { textNotebookType } from '../notebook/kernelspec.js';
import { toOutputs } from './toOutputs.js';

interface KeptCell {
  cell_type?: unknown;
  source?: unknown;
  execution_count?: unknown;
  outputs?: unknown;
}

export function keepOutputs(
  controllers: readonly vscode.NotebookController[],
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const said =
    (what: string, { uri }: vscode.NotebookDocument) =>
    (error: unknown) => {
      log.error(`${posix.basename(uri.path)}: its outputs could not be ${what}: ${String(error)}`);
    };
  return vscode.Disposable.from(
    vscode.workspace.onDidSaveNotebookDocument((notebook) => {
      if (isAsked(notebook)) write(notebook).catch(said('kept', notebook));
    }),
    ...controllers.map((controller) =>
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (selected && isAsked(notebook))
          restore(notebook, controller).catch(said('shown again', notebook));
      }),
    ),
  );
}

function isAsked({ notebookType, uri }: vscode.NotebookDocument): boolean {
  if (notebookType !== textNotebookType || uri.scheme === 'untitled') return false;
  return vscode.workspace.getConfiguration('unroll.textNotebook', uri).get('keepOutputs', false);
}

const fileOf = ({ uri }: vscode.NotebookDocument): vscode.Uri =>
  uri.with({ path: `${uri.path.replace(/(\.nb)?\.ts$/, '')}.outputs.ipynb` });

async function write(notebook: vscode.NotebookDocument): Promise<void> {
  const text = JSON.stringify(JSON.parse(toJupyter(notebook)), null, 1);
  await vscode.workspace.fs.writeFile(fileOf(notebook), new TextEncoder().encode(`${text}\n`));
}

async function restore(
  notebook: vscode.NotebookDocument,
  controller: vscode.NotebookController,
): Promise<void> {
  const kept = await read(fileOf(notebook));
  for (const cell of notebook.getCells()) {
    if (cell.kind !== vscode.NotebookCellKind.Code || cell.outputs.length > 0) continue;
    const text = cell.document.getText();
    const at = kept.findIndex((one) => one.source === text && one.cell_type === 'code');
    if (at < 0) continue;
    // Cells keep their order, so the same text twice is told apart.
    const [found] = kept.splice(0, at + 1).slice(-1);
    const outputs = toOutputs(found?.outputs);
    if (outputs.length > 0) await show(controller, cell, outputs, found?.execution_count);
  }
}

/** Outputs come only from an execution; this one runs nothing. */
async function show(
  controller: vscode.NotebookController,
  cell: vscode.NotebookCell,
  outputs: vscode.NotebookCellOutput[],
  count: unknown,
): Promise<void> {
  const execution = controller.createNotebookCellExecution(cell);
  if (typeof count === 'number') execution.executionOrder = count;
  execution.start();
  await execution.replaceOutput(outputs);
  execution.end(undefined);
}

/** None where nothing was kept yet. */
async function read(file: vscode.Uri): Promise<KeptCell[]> {
  let bytes: Uint8Array;
  try {
    bytes = await vscode.workspace.fs.readFile(file);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return [];
    throw error;
  }
  const { cells } = JSON.parse(new TextDecoder().decode(bytes)) as { cells?: unknown };
  return Array.isArray(cells) ? (cells as KeptCell[]) : [];
}
