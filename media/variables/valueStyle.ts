export const valueStyle = `
body { padding: 14px 18px 8px; gap: 10px; color: var(--vscode-editor-foreground); }
.top { flex: none; display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; }
.path { font-size: 1.25em; font-weight: 600; overflow-wrap: anywhere; margin: 0; }
.path button { font-weight: 600; color: var(--vscode-textLink-foreground); }
.path .sep { color: var(--muted); padding: 0 6px; font-weight: 400; }
.what { color: var(--muted); }
.top .push { margin-left: auto; display: flex; gap: 8px; }
.facts { flex: none; display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--muted); font-variant-numeric: tabular-nums; }
.facts b { font-weight: 600; color: var(--vscode-editor-foreground); }
.facts .bad, .facts .bad b { color: var(--vscode-errorForeground); }
.controls { flex: none; display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; }
.choice { display: inline-flex; border: 1px solid var(--line); border-radius: 4px; }
.choice label { position: relative; padding: 2px 11px; cursor: pointer; color: var(--muted); }
.choice label + label { border-left: 1px solid var(--line); }
.choice input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.choice label:has(input:checked) { color: var(--vscode-editor-foreground); background: color-mix(in srgb, currentColor 13%, transparent); }
.choice label:has(input:focus-visible) { outline: 1px solid var(--vscode-focusBorder); }
.axis { display: inline-flex; gap: 6px; align-items: center; }
.axis input { width: 5.5em; }
.stage { flex: 1; min-height: 0; position: relative; }
.stage.table { overflow: auto; border: 1px solid var(--line); border-radius: 4px; }
.stage.reason { color: var(--muted); }
pre { margin: 0; font-family: var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
table.cells { border-collapse: separate; border-spacing: 0; }
table.cells th, table.cells td { padding: 1px 10px; white-space: nowrap; max-width: 44ch; overflow: hidden; text-overflow: ellipsis; text-align: left; }
table.cells th { font-weight: normal; color: var(--muted); background: var(--vscode-editor-background); }
table.cells thead th { position: sticky; top: 0; z-index: 1; border-bottom: 1px solid var(--line); }
table.cells tbody th { position: sticky; left: 0; border-right: 1px solid var(--line); }
table.cells thead th:first-child { left: 0; z-index: 2; border-right: 1px solid var(--line); }
table.cells td { font-family: var(--mono); font-size: 0.94em; }
table.cells .number { text-align: right; }
table.cells td.bad { color: var(--vscode-errorForeground); }
table.cells td:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
table.cells tbody tr:hover td { background: var(--vscode-list-hoverBackground); }
table.cells tr.opens th button { color: var(--vscode-textLink-foreground); }
.map { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 8px; }
.map canvas { display: block; border: 1px solid var(--line); }
.map canvas:focus-visible { outline-offset: 1px; }
.map .rows { display: flex; flex-direction: column; justify-content: space-between; text-align: right; color: var(--muted); font-variant-numeric: tabular-nums; }
.map .columns { grid-column: 2; display: flex; justify-content: space-between; color: var(--muted); font-variant-numeric: tabular-nums; }
.map .below { grid-column: 2; display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; padding-top: 6px; min-height: 2.2em; }
.map .legend { display: inline-flex; gap: 7px; align-items: center; color: var(--muted); font-variant-numeric: tabular-nums; }
.map .legend i { width: 132px; height: 10px; border: 1px solid var(--line); }
.map .reading { font-variant-numeric: tabular-nums; }
.foot { flex: none; display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; min-height: 26px; }
.pager { display: inline-flex; gap: 6px; align-items: center; font-variant-numeric: tabular-nums; }
.foot .hint { color: var(--muted); }
`;
