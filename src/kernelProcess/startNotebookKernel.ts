import * as path from 'node:path';
import * as vscode from 'vscode';
import {
  type KernelClient,
  type SpareKernel,
  startKernel,
} from '../../kernel/client/kernelClient.js';
import { folderOf } from '../notebook/folderOf.js';

/** Starts the kernel of a notebook, and logs its life. */
export function startNotebookKernel(
  kernelPath: string,
  notebook: vscode.NotebookDocument,
  spare: SpareKernel,
  log: vscode.LogOutputChannel,
): KernelClient {
  const cwd = folderOf(notebook);
  const name = path.posix.basename(notebook.uri.path);
  const mayTake = vscode.workspace
    .getConfiguration('unroll.kernel')
    .get<boolean>('keepSpare', true);
  const options = { kernelPath, cwd, ...limitsOf(notebook) };
  const kernel = startKernel(options, mayTake ? spare : undefined);
  log.info(`${name}: starting a kernel in ${cwd}`);
  kernel.ready.then(
    ({ pid, node }) => log.info(`${name}: kernel ${pid} is ready (Node ${node})`),
    (error: unknown) => log.error(`${name}: ${String(error)}`),
  );
  kernel.onFree((event) => {
    if (event.type === 'refused')
      log.error(`${name}: the kernel refused a message: ${event.reason}`);
  });
  kernel.onExit(({ code, signal, stderr, expected }) => {
    const end = `${name}: kernel ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`;
    if (expected) log.info(end);
    else log.error(end);
    if (stderr !== '') log.info(`${name}: its raw stderr:\n${stderr}`);
  });
  return kernel;
}

/** Settings are read when a kernel starts; 0 stands for no limit of ours. */
function limitsOf({ uri }: vscode.NotebookDocument): { memoryLimit?: number; threads?: number } {
  const settings = vscode.workspace.getConfiguration('unroll.kernel', uri);
  const memoryLimit = settings.get<number>('memoryLimit', 0);
  const threads = settings.get<number>('threads', 0);
  return {
    ...(memoryLimit > 0 ? { memoryLimit: Math.max(leastMemory, memoryLimit) } : {}),
    ...(threads > 0 ? { threads } : {}),
  };
}

/** Megabytes; a kernel that has run nothing needs more than half of it. */
const leastMemory = 256;
