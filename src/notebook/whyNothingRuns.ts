/** Where no cell runs, and the reason: a workspace without trust, and a notebook that is in no folder on disk. */
import * as path from 'node:path';
import * as vscode from 'vscode';

/** Nothing runs in a workspace that the user does not trust. */
export class UntrustedWorkspaceError extends Error {
  override readonly name = 'UntrustedWorkspaceError';

  constructor() {
    super(
      'This workspace is not trusted, so its cells do not run. ' +
        'To trust it, use the command "Workspaces: Manage Workspace Trust".',
    );
  }
}

/** A kernel is a process, and a process runs in a folder on disk. */
export class VirtualNotebookError extends Error {
  override readonly name = 'VirtualNotebookError';

  constructor({ uri }: vscode.NotebookDocument) {
    super(
      `${path.posix.basename(uri.path)} is in no folder on disk (its address begins with ${uri.scheme}:), where a kernel ` +
        'could run, so its cells do not run. To run them, save a copy to a folder on disk.',
    );
  }
}

/** In a repository elsewhere, an archive, …: an extension shows it as a file. */
export function isVirtual({ uri }: vscode.NotebookDocument): boolean {
  return uri.scheme !== 'file' && uri.scheme !== 'untitled';
}

/** Undefined where cells of the notebook run. */
export function whyNothingRuns(
  notebook: vscode.NotebookDocument,
): UntrustedWorkspaceError | VirtualNotebookError | undefined {
  if (isVirtual(notebook)) return new VirtualNotebookError(notebook);
  return vscode.workspace.isTrusted ? undefined : new UntrustedWorkspaceError();
}
