/** Pause, resume, stop and change training: of the cell whose button was pressed, else of the whole notebook. */
import * as vscode from 'vscode';
import type { TrainingEvent } from '../../kernel/contract/protocol.js';
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

/** The trainings that an action is for. */
const meant = {
  pause: ['running'],
  resume: ['paused'],
  stop: ['running', 'paused'],
} as const;
const nothingTrains = 'Nothing trains in this notebook.';

export function steerTraining(
  sessions: NotebookSessions,
  action: keyof typeof meant,
  target?: Target,
): void {
  const session = findSession(sessions, target);
  if (session && meant[action].some((status) => session.trainings.cells(status).length > 0)) {
    session.steer({ action }, isCell(target) ? target : undefined);
    return;
  }
  const paused = 'No training is paused in this notebook.';
  void vscode.window.showInformationMessage(action === 'resume' ? paused : nothingTrains);
}

/** From the next step on, in every run of the notebook; the loss curve gets a mark. */
export async function changeLearningRate(
  sessions: NotebookSessions,
  target?: Target,
  given?: number,
): Promise<void> {
  await change(sessions, target, async ({ lr: last }) => {
    const prompt = 'Learning rate from the next step on';
    const lr = given ?? (await askForNumber(prompt, String(last)));
    return lr === undefined ? undefined : { lr };
  });
}

export async function changeClipNorm(
  sessions: NotebookSessions,
  target?: Target,
  given?: number,
): Promise<void> {
  await change(sessions, target, async ({ clipNorm: last }) => {
    const prompt = 'Largest global gradient norm from the next step on; 0: no clipping';
    const norm = given ?? (await askForNumber(prompt, String(last ?? 0), true));
    return norm === undefined ? undefined : { clipNorm: norm === 0 ? null : norm };
  });
}

/** @param ask What is to change, seen from the settings of the run that began last; undefined: nothing. */
async function change(
  sessions: NotebookSessions,
  target: Target,
  ask: (last: TrainingEvent) => Promise<{ lr?: number; clipNorm?: number | null } | undefined>,
): Promise<void> {
  const session = findSession(sessions, target);
  const last = session?.trainings.last;
  if (!session || !last) {
    void vscode.window.showInformationMessage(nothingTrains);
    return;
  }
  const changed = await ask(last);
  if (changed) session.steer({ action: 'change', ...changed });
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
