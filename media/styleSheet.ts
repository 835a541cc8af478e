import { element } from './element.js';

/**
 * The look of everything around a picture, in VS Code's own variables, so that it follows the theme by
 * itself. It goes inside each output, as an output may stand in a shadow root.
 */
const css = `
.unroll {
  color: var(--vscode-editor-foreground, var(--vscode-foreground, inherit));
  font-family: var(--vscode-font-family, system-ui, sans-serif);
  font-size: 12px;
  line-height: 1.4;
  position: relative;
  max-width: 100%;
  padding: 4px 0 6px;
  --unroll-muted: color-mix(in srgb, currentColor 72%, transparent);
  --unroll-border: var(--vscode-contrastBorder, color-mix(in srgb, currentColor 22%, transparent));
  --unroll-focus: var(--vscode-focusBorder, #0a64c8);
}
.unroll * { box-sizing: border-box; }
.unroll :focus-visible { outline: 1px solid var(--unroll-focus); outline-offset: 1px; }
.unroll .head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; margin-bottom: 6px; }
.unroll .title { font-size: 13px; font-weight: 600; overflow-wrap: anywhere; }
.unroll .status { color: var(--unroll-muted); font-variant-numeric: tabular-nums; }
.unroll .status.failed { color: var(--vscode-errorForeground, #c00); }
.unroll .controls { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; min-height: 24px; }
.unroll .controls .push { margin-left: auto; }
.unroll .choice { display: inline-flex; border: 1px solid var(--unroll-border); border-radius: 4px; margin: 0; padding: 0; }
.unroll .choice label { position: relative; padding: 1px 9px; cursor: pointer; color: var(--unroll-muted); }
.unroll .choice label + label { border-left: 1px solid var(--unroll-border); }
.unroll .choice input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.unroll .choice label:has(input:checked) { color: inherit; background: color-mix(in srgb, currentColor 13%, transparent); }
.unroll .choice label:has(input:focus-visible) { outline: 1px solid var(--unroll-focus); outline-offset: 1px; }
.unroll .slider { display: inline-flex; align-items: center; gap: 7px; color: var(--unroll-muted); }
.unroll .slider input { width: 96px; height: 16px; margin: 0; accent-color: var(--vscode-charts-blue, #0072b2); }
.unroll .slider output { min-width: 2.6em; font-variant-numeric: tabular-nums; }
.unroll button.plain {
  font: inherit; color: inherit; background: none; border: 1px solid var(--unroll-border);
  border-radius: 4px; padding: 1px 9px; cursor: pointer;
}
.unroll button.plain:hover:enabled { background: color-mix(in srgb, currentColor 8%, transparent); }
.unroll button.plain[aria-expanded="true"] { background: color-mix(in srgb, currentColor 13%, transparent); }
.unroll button.plain:disabled { opacity: 0.5; cursor: default; }
.unroll .pager { display: inline-flex; gap: 8px; align-items: center; font-variant-numeric: tabular-nums; }
.unroll .pager[hidden] { display: none; }
.unroll .hint, .unroll .note { color: var(--unroll-muted); }
.unroll .note { margin: 2px 0 0; }
.unroll .note:empty { display: none; }
.unroll .stage { position: relative; margin-top: 4px; }
.unroll .stage svg { display: block; overflow: visible; }
.unroll .hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.unroll .tooltip {
  position: absolute; z-index: 2; top: 0; left: 0; pointer-events: none; width: max-content; max-width: min(420px, 90%);
  color: var(--vscode-editorHoverWidget-foreground, inherit);
  background: var(--vscode-editorHoverWidget-background, Canvas);
  border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorHoverWidget-border, var(--unroll-border)));
  border-radius: 4px; padding: 5px 9px; box-shadow: 0 2px 6px color-mix(in srgb, black 18%, transparent);
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.unroll .tooltip[hidden] { display: none; }
.unroll .tooltip .lead { font-weight: 600; }
.unroll .tooltip .rest { color: var(--unroll-muted); }
.unroll .tooltip .mono { font-family: var(--vscode-editor-font-family, monospace); }
.unroll .tooltip table { border-collapse: collapse; }
.unroll .tooltip td { padding: 0 10px 0 0; border: 0; text-align: left; background: none; }
.unroll .tooltip td.number { text-align: right; }
.unroll .tooltip td:last-child { padding-right: 0; }
.unroll .tooltip .swatch { display: inline-block; width: 10px; height: 2px; margin-right: 6px; vertical-align: middle; }
.unroll .data { max-height: 280px; overflow: auto; margin-top: 8px; border: 1px solid var(--unroll-border); border-radius: 4px; }
.unroll .data table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.unroll .data caption { text-align: left; padding: 5px 10px; color: var(--unroll-muted); }
.unroll .data th, .unroll .data td { padding: 2px 10px; text-align: left; font-weight: normal; vertical-align: top; background: none; border: 0; white-space: nowrap; }
.unroll .data th { position: sticky; top: 0; color: inherit; font-weight: 600; background: var(--vscode-editor-background, Canvas); }
.unroll .data .number { text-align: right; }
.unroll .data tbody tr:nth-child(even) { background: color-mix(in srgb, currentColor 4%, transparent); }
.unroll .wrong {
  border: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground, #c00));
  border-radius: 4px; padding: 8px 12px; max-width: 72em;
}
.unroll .wrong p { margin: 0; overflow-wrap: anywhere; }
.unroll .wrong p:first-child { font-weight: 600; }

.unroll .frame { display: grid; grid-template-columns: clamp(110px, 25%, 200px) minmax(0, 1fr); margin-top: 6px; }
.unroll .gutter { position: relative; }
.unroll .gutter > div { position: absolute; left: 0; right: 10px; transform: translateY(-50%); }
.unroll .gutter div div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.unroll .gutter .name { font-weight: 600; }
.unroll .gutter .rest { color: var(--unroll-muted); font-size: 11px; }
.unroll .scroll { overflow-x: auto; overflow-y: hidden; }
.unroll .scroll .stage { margin: 0; }
.unroll .target {
  position: absolute; padding: 0; margin: 0; border: 0; border-radius: 5px; background: none; cursor: default;
}
.unroll .target[aria-expanded] { cursor: pointer; }
.unroll .target:hover { background: color-mix(in srgb, currentColor 9%, transparent); }
.unroll .target:focus-visible { outline: 2px solid var(--unroll-focus); outline-offset: 1px; }
.unroll .target[aria-expanded="true"]:hover { background: none; }
`;

export function styleSheet(): HTMLStyleElement {
  return element('style', { text: css });
}
