/** Light or dark as the reader's system is; text and code reach a contrast of 4.5 : 1 on either. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #24292f; --muted: #59636e; --ground: #fff; --code: #f6f8fa; --line: #d1d9e0;
  --link: #0969da; --keyword: #a626a4; --string: #0a6b3d; --number: #8a4b00; --error: #b3261e; --stderr: #fff4ed; }
@media (prefers-color-scheme: dark) {
  :root { --text: #d8dee4; --muted: #9da7b1; --ground: #1a1d21; --code: #24282d; --line: #3a4149;
    --link: #6cb6ff; --keyword: #d99cf0; --string: #8fd19e; --number: #f0b37e; --error: #ff8f87; --stderr: #33261f; }
}
/* What the notebook's renderers read their colours and fonts from. */
body { --vscode-editor-background: var(--ground); --vscode-editor-foreground: var(--text);
  --vscode-editorHoverWidget-background: var(--code); --vscode-input-background: var(--ground);
  --vscode-dropdown-background: var(--ground); --vscode-dropdown-foreground: var(--text);
  --vscode-focusBorder: var(--link); --vscode-errorForeground: var(--error); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
section { margin: 0 0 1.2rem; min-width: 0; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.4em 0 .5em; }
a { color: var(--link); }
pre, code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
:not(pre) > code { background: var(--code); border-radius: 4px; padding: .1em .35em; }
.markdown pre, .source { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem;
  white-space: pre; overflow-x: auto; }
.code { position: relative; }
.count { color: var(--muted); font: 12px/1.6 ui-monospace, monospace; }
@media (min-width: 70rem) { .count { position: absolute; right: calc(100% + .6rem); top: .7rem; } }
.output { position: relative; margin: .6rem 0 0; padding-left: .9rem; overflow-x: auto; }
.output pre { max-height: 32rem; overflow-y: auto; }
.stderr { background: var(--stderr); padding: .3rem .5rem; border-radius: 4px; }
.error { color: var(--error); border-left: 3px solid var(--error); padding-left: .7rem; }
.note { color: var(--muted); font-size: .9em; }
.comment { color: var(--muted); font-style: italic; }
.keyword { color: var(--keyword); }
.string { color: var(--string); }
.number { color: var(--number); }
table { border-collapse: collapse; }
.markdown th, .markdown td { border: 1px solid var(--line); padding: .3rem .6rem; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--muted); }
figure { margin: 0; }
img, .drawing svg { max-width: 100%; }
@media print { .output pre { max-height: none; } }
`;
