/** Wide: a table. Narrow, as a side bar is: each variable in two lines, the heads in one. */
export const listStyle = `
body { container-type: inline-size; }
.bar { flex: none; padding: 4px 8px 6px; }
.bar input { width: 100%; }
.list { flex: 1; overflow: auto; min-height: 0; }
.foot { flex: none; display: flex; gap: 8px; padding: 3px 10px; border-top: 1px solid var(--line); color: var(--muted); font-size: 0.92em; white-space: nowrap; }
.foot .hint { overflow: hidden; text-overflow: ellipsis; }
.foot .total { margin-left: auto; }
.empty { padding: 10px 16px; }
.empty p { margin: 0 0 10px; }
.empty button.solid { width: 100%; max-width: 300px; text-align: center; }
table { width: 100%; }
tr.row { position: relative; cursor: default; }
tr.row:hover { background: var(--vscode-list-hoverBackground); }
tr.row:focus { background: var(--vscode-list-inactiveSelectionBackground); outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder)); outline-offset: -1px; }
td { padding: 2px 8px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
th { padding: 2px 8px; text-align: left; font-weight: normal; }
th button { color: var(--muted); white-space: nowrap; }
th button:hover, th[aria-sort] button { color: var(--vscode-foreground); }
th .arrow { display: inline-block; width: 1em; text-align: center; }
.name { font-weight: 600; }
.value { font-family: var(--mono); font-size: 0.94em; }
.type { color: var(--vscode-symbolIcon-classForeground, var(--muted)); }
.shape, .memory { color: var(--muted); }
.changed .name::before { content: ''; position: absolute; left: 0; top: 3px; bottom: 3px; width: 2px; background: var(--vscode-charts-blue, var(--vscode-focusBorder)); }
.actions { position: absolute; right: 0; bottom: 0; display: none; gap: 2px; padding: 1px 6px 2px 14px; align-items: center;
  background: linear-gradient(to right, transparent, var(--vscode-sideBar-background) 12px); }
.row:hover .actions, .row:focus-within .actions { display: flex; }
.actions button { width: 22px; height: 20px; border-radius: 4px; display: grid; place-items: center; }
.actions button:hover { background: var(--vscode-toolbar-hoverBackground); }
.actions svg { width: 14px; height: 14px; stroke: currentColor; fill: none; stroke-width: 1.2; }
.sure { display: flex; gap: 6px; align-items: center; padding: 4px 10px; flex-wrap: wrap; }
.sure .danger { border-color: var(--vscode-errorForeground); }
@container (min-width: 560px) {
  .list table { table-layout: fixed; }
  thead th { position: sticky; top: 0; z-index: 1; background: var(--vscode-sideBar-background); border-bottom: 1px solid var(--line); }
  th.number, td.number { text-align: right; }
  th.number button { margin-right: -1em; }
  th.name { width: 20%; } th.type { width: 14%; } th.shape { width: 14%; } th.memory { width: 84px; } th.cell { width: 60px; }
  td.actions { top: 0; }
}
@container (max-width: 559.9px) {
  table, tbody { display: block; }
  thead { display: block; border-bottom: 1px solid var(--line); padding: 0 4px 3px; }
  thead tr { display: flex; flex-wrap: wrap; }
  thead th { padding: 0 5px; font-size: 0.92em; }
  th .arrow { width: auto; } th .arrow:empty { display: none; }
  tr.row { display: grid; grid-template-columns: auto auto minmax(0, 1fr) auto auto; padding: 3px 10px; column-gap: 8px; align-items: baseline; }
  tr.row td { padding: 0; }
  td.name { grid-area: 1 / 1; max-width: 46cqw; } td.type { grid-area: 1 / 2; max-width: 28cqw; } td.shape { grid-area: 1 / 3; }
  td.memory { grid-area: 1 / 4; } td.cell { grid-area: 1 / 5; }
  td.value { grid-area: 2 / 1 / 3 / 6; color: var(--muted); }
}
`;
