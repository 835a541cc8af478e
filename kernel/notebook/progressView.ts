/** Progress bars as HTML and as text. */
import { escapeHtml } from './escapeHtml.js';

export interface ProgressState {
  label: string;
  done: number;
  /** Undefined where nobody knows. */
  total: number | undefined;
  unit: string;
  elapsedMs: number;
  /** Units per second, lately; undefined before the first. */
  rate: number | undefined;
  status: 'running' | 'done' | 'stopped';
}

const textWidth = 20;
const colours = {
  running: 'var(--vscode-progressBar-background,#0e70c0)',
  done: 'var(--vscode-charts-green,#2e8b57)',
  stopped: 'var(--vscode-charts-orange,#d55e00)',
};

/** One under the other, the outermost first. */
export function progressHtml(states: readonly ProgressState[]): string {
  const rows = states.map(
    (state) =>
      `<div>${escapeHtml(state.label)}</div>${barOf(state)}<div>${escapeHtml(figuresOf(state))}</div>`,
  );
  return (
    '<div class="unroll-progress" style="display:grid;grid-template-columns:max-content minmax(8em,24em) max-content;' +
    'gap:2px 1em;align-items:center;font-variant-numeric:tabular-nums">' +
    `${rows.join('')}</div>`
  );
}

function barOf({ label, done, total, status }: ProgressState): string {
  const share = shareOf(done, total, status);
  const limits =
    total === undefined
      ? ''
      : ` aria-valuemin="0" aria-valuemax="${total}" aria-valuenow="${done}"`;
  const name = label === '' ? 'progress' : label;
  return (
    `<div role="progressbar" aria-label="${escapeHtml(name)}"${limits} ` +
    'style="height:.7em;border-radius:3px;overflow:hidden;background:rgba(128,128,128,.25)">' +
    `<div style="height:100%;width:${(100 * share).toFixed(1)}%;background:${colours[status]}"></div></div>`
  );
}

function shareOf(done: number, total: number | undefined, status: ProgressState['status']): number {
  if (total === undefined) return status === 'done' ? 1 : 0;
  return total === 0 ? 1 : Math.max(0, Math.min(1, done / total));
}

/** `training:  40%|████████            | 40/100 [00:02<00:03, 20.0 it/s]` */
export function progressText(states: readonly ProgressState[]): string {
  return states
    .map((state) => {
      const { label, done, total, status } = state;
      const share = shareOf(done, total, status);
      const full = Math.round(share * textWidth);
      const bar = `|${'█'.repeat(full)}${' '.repeat(textWidth - full)}| `;
      const known =
        total === undefined ? '' : `${String(Math.floor(100 * share)).padStart(3)}%${bar}`;
      return `${label === '' ? '' : `${label}: `}${known}${figuresOf(state)}`;
    })
    .join('\n');
}

function figuresOf({ done, total, unit, elapsedMs, rate, status }: ProgressState): string {
  const count = total === undefined ? `${done} ${unit}` : `${done}/${total}`;
  const left =
    status === 'running' && total !== undefined && rate !== undefined && rate > 0
      ? `<${showTime((1000 * Math.max(0, total - done)) / rate)}`
      : '';
  const speed = rate === undefined ? '' : `, ${showRate(rate, unit)}`;
  const stopped = status === 'stopped' ? ', stopped' : '';
  return `${count} [${showTime(elapsedMs)}${left}${speed}${stopped}]`;
}

function showRate(rate: number, unit: string): string {
  const digits = (value: number): string =>
    value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return rate >= 1 || rate === 0 ? `${digits(rate)} ${unit}/s` : `${digits(1 / rate)} s/${unit}`;
}

/** `00:42`, `3:20:07`. */
export function showTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = two(Math.floor(seconds / 60) % 60);
  return `${hours > 0 ? `${hours}:` : ''}${minutes}:${two(seconds % 60)}`;
}
