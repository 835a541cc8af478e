/**
 * A small extension for npm start's browser workbench: opens the notebook UNROLL_OPEN as a notebook. The
 * workbench's address can name a file too, but opens it before notebooks are known, as JSON text.
 */
const process = require('node:process');
const vscode = require('vscode');

exports.activate = async () => {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const isFresh = vscode.window.tabGroups.all.every((group) => group.tabs.length === 0);
  if (folder === undefined || !isFresh) return;
  const notebook = await vscode.workspace.openNotebookDocument(
    folder.uri.with({ path: process.env.UNROLL_OPEN }),
  );
  await vscode.window.showNotebookDocument(notebook);
};
