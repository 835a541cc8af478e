import type { TraceData } from '../../kernel/contract/trace.js';
import { choice, plainButton } from '../controls.js';
import { element } from '../element.js';
import { formatValue } from '../format.js';
import { editText } from './edits.js';
import type { Change, WhatIf } from './whatIf.js';

/** Which of the traces the picture shows. */
export type Version = 'difference' | 'after' | 'before';

const versionTexts: Record<Version, [text: string, hint: string]> = {
  difference: ['Change', 'Norms of after − before: what is blank did not change'],
  after: ['After', 'The trace with the edits'],
  before: ['Before', 'The trace as it was, in the same shades'],
};

/** The edits that were made, what became of the loss and the gradient, and the way back. */
export interface WhatIfBar {
  root: HTMLElement;
  /** Why nothing can be edited; empty where something can. */
  note: HTMLElement;
  version(): Version;
  show(whatIf: WhatIf): void;
}

export function createWhatIfBar(actions: {
  versionChanged: () => void;
  remove: (key: string) => void;
  reset: () => void;
}): WhatIfBar {
  let version: Version = 'difference';
  const edits = element('span', { class: 'edits', attributes: { role: 'list' } });
  const reset = plainButton('Reset', actions.reset);
  reset.title = 'Takes back every edit';
  reset.dataset['whatif'] = 'reset';
  const versions = choice(
    'The picture shows',
    (Object.keys(versionTexts) as Version[]).map((value) => {
      const [text, hint] = versionTexts[value];
      return { value, text, hint };
    }),
    version,
    (chosen) => {
      version = chosen;
      actions.versionChanged();
    },
  );
  const numbers = element('div', { class: 'figures', attributes: { role: 'list' } });
  const message = element('p', { class: 'why', attributes: { role: 'status' } });
  const note = element('p', { class: 'note' });
  const made = element('div', {
    class: 'whatif',
    attributes: { role: 'region', 'aria-label': 'What if' },
    children: [
      element('div', {
        class: 'controls',
        children: [element('strong', { text: 'What if' }), edits, reset, versions],
      }),
      numbers,
    ],
  });
  return {
    root: element('div', { children: [made, message] }),
    note,
    version: () => version,
    show: (whatIf) => {
      made.hidden = whatIf.edits.length === 0;
      made.classList.toggle('waiting', whatIf.isWaiting);
      edits.replaceChildren(
        ...whatIf.edits.map((one) => {
          const text = editText(one);
          const away = plainButton('×', () => actions.remove(one.editable.key));
          away.setAttribute('aria-label', `Take back ${text}`);
          return element('span', {
            class: 'edit',
            attributes: { role: 'listitem' },
            children: [document.createTextNode(text), away],
          });
        }),
      );
      numbers.replaceChildren(
        ...(whatIf.change ? toFigures(whatIf.trace, whatIf.change).map(figureElement) : []),
      );
      versions.hidden = whatIf.change === undefined;
      note.textContent = whatIf.idle;
      message.textContent = whatIf.isWaiting ? 'The kernel computes …' : whatIf.message;
    },
  };
}

function figureElement({ name, text }: Figure): HTMLElement {
  return element('span', {
    attributes: { role: 'listitem', 'data-figure': name },
    children: [
      element('span', { class: 'rest', text: `${name} ` }),
      element('span', { class: 'figure', text }),
    ],
  });
}

export interface Figure {
  name: string;
  text: string;
}

/** What became of the loss, the gradient and the states: before → after, and the difference. */
export function toFigures(trace: TraceData, change: Change): Figure[] {
  const { loss, gradient, after, difference } = change;
  const furthest = furthestChanges(difference);
  return [
    { name: 'loss', text: changeText(loss.before, loss.after) },
    { name: '‖gradient‖', text: changeText(trace.gradient.norm, after.gradient.norm) },
    {
      name: 'gradient after against before',
      text: `cosine ${formatValue(gradient.cosine)}, ratio ${formatValue(gradient.ratio)}`,
    },
    ...furthest,
  ];
}

/** `1.773 → 1.802 (+0.0290)` */
function changeText(was: number | null, now: number | null): string {
  const text = `${formatValue(was)} → ${formatValue(now)}`;
  if (was === null || now === null) return text;
  const by = now - was;
  return `${text} (${by > 0 ? '+' : ''}${formatValue(by)})`;
}

/** Of all states the one that changed most, and the one whose adjoint did. */
function furthestChanges({ layers }: TraceData): Figure[] {
  return (['valueNorm', 'adjointNorm'] as const).flatMap((role) => {
    let most = { name: '', t: 0, norm: 0 };
    for (const { name, nodes, states } of layers)
      for (const state of states)
        nodes[state.next]![role].data.forEach((norm, t) => {
          if (norm > most.norm) most = { name: `${name} ${state.name}`, t, norm };
        });
    if (most.norm === 0) return [];
    const what = role === 'valueNorm' ? 'state' : 'adjoint';
    return [
      {
        name: `${what} changed most`,
        text: `${most.name} at t = ${most.t}, by ${formatValue(most.norm)}`,
      },
    ];
  });
}
