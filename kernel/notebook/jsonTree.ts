import type { Json } from '../contract/mime.js';
import { escapeHtml } from './escapeHtml.js';

/** Values in the whole tree; what comes after them is counted. */
const mostValues = 2000;
const openLevels = 2;

/** A JSON value as HTML that folds, without script. */
export function jsonTree(value: Json): string {
  const left = { values: mostValues };
  const tree = toNode(undefined, value, 0, left);
  return `<div class="unroll-json" style="font-family:var(--vscode-editor-font-family,monospace)">${tree}</div>`;
}

function toNode(
  key: string | undefined,
  value: Json,
  level: number,
  left: { values: number },
): string {
  left.values--;
  const name = key === undefined ? '' : `${escapeHtml(key)}: `;
  if (typeof value !== 'object' || value === null)
    return `<div>${name}${escapeHtml(JSON.stringify(value))}</div>`;
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) return `<div>${name}${isList ? '[]' : '{}'}</div>`;
  const children: string[] = [];
  for (const [index, [childKey, child]] of entries.entries()) {
    if (left.values <= 0) {
      children.push(`<div>… ${entries.length - index} more</div>`);
      break;
    }
    children.push(toNode(childKey, child, level + 1, left));
  }
  return (
    `<details${level < openLevels ? ' open' : ''}><summary>${name}${size}</summary>` +
    `<div style="margin-left:1.5em">${children.join('')}</div></details>`
  );
}
