import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { type KernelClient, startKernel } from '../../kernel/client/kernelClient.js';

/** Starts the kernel of a notebook, and logs its life. */
export function startNotebookKernel(
  kernelPath: string,
  notebook: vscode.NotebookDocument,
  log: vscode.LogOutputChannel,
): KernelClient {
  const cwd = folderOf(notebook);
  const name = path.posix.basename(notebook.uri.path);
  const kernel = startKernel({ kernelPath, cwd });
  log.info(`${name}: starting a kernel in ${cwd}`);
  kernel.ready.then(
    ({ pid, node }) => log.info(`${name}: kernel ${pid} is ready (Node ${node})`),
    (error: unknown) => log.error(`${name}: ${String(error)}`),
  );
  kernel.onExit(({ code, signal, stderr, expected }) => {
    const end = `${name}: kernel ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`;
    if (expected) log.info(end);
    else log.error(end);
    if (stderr !== '') log.info(`${name}: its raw stderr:\n${stderr}`);
  });
  return kernel;
}

/** The notebook's own folder; for one that has none yet, the workspace's. */
function folderOf({ uri }: vscode.NotebookDocument): string {
  if (uri.scheme === 'file') return path.dirname(uri.fsPath);
  const folder = vscode.workspace.workspaceFolders?.find((one) => one.uri.scheme === 'file');
  return folder?.uri.fsPath ?? homedir();
}
