/** The kernel of the notebook in front in the status bar: what it does, and how much memory it has. */
import * as vscode from 'vscode';
import type { KernelState } from '../notebook/kernelState.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { whyNothingRuns } from '../notebook/whyNothingRuns.js';
import { KernelQuestion } from '../variables/kernelQuestions.js';

const looks: Record<KernelState, { icon: string; word: string; tells: string }> = {
  none: {
    icon: 'circle-outline',
    word: 'no kernel',
    tells: 'It starts with the first cell that you run.',
  },
  starting: { icon: 'loading~spin', word: 'starting', tells: 'Its process starts.' },
  idle: { icon: 'circle-filled', word: 'idle', tells: 'It waits for a cell.' },
  busy: { icon: 'loading~spin', word: 'busy', tells: 'A cell runs.' },
  paused: {
    icon: 'debug-pause',
    word: 'paused',
    tells: 'Training waits for you; other cells run meanwhile.',
  },
  ended: {
    icon: 'error',
    word: 'ended',
    tells: 'Its process died, and its variables with it. The next cell starts a fresh one.',
  },
};
/** While a cell runs, memory is asked for so often. */
const everyMs = 3000;

export class KernelStatus implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    'unroll.kernel',
    vscode.StatusBarAlignment.Right,
    101,
  );
  readonly #memory = new WeakMap<vscode.NotebookDocument, number>();
  readonly #questions = new WeakMap<vscode.NotebookDocument, KernelQuestion<number>>();
  readonly #listeners: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: NotebookSessions,
    private readonly notebooks: OurNotebooks,
  ) {
    this.#item.name = 'Unroll Kernel';
    const renew = () => this.#renew();
    this.#listeners = vscode.Disposable.from(
      this.#item,
      vscode.window.onDidChangeActiveNotebookEditor(renew),
      vscode.workspace.onDidGrantWorkspaceTrust(renew),
      notebooks.onDidChange(renew),
      sessions.onDidChange(({ kind, notebook }) => {
        if (kind === 'fresh') this.#memory.delete(notebook);
        if (kind === 'state' || kind === 'fresh') renew();
      }),
    );
    renew();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.dispose();
  }

  get #notebook(): vscode.NotebookDocument | undefined {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    return notebook && this.notebooks.has(notebook) ? notebook : undefined;
  }

  #renew(): void {
    const notebook = this.#notebook;
    if (!notebook) {
      this.#item.hide();
      return;
    }
    const reason = whyNothingRuns(notebook);
    if (reason) {
      this.#showReason(reason);
      return;
    }
    const state = this.sessions.get(notebook)?.state ?? 'none';
    if (['idle', 'busy', 'paused'].includes(state)) this.#questionOf(notebook).renew();
    this.#show(notebook, state);
  }

  #showReason({ name, message }: Error): void {
    this.#item.text = '$(circle-slash) Unroll: runs nothing';
    this.#item.tooltip = message;
    this.#item.command =
      name === 'UntrustedWorkspaceError'
        ? 'workbench.trust.manage'
        : 'workbench.action.files.saveAs';
    this.#item.backgroundColor = undefined;
    this.#item.show();
  }

  #show(notebook: vscode.NotebookDocument, state: KernelState): void {
    const { icon, word, tells } = looks[state];
    const hasMemory = state !== 'none' && state !== 'ended';
    const bytes = hasMemory ? this.#memory.get(notebook) : undefined;
    const memory = bytes === undefined ? '' : ` · ${megabytes(bytes)}`;
    this.#item.command = 'unroll.kernelMenu';
    this.#item.text = `$(${icon}) Unroll: ${word}${memory}`;
    this.#item.tooltip = [
      `TypeScript (Unroll) kernel: ${word}. ${tells}`,
      ...(bytes === undefined
        ? []
        : [`Memory of its process, tensors included: ${megabytes(bytes)}`]),
      'Click to interrupt, restart or run cells',
    ].join('\n');
    this.#item.backgroundColor =
      state === 'ended' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    this.#item.show();
  }

  #questionOf(notebook: vscode.NotebookDocument): KernelQuestion<number> {
    const known = this.#questions.get(notebook);
    if (known) return known;
    const question = new KernelQuestion(
      async () => await this.sessions.get(notebook)?.kernel?.memory(),
      (bytes) => this.#answered(notebook, bytes),
      () => undefined,
    );
    this.#questions.set(notebook, question);
    return question;
  }

  #answered(notebook: vscode.NotebookDocument, bytes: number | undefined): void {
    if (bytes === undefined) return;
    this.#memory.set(notebook, bytes);
    if (notebook !== this.#notebook) return;
    const state = this.sessions.get(notebook)?.state ?? 'none';
    this.#show(notebook, state);
    clearTimeout(this.#timer);
    if (state === 'busy') this.#timer = setTimeout(() => this.#renew(), everyMs);
  }
}

function megabytes(bytes: number): string {
  const size = bytes / 1e6;
  return size < 999.5 ? `${Math.round(size)} MB` : `${(size / 1000).toFixed(1)} GB`;
}
