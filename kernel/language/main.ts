/**
 * The language server's process: speaks the language server protocol over Node's IPC channel, with notebook
 * synchronisation. It answers for the notebooks that the client names as ours (`unroll/notebooks`), and ends
 * with its host.
 */
import { fileURLToPath } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { givesUpEarly } from './givesUpEarly.js';
import { startLanguageServer } from './languageServer.js';

const inDist = (path: string) => fileURLToPath(new URL(path, import.meta.url));

startLanguageServer(createConnection(ProposedFeatures.all, { connectionStrategy: givesUpEarly }), {
  libFolder: inDist('./language/lib'),
  typesFolder: inDist('./language/types'),
  unrollTypes: inDist('./types/unroll.d.ts'),
});
