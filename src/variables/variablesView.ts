/**
 * The Variables view: what the cells of the notebook in front declared. Asks the kernel only while it is seen, after
 * each cell; a kernel that is busy shows what there was, and says so.
 */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { VariableSummary } from '../../kernel/contract/protocol.js';
import {
  type ConfirmForget,
  parseListMessage,
  type VariablesShown,
  type VariablesState,
} from '../../kernel/contract/variablesView.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { KernelQuestion } from './kernelQuestions.js';
import { revealCell } from './revealCell.js';
import type { ValuePages } from './valuePages.js';
import { stateWithout, toShown } from './variablesOf.js';
import { pageFolder, pageHtml } from './webviewPage.js';

export const variablesViewId = 'unroll.variables';
/** Cells that end in quick succession are one change. */
const restMs = 60;

export class VariablesView implements vscode.WebviewViewProvider, vscode.Disposable {
  #view: vscode.WebviewView | undefined;
  #answers = 0;
  #state: VariablesState | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The notebook that was in front last. */
  #last = vscode.window.activeNotebookEditor?.notebook;
  readonly #known = new WeakMap<vscode.NotebookDocument, VariableSummary[]>();
  readonly #questions = new WeakMap<vscode.NotebookDocument, KernelQuestion<VariableSummary[]>>();
  readonly #listeners: vscode.Disposable;

  constructor(
    private readonly sessions: NotebookSessions,
    private readonly notebooks: OurNotebooks,
    private readonly pages: ValuePages,
    private readonly extensionUri: vscode.Uri,
  ) {
    const renew = () => this.#renewSoon();
    this.#listeners = vscode.Disposable.from(
      vscode.window.registerWebviewViewProvider(variablesViewId, this),
      vscode.window.onDidChangeActiveNotebookEditor((editor) => {
        if (editor) this.#last = editor.notebook;
        renew();
      }),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        if (closed.length > 0) renew();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(renew),
      notebooks.onDidChange(renew),
      // Cells moved, or have their numbers: nothing that the kernel has to be asked for.
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
        const isMoved = contentChanges.length > 0;
        if (!isMoved && !cellChanges.some((one) => one.executionSummary)) return;
        if (this.#state && this.#view?.visible && notebook === this.#notebook)
          this.#post(this.#state, notebook);
      }),
      sessions.onDidChange(({ kind, notebook }) => {
        if (kind === 'fresh') this.#known.delete(notebook);
        if (kind === 'state' || kind === 'fresh' || kind === 'ran') renew();
      }),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { webview } = view;
    this.#view = view;
    webview.options = { enableScripts: true, localResourceRoots: [pageFolder(this.extensionUri)] };
    webview.onDidReceiveMessage((message) => this.#receive(message));
    view.onDidChangeVisibility(() => this.#renewSoon());
    view.onDidDispose(() => {
      this.#view = undefined;
    });
    webview.html = pageHtml(webview, this.extensionUri, 'variables.js');
  }

  /** Asks in its row whether the variable is to be taken away. */
  confirmForget(name: string): void {
    void this.#view?.webview.postMessage({ kind: 'confirmForget', name } satisfies ConfirmForget);
  }

  async reveal(name: string): Promise<void> {
    const notebook = this.#notebook;
    if (!notebook) return;
    const variable = this.#known.get(notebook)?.find((one) => one.name === name);
    await revealCell(notebook, variable?.cell?.id);
  }

  open(name: string): void {
    if (this.#notebook) this.pages.open(this.#notebook, name);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.dispose();
  }

  get #notebook(): vscode.NotebookDocument | undefined {
    // A page of a value or a module in front does not change whose variables are shown.
    const { activeNotebookEditor, visibleNotebookEditors } = vscode.window;
    const beside = () => visibleNotebookEditors.find((one) => this.notebooks.has(one.notebook));
    const behind = () =>
      this.#last && this.notebooks.has(this.#last) && hasTab(this.#last) ? this.#last : undefined;
    return activeNotebookEditor?.notebook ?? this.pages.active ?? beside()?.notebook ?? behind();
  }

  #receive(message: unknown): void {
    const wish = parseListMessage(message);
    switch (wish.kind) {
      case 'ready':
        this.#renewSoon();
        break;
      case 'newNotebook':
        void vscode.commands.executeCommand('unroll.newNotebook');
        break;
      case 'open':
        this.open(wish.name);
        break;
      case 'reveal':
        void this.reveal(wish.name);
        break;
      case 'forget':
        void this.forget(wish.name);
        break;
    }
  }

  async forget(name: string): Promise<void> {
    const notebook = this.#notebook;
    const kernel = notebook && this.sessions.get(notebook)?.kernel;
    if (await kernel?.forget(name)) this.#renewSoon();
  }

  #renewSoon(): void {
    if (!this.#view?.visible) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#renew();
    }, restMs);
  }

  #renew(): void {
    const notebook = this.#notebook;
    const without = stateWithout(
      notebook,
      notebook !== undefined && this.notebooks.has(notebook),
      this.sessions,
    );
    if (without !== undefined || !notebook) {
      this.#post(without ?? 'noNotebook', notebook);
      return;
    }
    this.#questionOf(notebook).renew();
  }

  #questionOf(notebook: vscode.NotebookDocument): KernelQuestion<VariableSummary[]> {
    const known = this.#questions.get(notebook);
    if (known) return known;
    const question = new KernelQuestion(
      async () => (await this.sessions.get(notebook)?.kernel?.variables())?.variables,
      (variables) => {
        if (!variables) return;
        this.#known.set(notebook, variables);
        this.#answers++;
        if (notebook === this.#notebook) this.#post('live', notebook);
      },
      () => {
        if (notebook === this.#notebook) this.#post('waiting', notebook);
      },
    );
    this.#questions.set(notebook, question);
    return question;
  }

  #post(state: VariablesState, notebook: vscode.NotebookDocument | undefined): void {
    this.#state = state;
    const known = notebook && ['live', 'waiting'].includes(state) && this.#known.get(notebook);
    const message: VariablesShown = {
      kind: 'variables',
      state,
      notebook: notebook ? path.posix.basename(notebook.uri.path) : '',
      variables: known ? toShown(notebook, known) : [],
      answer: this.#answers,
    };
    void this.#view?.webview.postMessage(message);
  }
}

function hasTab({ uri }: vscode.NotebookDocument): boolean {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.some(
    ({ input }) =>
      input instanceof vscode.TabInputNotebook && input.uri.toString() === uri.toString(),
  );
}
