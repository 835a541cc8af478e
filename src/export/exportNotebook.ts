/**
 * Unroll: Export as …. The notebook as it stands, saved or not, goes to `unroll export` in a process of its own, so that
 * the command line and VS Code write the same file, and drawing charts never holds up the editor.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { kernelEnvironment } from '../../kernel/client/kernelEnvironment.js';
import { findNotebook, type ToolbarContext } from '../commands/findNotebook.js';
import { folderOf } from '../notebook/folderOf.js';
import { toJupyter } from './toJupyter.js';

interface Form {
  command: string;
  to: 'html' | 'script' | 'markdown';
  extension: string;
  filter: string;
  /** Shows what was written. */
  open: (file: vscode.Uri) => Thenable<unknown>;
}

const openEditor = (file: vscode.Uri) => vscode.commands.executeCommand('vscode.open', file);

const forms: readonly Form[] = [
  {
    command: 'unroll.exportHtml',
    to: 'html',
    extension: 'html',
    filter: 'Web page',
    // A browser on this machine can't open a file of another.
    open: (file) =>
      vscode.env.remoteName === undefined ? vscode.env.openExternal(file) : openEditor(file),
  },
  {
    command: 'unroll.exportScript',
    to: 'script',
    extension: 'ts',
    filter: 'TypeScript',
    open: openEditor,
  },
  {
    command: 'unroll.exportMarkdown',
    to: 'markdown',
    extension: 'md',
    filter: 'Markdown',
    open: (file) => vscode.commands.executeCommand('markdown.showPreview', file),
  },
];

/** The export ended with what it said. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

export function registerExport(
  extensionUri: vscode.Uri,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const cli = vscode.Uri.joinPath(extensionUri, 'dist', 'cli.js').fsPath;
  return vscode.Disposable.from(
    ...forms.map((form) =>
      vscode.commands.registerCommand(
        form.command,
        (context?: ToolbarContext, target?: vscode.Uri) =>
          exportNotebook(cli, form, log, context, target),
      ),
    ),
  );
}

/**
 * @param target Where to, instead of asking
 * @returns the file that was written
 */
async function exportNotebook(
  cli: string,
  form: Form,
  log: vscode.LogOutputChannel,
  context?: ToolbarContext,
  target?: vscode.Uri,
): Promise<vscode.Uri | undefined> {
  const notebook = findNotebook(context);
  if (!notebook) {
    void vscode.window.showInformationMessage('No notebook is open to be exported.');
    return undefined;
  }
  const file = target ?? (await askWhere(notebook, form));
  if (!file) return undefined;
  const title = `Exporting to ${path.basename(file.fsPath)}`;
  try {
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      runExport(cli, form, notebook, file.fsPath),
    );
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    log.error(`Export of ${notebook.uri.path}: ${error.message}`);
    void vscode.window.showErrorMessage(error.message);
    return undefined;
  }
  if (!target) void offerToOpen(file, form);
  return file;
}

async function askWhere(
  notebook: vscode.NotebookDocument,
  { extension, filter }: Form,
): Promise<vscode.Uri | undefined> {
  const defaultUri = vscode.Uri.file(
    path.join(folderOf(notebook), `${nameOf(notebook)}.${extension}`),
  );
  return await vscode.window.showSaveDialog({ defaultUri, filters: { [filter]: [extension] } });
}

const nameOf = ({ uri }: vscode.NotebookDocument): string =>
  path.posix.basename(uri.path).replace(/\.(ipynb|nb\.ts|ts)$/, '') || 'notebook';

async function runExport(
  cli: string,
  { to }: Form,
  notebook: vscode.NotebookDocument,
  file: string,
): Promise<void> {
  const place = ['--name', nameOf(notebook), '--folder', folderOf(notebook)];
  const child = spawn(process.execPath, [cli, 'export', '-', '--to', to, '-o', file, ...place], {
    env: kernelEnvironment(process.env),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  // Where the process ends before it has read all, its end says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(toJupyter(notebook));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new ExportError(said.trim() || `The export ended with ${code ?? 'a signal'}.`);
}

async function offerToOpen(file: vscode.Uri, { open }: Form): Promise<void> {
  const message = `Exported to ${path.basename(file.fsPath)}.`;
  if ((await vscode.window.showInformationMessage(message, 'Open')) === 'Open') await open(file);
}
