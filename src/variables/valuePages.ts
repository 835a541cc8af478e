/** Pages beside the notebook that show one variable each: as a heat map, or as a table a page at a time. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import {
  parseValueMessage,
  type ValuePageMessage,
  type ValueWish,
} from '../../kernel/contract/variablesView.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { revealCell } from './revealCell.js';
import { pageFolder, pageHtml } from './webviewPage.js';

/** So long a busy kernel is waited for before the page says that it waits. */
const patienceMs = 400;

interface ValuePage {
  panel: vscode.WebviewPanel;
  notebook: vscode.NotebookDocument;
  name: string;
}

export class ValuePages implements vscode.Disposable {
  readonly #pages = new Set<ValuePage>();
  readonly #listener: vscode.Disposable;

  constructor(
    private readonly sessions: NotebookSessions,
    private readonly extensionUri: vscode.Uri,
  ) {
    this.#listener = sessions.onDidChange(({ kind, notebook }) => {
      if (kind !== 'ran' && kind !== 'fresh') return;
      for (const page of this.#pages)
        if (page.notebook === notebook) post(page, { kind: 'changed' });
    });
  }

  /** The notebook of the page in front. */
  get active(): vscode.NotebookDocument | undefined {
    return [...this.#pages].find(({ panel }) => panel.active)?.notebook;
  }

  open(notebook: vscode.NotebookDocument, name: string): void {
    const open = [...this.#pages].find((one) => one.notebook === notebook && one.name === name);
    if (open) {
      open.panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      'unroll.value',
      name,
      { viewColumn: this.#column(), preserveFocus: false },
      {
        enableScripts: true,
        localResourceRoots: [pageFolder(this.extensionUri)],
        retainContextWhenHidden: true,
      },
    );
    const page: ValuePage = { panel, notebook, name };
    this.#pages.add(page);
    panel.onDidDispose(() => this.#pages.delete(page));
    panel.webview.onDidReceiveMessage((message) => this.#receive(page, message));
    panel.webview.html = pageHtml(panel.webview, this.extensionUri, 'value.js');
  }

  dispose(): void {
    this.#listener.dispose();
    for (const { panel } of this.#pages) panel.dispose();
  }

  /** With the other pages where there are some, else beside the notebook. */
  #column(): vscode.ViewColumn {
    const [other] = this.#pages;
    return other?.panel.viewColumn ?? vscode.ViewColumn.Beside;
  }

  #receive(page: ValuePage, received: unknown): void {
    const message = parseValueMessage(received);
    switch (message.kind) {
      case 'ready': {
        const notebook = path.posix.basename(page.notebook.uri.path);
        post(page, { kind: 'show', name: page.name, notebook });
        break;
      }
      case 'reveal':
        void this.#reveal(page);
        break;
      case 'ask':
        void this.#answer(page, message.request, message.wish);
        break;
    }
  }

  async #reveal({ notebook, name }: ValuePage): Promise<void> {
    const found = await this.sessions.get(notebook)?.kernel?.variables();
    const variable = found?.variables.find((one) => one.name === name);
    await revealCell(notebook, variable?.cell?.id);
  }

  async #answer(page: ValuePage, request: number, wish: ValueWish): Promise<void> {
    const kernel = this.sessions.get(page.notebook)?.kernel;
    const late = setTimeout(() => post(page, { kind: 'waiting', request }), patienceMs);
    const found = await kernel?.slice({ name: page.name, ...wish });
    clearTimeout(late);
    const slice =
      found ?? 'The kernel of the notebook has ended. Run its cells again to see values.';
    post(page, { kind: 'answer', request, slice });
  }
}

function post({ panel }: ValuePage, message: ValuePageMessage): void {
  void panel.webview.postMessage(message);
}
