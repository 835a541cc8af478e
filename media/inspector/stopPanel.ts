import { element } from '../element.js';
import { formatValue } from '../format.js';
import { mathElement } from './mathElement.js';
import { type Part, partText, type Reading, type Strip } from './reading.js';
import type { Palette } from './scales.js';
import { type StripEditing, type StripElement, stripElement } from './strip.js';

/** What is said about a stop, beside the picture. */
export interface StopPanel {
  root: HTMLElement;
  show(reading: Reading, palette: Palette, editing?: StripEditing): void;
  /** To the first number that can be read by keyboard; false where there is none. */
  focus(): boolean;
}

export function createStopPanel(): StopPanel {
  const root = element('div', {
    class: 'panel',
    attributes: { role: 'region', 'aria-label': 'The current stop' },
  });
  let strips: StripElement[] = [];
  let subject = '';
  return {
    root,
    show: (reading, palette, editing) => {
      const focused = focusedNumber(root, strips);
      root.dataset['phase'] = reading.phase;
      strips = reading.strips.map((strip) => stripElement(strip, palette, editing));
      root.replaceChildren(...panelContent(reading, strips, editing !== undefined));
      const about = `${reading.head} ${reading.subject}`;
      if (focused && about === subject) strips[focused.strip]?.focus(focused.position);
      subject = about;
    },
    focus: () => strips.some((strip) => strip.focus(0)),
  };
}

/** The number that has the focus, so that it has it again when the panel is made anew. */
function focusedNumber(root: HTMLElement, strips: readonly StripElement[]) {
  const page = root.getRootNode() as Document | ShadowRoot;
  const { activeElement } = page;
  if (!(activeElement instanceof HTMLElement) || !root.contains(activeElement)) return undefined;
  const strip = strips.findIndex((one) => one.root.contains(activeElement));
  return { strip, position: Number(activeElement.dataset['at'] ?? 0) };
}

function panelContent(
  reading: Reading,
  strips: readonly StripElement[],
  canEdit: boolean,
): HTMLElement[] {
  const section = (title: string, role: Strip['role']): HTMLElement[] => {
    const own = strips.filter((_, index) => reading.strips[index]!.role === role);
    return own.length === 0 ? [] : [element('h4', { text: title }), ...own.map(({ root }) => root)];
  };
  const isEditable =
    canEdit && reading.strips.some(({ role, numbers }) => role === 'operand' && numbers);
  return [
    element('div', {
      class: 'stophead',
      children: [
        element('span', { class: `phase ${reading.phase}`, text: reading.head }),
        element('span', { class: 'subject', text: reading.subject }),
      ],
    }),
    ...equations(reading),
    ...section('Operands', 'operand'),
    ...section('Result', 'result'),
    ...section('Adjoint', 'adjoint'),
    ...partsList(reading),
    ...section('Sends on', 'sent'),
    ...checkLine(reading),
    ...(isEditable
      ? [element('p', { class: 'note', text: 'What if? Double-click a number, or press E.' })]
      : []),
    ...reading.notes.map((text) => element('p', { class: 'note', text })),
  ];
}

/** A longer equation does not fit the panel in large type. */
const mostInLarge = 44;

/** The operation, and for gates and states the equation down to other gates and states: first where it is short. */
function equations({ math, equation, formula }: Reading): HTMLElement[] {
  const line = (className: string, content: Element) =>
    element('div', { class: className, children: [content] });
  const isFirst = formula !== undefined && formula.text.length <= mostInLarge;
  const whole = formula && mathElement(formula.math, formula.text);
  const own = math && mathElement(math, equation);
  return [
    ...(whole && isFirst ? [line('formula', whole)] : []),
    ...(own ? [line(isFirst ? 'equation small' : 'equation', own)] : []),
    ...(whole && !isFirst ? [line('formula small', whole)] : []),
  ];
}

function partsList({ parts, phase }: Reading): HTMLElement[] {
  if (parts.length === 0) return [];
  const most = Math.max(...parts.map(({ norm }) => (Number.isFinite(norm) ? norm : 0)));
  const list = element('div', {
    class: 'parts',
    attributes: { role: 'list' },
    children: parts.map((part) => partLine(part, most, phase === 'end')),
  });
  return [element('h4', { text: phase === 'end' ? 'By parameter' : 'Comes from' }), list];
}

function partLine(part: Part, most: number, isParameter: boolean): HTMLElement {
  const { norm, before } = part;
  const bar = element('span', { class: 'bar' });
  bar.style.width = `${most > 0 && Number.isFinite(norm) ? (100 * norm) / most : 0}%`;
  const text = isParameter ? part.name : partText(part);
  const now = formatValue(norm);
  const was = before === undefined ? now : formatValue(before);
  return element('div', {
    class: was === now ? 'part' : 'part changed',
    attributes: { role: 'listitem', 'data-origin': part.origin },
    children: [
      element('span', { class: 'partname', text, attributes: { title: text } }),
      element('span', { class: 'track', children: [bar] }),
      element('span', { class: 'norm', text: was === now ? now : `${was} → ${now}` }),
    ],
  });
}

function checkLine({ check }: Reading): HTMLElement[] {
  if (!check) return [];
  const mark = check.passed ? '✓' : '✗';
  const said = check.passed ? 'agrees with' : 'is off from';
  return [
    element('p', {
      class: `check ${check.passed ? 'passed' : 'failed'}`,
      text: `${mark} Local derivative ${said} central differences to ${formatValue(check.error)}`,
    }),
  ];
}
