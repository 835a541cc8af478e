import { element } from '../element.js';

/** What the inspector adds to the look of all pictures. */
const css = `
.inspector .verdict { margin: 0 0 8px; max-width: 150ch; }
.inspector .body { display: grid; grid-template-columns: minmax(0, 1fr) 312px; gap: 0 20px; align-items: start; }
.inspector .body.narrow { grid-template-columns: minmax(0, 1fr); }
.inspector .transport { display: inline-flex; align-items: center; gap: 2px; }
.inspector .icon { padding: 3px 5px; line-height: 0; border-color: transparent; }
.inspector .icon svg { width: 16px; height: 16px; fill: currentColor; }
.inspector .icon[data-move="play"] { border-color: var(--unroll-border); padding: 3px 9px; margin: 0 2px; }
.inspector select {
  font: inherit; color: inherit; background: var(--vscode-dropdown-background, transparent);
  border: 1px solid var(--unroll-border); border-radius: 4px; padding: 1px 2px; margin-left: 6px;
}
.inspector select option { color: var(--vscode-dropdown-foreground, inherit); background: var(--vscode-dropdown-background, Canvas); }
.inspector .counter { color: var(--unroll-muted); font-variant-numeric: tabular-nums; min-width: 13em; }
.inspector .lane { display: grid; grid-template-columns: var(--unroll-names, 108px) minmax(0, 1fr); }
.inspector .walkline { margin: 10px 0 4px; }
.inspector .railnames { display: flex; flex-direction: column; justify-content: space-between; color: var(--unroll-muted); font-size: 11px; padding: 0 10px 0 0; line-height: 15px; }
.inspector .railnames .on { color: inherit; color: var(--vscode-editor-foreground); font-weight: 600; }
.inspector .rails { position: relative; cursor: pointer; touch-action: none; border-radius: 3px; margin: 0 30px; }
.inspector .rail { height: 15px; border: 1px solid var(--unroll-border); }
.inspector .rail.forward { border-bottom: 0; border-radius: 3px 8px 0 0; }
.inspector .rail.backward { border-radius: 0 0 8px 3px; }
.inspector .rail { overflow: hidden; }
.inspector .rail canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.inspector .thumb { position: absolute; width: 3px; margin-left: -1.5px; height: 19px; top: -4px; border-radius: 2px;
  background: var(--vscode-editor-foreground); outline: 1.5px solid var(--vscode-notebook-editorBackground, var(--vscode-editor-background)); pointer-events: none; }
.inspector .thumb.backward, .inspector .thumb.end { top: 15px; }
.inspector .thumb.loss { height: 38px; }
.inspector .pane { position: absolute; top: -2px; bottom: -2px; border: 1.5px solid var(--vscode-editor-foreground); border-radius: 3px; pointer-events: none; opacity: 0.55; }
.inspector .pane[hidden] { display: none; }
.inspector .canvas { outline: none; border-radius: 4px; }
.inspector .canvas:focus-visible { outline: 1px solid var(--unroll-focus); outline-offset: 3px; }
.inspector .canvas .target { border-radius: 5px; cursor: pointer; }
.inspector .names { position: relative; }
.inspector .names > div { position: absolute; left: 0; right: 10px; transform: translateY(-50%); }
.inspector .names div div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.inspector .names .name { font-weight: 600; }
.inspector .names .rest { color: var(--unroll-muted); font-size: 11px; }
.inspector .panel {
  border-left: 1px solid var(--unroll-border); padding: 0 0 4px 18px; min-height: 120px; font-variant-numeric: tabular-nums;
}
.inspector .narrow .panel { border-left: 0; padding: 10px 0 0; }
.inspector .stophead { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; margin-bottom: 8px; }
.inspector .phase { font-weight: 600; padding: 1px 8px; border-radius: 10px; border: 1px solid transparent; }
.inspector .phase.forward { background: color-mix(in srgb, var(--unroll-forward) 22%, transparent); border-color: var(--unroll-forward); }
.inspector .phase.backward, .inspector .phase.end { background: color-mix(in srgb, var(--unroll-backward) 22%, transparent); border-color: var(--unroll-backward); }
.inspector .phase.loss { border-color: currentColor; }
.inspector .subject { color: var(--unroll-muted); overflow-wrap: anywhere; }
.inspector .equation, .inspector .formula { font-size: 17px; margin: 4px 0 2px; overflow-x: auto; overflow-y: hidden; padding-bottom: 2px; }
.inspector .panel .small { font-size: 12.5px; color: var(--unroll-muted); margin: 0; }
.inspector .panel h4 { margin: 10px 0 3px; font-size: 11px; font-weight: 600; letter-spacing: 0; color: var(--unroll-muted); }
.inspector .strip { margin-bottom: 6px; }
.inspector .striphead { display: flex; align-items: baseline; gap: 8px; min-height: 20px; }
.inspector .stripname { overflow: hidden; white-space: nowrap; }
.inspector .striphead .rest { color: var(--unroll-muted); font-size: 11px; white-space: nowrap; }
.inspector .norm { margin-left: auto; white-space: nowrap; }
.inspector .heat { display: block; width: 100%; image-rendering: pixelated; border: 1px solid var(--unroll-border); border-radius: 2px; cursor: crosshair; }
.inspector .parts .part { display: grid; grid-template-columns: minmax(0, 11em) minmax(20px, 1fr) 5.5em; gap: 8px; align-items: center; line-height: 1.55; }
.inspector .partname { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.inspector .parts .norm { text-align: right; }
.inspector .parts .bar { display: block; height: 7px; border-radius: 2px; background: var(--unroll-backward); }
.inspector .check { margin: 8px 0 0; }
.inspector .check.passed::first-letter { color: var(--vscode-charts-green, #009e73); }
.inspector .check.failed { color: var(--vscode-errorForeground, #c00); }
.inspector .legend { display: inline-flex; align-items: center; gap: 6px; color: var(--unroll-muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.inspector .legend i { display: inline-block; width: 84px; height: 9px; border-radius: 2px; border: 1px solid var(--unroll-border); }
.inspector .under { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: center; margin: 6px 0 0 var(--unroll-names, 108px); }

.inspector .breakpoints { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; margin: 6px 0 2px; padding: 5px 10px; border: 1px solid var(--unroll-border); border-radius: 4px; }
.inspector .breakpoints[hidden] { display: none; }
.inspector .breakpoints label, .inspector .condition { display: inline-flex; align-items: center; gap: 5px; cursor: pointer; }
.inspector .breakpoints input[type="checkbox"] { margin: 0; accent-color: var(--unroll-focus); }
.inspector input.number {
  font: inherit; width: 5.5em; padding: 0 5px; color: var(--vscode-input-foreground, inherit);
  background: var(--vscode-input-background, transparent); border: 1px solid var(--vscode-input-border, var(--unroll-border)); border-radius: 3px;
}
.inspector input.number[aria-invalid="true"] { border-color: var(--vscode-inputValidation-errorBorder, #c00); }
.inspector .why { margin: 4px 0 0; font-weight: 600; }
.inspector .why:empty { display: none; }

.inspector .sides { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px 26px; }
.inspector .sides.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.inspector .sides.two.narrow { grid-template-columns: minmax(0, 1fr); }
.inspector .sides.two .lane { grid-template-columns: 84px minmax(0, 1fr); }
.inspector .sides.two .railnames { padding-right: 4px; white-space: nowrap; }
.inspector .sides.two .under { margin-left: 0; }
.inspector .sides.two:not(.narrow) .side { display: grid; grid-row: span 4; grid-template-rows: subgrid; row-gap: 0; }
.inspector .sides.two:not(.narrow) .body { grid-row: span 2; grid-template-rows: subgrid; row-gap: 0; }
.inspector .side h3 { margin: 8px 0 0; font-size: 13px; font-weight: 600; }
.inspector .side h3 span { font-weight: normal; color: var(--unroll-muted); margin-left: 10px; font-variant-numeric: tabular-nums; }
.inspector .side .verdict { margin: 2px 0 4px; }
.inspector .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 4px 26px; }
.inspector .pair h4 { margin: 2px 0; font-size: 12px; }

.inspector .whatif { border: 1px solid var(--unroll-border); border-left: 3px solid var(--vscode-charts-green, #009e73); border-radius: 4px; padding: 5px 10px; margin: 6px 0 4px; }
.inspector .whatif[hidden] { display: none; }
.inspector .whatif.waiting .figures { opacity: 0.5; }
.inspector .edits { display: inline-flex; flex-wrap: wrap; gap: 4px 8px; }
.inspector .edit { display: inline-flex; align-items: center; gap: 4px; padding: 0 2px 0 8px; border: 1px solid var(--unroll-border); border-radius: 10px; font-variant-numeric: tabular-nums; }
.inspector .edit button.plain { border: 0; padding: 0 6px; line-height: 1.3; }
.inspector .figures { display: flex; flex-wrap: wrap; gap: 2px 22px; margin-top: 3px; font-variant-numeric: tabular-nums; }
.inspector .figures .rest { color: var(--unroll-muted); }
.inspector .choice[hidden] { display: none; }
.inspector .striplines { display: grid; grid-template-columns: 46px minmax(0, 1fr); gap: 2px 0; align-items: center; }
.inspector .striplines .rest { color: var(--unroll-muted); font-size: 11px; }
.inspector .numberfield { display: flex; flex-wrap: wrap; align-items: center; gap: 3px 8px; margin-top: 4px; }
.inspector .numberfield .editname { overflow-wrap: anywhere; }
.inspector .parts .part.changed { grid-template-columns: minmax(0, 8em) minmax(20px, 1fr) 9.5em; }

.inspector .tabs { margin-top: 14px; border-top: 1px solid var(--unroll-border); padding-top: 8px; }
.inspector .tablist { display: inline-flex; flex-wrap: wrap; gap: 2px; }
.inspector .tab { font: inherit; color: var(--unroll-muted); background: none; border: 0; border-bottom: 2px solid transparent; padding: 2px 9px; cursor: pointer; }
.inspector .tab[aria-selected="true"] { color: var(--vscode-editor-foreground); border-bottom-color: var(--vscode-editor-foreground); }
.inspector .tab:hover { color: var(--vscode-editor-foreground); }
.inspector select[hidden] { display: none; }
.inspector .tabhead { display: flex; flex-wrap: wrap; gap: 2px 18px; align-items: baseline; margin: 6px 0 4px; }
.inspector .legend[hidden] { display: none; }
.inspector .legend b { display: inline-block; width: 18px; border-top: 2px solid; margin-left: 8px; }
.inspector .legend b.dot { width: 6px; height: 6px; border: 0; border-radius: 50%; background: currentColor; }
.inspector .legend b.dashed { border-top-style: dashed; }
.inspector .chart { cursor: pointer; }
.inspector .tabs .legend { flex-wrap: wrap; }
.inspector .heatmap { display: grid; grid-template-columns: 58px minmax(0, 1fr); gap: 3px 0; }
.inspector .heataxis { display: flex; flex-direction: column; justify-content: space-between; text-align: right; padding-right: 8px; color: var(--unroll-muted); font-size: 11px; }
.inspector .heatfoot { grid-column: 2; display: flex; gap: 16px; align-items: center; color: var(--unroll-muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.inspector .heatfoot .push { margin-left: auto; }
.inspector .reading { color: var(--vscode-editor-foreground); font-size: 12px; }
.inspector .findings ul { margin: 4px 0; padding-left: 18px; }
.inspector .finding { font-weight: 600; }
`;

export function inspectorStyle(): HTMLStyleElement {
  return element('style', { text: css });
}
