/** The user's settings for TypeScript's inlay hints (`js/ts.inlayHints.*`, `typescript.inlayHints.*`) hold in cells too. */
import * as vscode from 'vscode';

/** Setting → TypeScript's name of it. */
const switches = {
  'parameterTypes.enabled': 'includeInlayFunctionParameterTypeHints',
  'variableTypes.enabled': 'includeInlayVariableTypeHints',
  'propertyDeclarationTypes.enabled': 'includeInlayPropertyDeclarationTypeHints',
  'functionLikeReturnTypes.enabled': 'includeInlayFunctionLikeReturnTypeHints',
  'enumMemberValues.enabled': 'includeInlayEnumMemberValueHints',
} as const;

export function inlayPreferences(): Record<string, unknown> {
  const named = setting('parameterNames.suppressWhenArgumentMatchesName', true);
  const typed = setting('variableTypes.suppressWhenTypeMatchesName', true);
  return {
    includeInlayParameterNameHints: setting('parameterNames.enabled', 'none'),
    includeInlayParameterNameHintsWhenArgumentMatchesName: !named,
    includeInlayVariableTypeHintsWhenTypeMatchesName: !typed,
    ...Object.fromEntries(
      Object.entries(switches).map(([name, preference]) => [preference, setting(name, false)]),
    ),
  };
}

/** As set under the newer name, or else under the older. */
function setting<T>(name: string, fallback: T): T {
  for (const section of ['js/ts.inlayHints', 'typescript.inlayHints']) {
    const found = vscode.workspace.getConfiguration(section).inspect<T>(name);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined) return value;
  }
  return fallback;
}
