/** Starts the language server with the first notebook of ours, and tells it and VS Code which these are. */
import * as vscode from 'vscode';
import { folderOf } from '../notebook/folderOf.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { keepBuiltInOut } from './builtInTypeScript.js';
import type { LiveValues } from './kernelCompletion.js';
import type { LanguageClientHandle } from './languageClient.js';

export class LanguageService implements vscode.Disposable {
  #client: Promise<LanguageClientHandle> | undefined;
  /** What was told last. */
  #told = '';
  readonly #listeners: vscode.Disposable;

  constructor(
    private readonly notebooks: OurNotebooks,
    private readonly live: LiveValues,
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    // VS Code goes on with what it opens first: nobody waits for types in that moment.
    const first = setImmediate(() => this.#update());
    this.#listeners = vscode.Disposable.from(
      notebooks.onDidChange(() => this.#update()),
      { dispose: () => clearImmediate(first) },
    );
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#client?.then(
      (client) => client.stop(),
      () => undefined,
    );
  }

  #update(): void {
    const ours = this.notebooks.all.map((one) => ({
      uri: one.uri.toString(),
      folder: folderOf(one),
    }));
    if (ours.length === 0 && !this.#client) return;
    const told = JSON.stringify(ours);
    if (told === this.#told) return;
    this.#told = told;
    this.#tell(ours).catch((error: unknown) => {
      this.log.error(`The language server could not be started: ${String(error)}`);
    });
  }

  async #tell(ours: { uri: string; folder: string }[]): Promise<void> {
    const keptOut = keepBuiltInOut(this.notebooks.all);
    this.#client ??= this.#start();
    const client = await this.#client;
    await Promise.all([client.setNotebooks(ours), keptOut]);
  }

  async #start(): Promise<LanguageClientHandle> {
    // A bundle of its own: nobody waits for it who opens no notebook.
    const { startLanguageClient } = await import('./languageClient.js');
    const serverPath = vscode.Uri.joinPath(this.extensionUri, 'dist', 'languageServer.js').fsPath;
    return await startLanguageClient(serverPath, this.live, this.log);
  }
}
