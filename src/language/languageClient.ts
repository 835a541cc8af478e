/** The client of the language server: a bundle of its own, loaded with the first notebook of ours. */
import * as vscode from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
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
  log: vscode.LogOutputChannel,
): Promise<LanguageClientHandle> {
  const watcher = vscode.workspace.createFileSystemWatcher(watchedFiles);
  const server = { module: serverPath, transport: TransportKind.ipc, options: { execArgv: [] } };
  const serverOptions: ServerOptions = { run: server, debug: server };
  const clientOptions: LanguageClientOptions = {
    documentSelector: [{ notebook: { notebookType: 'jupyter-notebook' }, language: 'typescript' }],
    outputChannel: log,
    synchronize: { fileEvents: watcher },
    diagnosticCollectionName: 'unroll-language',
  };
  const client = new LanguageClient('unroll', 'Unroll', serverOptions, clientOptions);
  await client.start();
  return {
    setNotebooks: (notebooks) => client.sendNotification('unroll/notebooks', notebooks),
    async stop() {
      watcher.dispose();
      await client.dispose();
    },
  };
}
