/** Unroll: Report. All that an issue needs, in an untitled document: nothing is sent anywhere. */
import * as os from 'node:os';
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { redact } from './redact.js';

interface Manifest {
  version: string;
  contributes: { configuration: { properties: Record<string, unknown> } };
}

interface Parts {
  manifest: unknown;
  notebooks: OurNotebooks;
  sessions: NotebookSessions;
  lines: () => readonly string[];
}

export async function showReport(parts: Parts): Promise<vscode.TextDocument> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map(
    ({ uri }, index) => [uri.fsPath, `<workspace ${index + 1}>`] as const,
  );
  const content = redact(toReport(parts), os.homedir(), folders);
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document);
  return document;
}

function toReport({ manifest, notebooks, sessions, lines }: Parts): string {
  const { version, contributes } = manifest as Manifest;
  const kernels = notebooks.all.map((notebook) => {
    const state = sessions.get(notebook)?.hasKernel ? 'with a kernel' : 'without a kernel';
    const cells = `${notebook.cellCount} ${notebook.cellCount === 1 ? 'cell' : 'cells'}`;
    return `- a notebook of ${cells} (${notebook.notebookType}), ${state}`;
  });
  const log = lines().length === 0 ? 'Nothing was logged.' : lines().join('\n');
  return [
    '# Unroll: report',
    '',
    '<!-- Read it before you share it: paths of your home and workspace are left out, but errors in the log may quote',
    'what you wrote. Nothing was sent anywhere. What did you do, what did you expect, what happened? -->',
    '',
    '## Versions',
    '',
    ...versions(version).map(([what, value]) => `- ${what}: ${value}`),
    '',
    '## Settings',
    '',
    ...Object.keys(contributes.configuration.properties).map(settingLine),
    '',
    '## Notebooks',
    '',
    ...(kernels.length === 0 ? ['None of ours is open.'] : kernels),
    '',
    '## Log',
    '',
    '````text',
    log.replaceAll('````', "'''"),
    '````',
    '',
  ].join('\n');
}

function versions(version: string): [what: string, value: string][] {
  const { env } = vscode;
  const place = env.uiKind === vscode.UIKind.Web ? 'in a browser' : 'desktop';
  // A name like `ssh-remote` is a kind; where it is an address, it is nobody's business.
  const kind = /^[a-z-]+$/.test(env.remoteName ?? '') ? env.remoteName : 'a server';
  const remote = env.remoteName === undefined ? '' : `, remote: ${kind}`;
  const trust = vscode.workspace.isTrusted ? 'trusted' : 'not trusted';
  const cores = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return [
    ['Unroll', version],
    ['VS Code', `${vscode.version} (${env.appName}, ${place}${remote}; workspace ${trust})`],
    ['Node', process.versions.node],
    ['System', `${os.type()} ${os.release()} ${os.arch()}`],
    ['Processor', `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory} GB`],
  ];
}

/** The value, and where it is set if it is. */
function settingLine(name: string): string {
  const inspected = vscode.workspace.getConfiguration().inspect<unknown>(name);
  const value: unknown = vscode.workspace.getConfiguration().get(name);
  const { globalValue, workspaceValue, workspaceFolderValue } = inspected ?? {};
  const isSet = [globalValue, workspaceValue, workspaceFolderValue].some(
    (one) => one !== undefined,
  );
  return `- ${name}: ${JSON.stringify(value)}${isSet ? ' (set)' : ''}`;
}
