/** Pause, resume, stop and change training: of the cell whose button was pressed, else of the whole notebook. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { findNotebook, type ToolbarContext } from './findNotebook.js';

/** A cell's toolbar hands over the cell, the notebook's toolbar its editor. */
type Target = vscode.NotebookCell | ToolbarContext | undefined;

function isCell(target: Target): target is vscode.NotebookCell {
  return target !== undefined && 'document' in target;
}

function findSession(sessions: NotebookSessions, target: Target) {
  const notebook = isCell(target) ? target.notebook : findNotebook(target);
  return notebook && sessions.get(notebook);
}

export function steerTraining(
  sessions: NotebookSessions,
  action: 'pause' | 'resume' | 'stop',
  target?: Target,
): void {
  findSession(sessions, target)?.steer({ action }, isCell(target) ? target : undefined);
}

/** From the next step on, in every run of the notebook; the loss curve gets a mark. */
export async function changeLearningRate(
  sessions: NotebookSessions,
  target?: Target,
  given?: number,
): Promise<void> {
  const session = findSession(sessions, target);
  const last = session?.trainings.last;
  if (!session || !last) {
    sayThatNothingTrains();
    return;
  }
  const lr = given ?? (await askForNumber('Learning rate from the next step on', String(last.lr)));
  if (lr !== undefined) session.steer({ action: 'change', lr });
}

export async function changeClipNorm(
  sessions: NotebookSessions,
  target?: Target,
  given?: number,
): Promise<void> {
  const session = findSession(sessions, target);
  const last = session?.trainings.last;
  if (!session || !last) {
    sayThatNothingTrains();
    return;
  }
  const prompt = 'Largest global gradient norm from the next step on; 0: no clipping';
  const norm = given ?? (await askForNumber(prompt, String(last.clipNorm ?? 0), true));
  if (norm !== undefined) session.steer({ action: 'change', clipNorm: norm === 0 ? null : norm });
}

function sayThatNothingTrains(): void {
  void vscode.window.showInformationMessage('Nothing trains in this notebook.');
}

async function askForNumber(
  prompt: string,
  value: string,
  mayBeZero = false,
): Promise<number | undefined> {
  const isValid = (text: string) =>
    text.trim() !== '' &&
    Number.isFinite(Number(text)) &&
    (Number(text) > 0 || (mayBeZero && Number(text) === 0));
  const text = await vscode.window.showInputBox({
    prompt,
    value,
    validateInput: (typed) => (isValid(typed) ? undefined : 'A positive number'),
  });
  return text === undefined ? undefined : Number(text);
}
