/** What the pages of the Variables view have in common, in VS Code's own colours. */
export const pageStyle = `
* { box-sizing: border-box; }
html, body { height: 100%; }
body {
  margin: 0; padding: 0; color: var(--vscode-foreground); font-family: var(--vscode-font-family);
  font-size: var(--vscode-font-size, 13px); line-height: 1.4; display: flex; flex-direction: column;
  --muted: var(--vscode-descriptionForeground, color-mix(in srgb, currentColor 72%, transparent));
  --line: var(--vscode-contrastBorder, color-mix(in srgb, currentColor 14%, transparent));
  --mono: var(--vscode-editor-font-family, monospace);
}
:focus { outline: none; }
:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
button.link { color: var(--vscode-textLink-foreground); }
button.link:hover { text-decoration: underline; }
button.small, button.solid { border-radius: 2px; padding: 1px 8px; white-space: nowrap; }
button.small { border: 1px solid var(--vscode-button-border, var(--line)); color: var(--vscode-button-secondaryForeground, inherit); background: var(--vscode-button-secondaryBackground, none); }
button.small:hover:enabled { background: var(--vscode-button-secondaryHoverBackground); }
button.small:disabled { opacity: 0.45; cursor: default; }
button.solid { color: var(--vscode-button-foreground); background: var(--vscode-button-background); padding: 4px 12px; }
button.solid:hover { background: var(--vscode-button-hoverBackground); }
input {
  font: inherit; color: var(--vscode-input-foreground); background: var(--vscode-input-background);
  border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent)); border-radius: 2px; padding: 2px 6px;
}
input::placeholder { color: var(--vscode-input-placeholderForeground); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.muted { color: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
`;
