/**
 * VS Code's built-in TypeScript service answers for TypeScript in any cell, each cell alone. For our notebooks a
 * plugin in its process (`kernel/language/builtIn/plugin.ts`) keeps it quiet: it is told which these are.
 */
import * as vscode from 'vscode';

const pluginName = 'unroll-typescript-plugin';

interface BuiltInTypeScript {
  getAPI(
    version: 0,
  ): { configurePlugin(plugin: string, configuration: { notebooks: string[] }): void } | undefined;
}

/** Undefined where the user has disabled it. */
export function builtInTypeScript(): vscode.Extension<BuiltInTypeScript> | undefined {
  return vscode.extensions.getExtension('vscode.typescript-language-features');
}

export async function keepBuiltInOut(notebooks: vscode.NotebookDocument[]): Promise<void> {
  const extension = builtInTypeScript();
  if (!extension) return;
  const builtIn = await extension.activate();
  const paths = notebooks.map(({ uri }) => (uri.path.startsWith('/') ? uri.path : `/${uri.path}`));
  builtIn.getAPI(0)?.configurePlugin(pluginName, { notebooks: paths });
}
