/** The client of the language server: a bundle of its own, loaded with the first notebook of ours. */
import * as vscode from 'vscode';
import { language, notebookTypes } from '../notebook/kernelspec.js';
import { builtInTypeScript } from './builtInTypeScript.js';
import { inlayPreferences } from './inlayPreferences.js';
import { type LiveValues, withLiveValues } from './kernelCompletion.js';
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  State,
  TransportKind,
} from 'vscode-languageclient/node';

export interface LanguageClientHandle {
  /** The notebooks that the server answers for. */
  setNotebooks(notebooks: { uri: string; folder: string }[]): Promise<void>;
  stop(): Promise<void>;
}

/** What imports may lead to, and what says where they lead. */
const watchedFiles =
  '**/{*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,json},yarn.lock,pnpm-lock.yaml,bun.lock}';

export async function startLanguageClient(
  serverPath: string,
  live: LiveValues,
  log: vscode.LogOutputChannel,
): Promise<LanguageClientHandle> {
  const watcher = vscode.workspace.createFileSystemWatcher(watchedFiles);
  const server = { module: serverPath, transport: TransportKind.ipc, options: { execArgv: [] } };
  const serverOptions: ServerOptions = { run: server, debug: server };
  const clientOptions: LanguageClientOptions = {
    documentSelector: notebookTypes.map((type) => ({ notebook: { notebookType: type }, language })),
    outputChannel: log,
    synchronize: { fileEvents: watcher },
    middleware: {
      async provideCompletionItem(document, position, context, token, next) {
        const found = await next(document, position, context, token);
        const items = Array.isArray(found) ? found : (found?.items ?? []);
        const all = await withLiveValues(live, document, position, items);
        return Array.isArray(found) ? all : new vscode.CompletionList(all, found?.isIncomplete);
      },
      // The client answers nothing where VS Code gave up, which VS Code takes for all there is: no import for that item.
      async resolveCompletionItem(item, token, next) {
        const found = await next(item, token);
        if (token.isCancellationRequested) throw new vscode.CancellationError();
        return found;
      },
    },
    diagnosticCollectionName: 'unroll-language',
    // Outline, folding and formatting are the built-in service's, where it is not disabled.
    initializationOptions: { isAlone: builtInTypeScript() === undefined },
  };
  const client = new LanguageClient('unroll', 'Unroll', serverOptions, clientOptions);
  let notebooks: { uri: string; folder: string }[] = [];
  const tellNotebooks = () => client.sendNotification('unroll/notebooks', notebooks);
  const tellPreferences = () => client.sendNotification('unroll/preferences', inlayPreferences());
  const subscriptions = vscode.Disposable.from(
    watcher,
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('typescript') || event.affectsConfiguration('js/ts')) {
        void tellPreferences();
      }
    }),
    // A server that is started again knows nothing.
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) void Promise.all([tellPreferences(), tellNotebooks()]);
    }),
  );
  await client.start();
  return {
    async setNotebooks(ours) {
      notebooks = ours;
      if (client.state === State.Running) await tellNotebooks();
    },
    async stop() {
      subscriptions.dispose();
      await client.dispose();
    },
  };
}
