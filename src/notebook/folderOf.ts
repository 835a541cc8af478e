import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** The notebook's own folder; for one that has none yet, the workspace's. */
export function folderOf({ uri }: vscode.NotebookDocument): string {
  if (uri.scheme === 'file') return path.dirname(uri.fsPath);
  const folder = vscode.workspace.workspaceFolders?.find((one) => one.uri.scheme === 'file');
  return folder?.uri.fsPath ?? homedir();
}
