import { plainButton } from '../controls.js';
import { element } from '../element.js';
import type { Breakpoints, Condition } from './breakpoints.js';

/** Chooses what the walk stops at besides time steps. */
export interface BreakpointMenu {
  /** Opens and closes the panel. */
  button: HTMLButtonElement;
  panel: HTMLElement;
  /** The conditions that are on, with their limits. */
  conditions(): Omit<Breakpoints, 'steps'>;
  /** Says on the button how many breakpoints there are, conditions and time steps. */
  count(steps: number): void;
}

interface Line {
  text: string;
  hint: string;
  /** With a limit: what stands in the field at first, and after it. */
  limit?: { first: string; after: string; label: string; toNumber: (typed: number) => number };
}

const same = (typed: number): number => typed;
const lines: Record<Condition, Line> = {
  normAbove: {
    text: 'norm above',
    hint: 'Of a value on the way forward, of an adjoint on the way back',
    limit: { first: '10', after: '', label: 'Norm above', toNumber: same },
  },
  normBelow: {
    text: 'norm below',
    hint: 'Of a value on the way forward, of an adjoint on the way back',
    limit: { first: '1e-6', after: '', label: 'Norm below', toNumber: same },
  },
  notFinite: { text: 'NaN or infinity', hint: 'In a value or an adjoint of any operation' },
  saturated: {
    text: 'saturated from',
    hint: 'This part of an activation is within a tenth of its range of a bound',
    limit: {
      first: '50',
      after: '%',
      label: 'Saturated from, in per cent',
      toNumber: (typed) => typed / 100,
    },
  },
  clipFired: {
    text: 'clipping fires',
    hint: 'The gradient, summed so far on the way back, exceeds the clipping norm',
  },
  truncationCrossed: {
    text: 'truncation crossed',
    hint: 'The adjoint from the next time step is cut off',
  },
};

export function createBreakpointMenu(actions: {
  changed: () => void;
  runOn: () => void;
}): BreakpointMenu {
  const rows = (Object.keys(lines) as Condition[]).map((condition) =>
    conditionRow(condition, actions.changed),
  );
  const run = plainButton('Run to the next', actions.runOn);
  run.title = 'Goes on to the next breakpoint (R)';
  const panel = element('div', {
    class: 'breakpoints',
    attributes: { role: 'group', 'aria-label': 'Stop where' },
    children: [
      element('span', { class: 'hint', text: 'Stop where' }),
      ...rows.map(({ root }) => root),
      run,
    ],
  });
  panel.hidden = true;
  const button = plainButton('Breakpoints', () => {
    panel.hidden = !panel.hidden;
    button.setAttribute('aria-expanded', String(!panel.hidden));
  });
  button.setAttribute('aria-expanded', 'false');
  button.dataset['open'] = 'breakpoints';
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    button.click();
    button.focus();
  });
  const conditions = () =>
    Object.fromEntries(rows.flatMap(({ read }) => read())) as Omit<Breakpoints, 'steps'>;
  return {
    button,
    panel,
    conditions,
    count: (steps) => {
      const all = steps + Object.keys(conditions()).length;
      button.textContent = all === 0 ? 'Breakpoints' : `Breakpoints (${all})`;
    },
  };
}

interface ConditionRow {
  root: HTMLElement;
  /** The condition and its limit where it is on. */
  read: () => [Condition, number | true][];
}

function conditionRow(condition: Condition, changed: () => void): ConditionRow {
  const { text, hint, limit } = lines[condition];
  const box = element('input', { attributes: { type: 'checkbox', 'data-condition': condition } });
  box.addEventListener('change', changed);
  const label = element('label', {
    attributes: { title: hint },
    children: [box, document.createTextNode(text)],
  });
  if (!limit) return { root: label, read: () => (box.checked ? [[condition, true]] : []) };
  const field = element('input', {
    class: 'number',
    attributes: {
      type: 'text',
      inputmode: 'decimal',
      'aria-label': limit.label,
      'data-limit': condition,
    },
  });
  field.value = limit.first;
  const typed = () => (field.value.trim() === '' ? NaN : Number(field.value.replace('−', '-')));
  field.addEventListener('input', () => {
    const isNumber = !Number.isNaN(typed());
    field.setAttribute('aria-invalid', String(!isNumber));
    // Who sets a limit wants it.
    box.checked = isNumber;
    changed();
  });
  return {
    root: element('span', {
      class: 'condition',
      children: [label, field, document.createTextNode(limit.after)],
    }),
    read: () =>
      box.checked && !Number.isNaN(typed()) ? [[condition, limit.toNumber(typed())]] : [],
  };
}
