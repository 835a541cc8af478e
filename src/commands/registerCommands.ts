import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { convertNotebook } from './convertNotebook.js';
import { interruptKernel, restartAndRunAll, restartKernel } from './kernelCommands.js';
import { clearTimers } from './timerCommands.js';
import { changeClipNorm, changeLearningRate, steerTraining } from './trainingCommands.js';
import { newNotebook } from './newNotebook.js';
import { openExample } from './openExample.js';

/** The commands that package.json contributes. */
export function registerCommands(
  { id: extensionId, extensionUri }: Pick<vscode.Extension<unknown>, 'id' | 'extensionUri'>,
  sessions: NotebookSessions,
): vscode.Disposable {
  const { registerCommand } = vscode.commands;
  const steer = (action: 'pause' | 'resume' | 'stop') =>
    registerCommand(`unroll.${action}Training`, (target?: Parameters<typeof steerTraining>[2]) =>
      steerTraining(sessions, action, target),
    );
  return vscode.Disposable.from(
    steer('pause'),
    steer('resume'),
    steer('stop'),
    registerCommand('unroll.changeLearningRate', changeLearningRate.bind(undefined, sessions)),
    registerCommand('unroll.changeClipNorm', changeClipNorm.bind(undefined, sessions)),
    registerCommand('unroll.clearTimers', clearTimers.bind(undefined, sessions)),
    registerCommand('unroll.convertNotebook', convertNotebook),
    registerCommand('unroll.newNotebook', () => newNotebook(extensionId)),
    registerCommand('unroll.openExample', (name?: string) => openExample(extensionUri, name)),
    registerCommand('unroll.interruptKernel', interruptKernel.bind(undefined, sessions)),
    registerCommand('unroll.restartKernel', restartKernel.bind(undefined, sessions)),
    registerCommand('unroll.restartAndRunAll', restartAndRunAll.bind(undefined, sessions)),
  );
}
