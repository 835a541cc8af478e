import { element } from '../element.js';
import { formatValue } from '../format.js';
import { mathElement } from './mathElement.js';
import { type Part, partText, type Reading, type Strip } from './reading.js';
import type { Palette } from './scales.js';
import { stripElement } from './strip.js';

/** Fills the panel beside the picture with what is said about a stop. */
export function showReading(panel: HTMLElement, reading: Reading, palette: Palette): void {
  panel.dataset['phase'] = reading.phase;
  panel.replaceChildren(
    element('div', {
      class: 'stophead',
      children: [
        element('span', { class: `phase ${reading.phase}`, text: reading.head }),
        element('span', { class: 'subject', text: reading.subject }),
      ],
    }),
    ...equations(reading),
    ...section('Operands', stripsOf(reading, 'operand'), palette),
    ...section('Result', stripsOf(reading, 'result'), palette),
    ...section('Adjoint', stripsOf(reading, 'adjoint'), palette),
    ...partsList(reading),
    ...section('Sends on', stripsOf(reading, 'sent'), palette),
    ...checkLine(reading),
    ...reading.notes.map((text) => element('p', { class: 'note', text })),
  );
}

const stripsOf = ({ strips }: Reading, role: Strip['role']): Strip[] =>
  strips.filter((strip) => strip.role === role);

function equations({ math, equation, formula }: Reading): HTMLElement[] {
  const line = (className: string, content: Element) =>
    element('div', { class: className, children: [content] });
  return [
    ...(math ? [line('equation', mathElement(math, equation))] : []),
    ...(formula ? [line('formula', mathElement(formula.math, formula.text))] : []),
  ];
}

function section(title: string, strips: readonly Strip[], palette: Palette): HTMLElement[] {
  if (strips.length === 0) return [];
  return [element('h4', { text: title }), ...strips.map((strip) => stripElement(strip, palette))];
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
  const bar = element('span', { class: 'bar' });
  bar.style.width = `${most > 0 && Number.isFinite(part.norm) ? (100 * part.norm) / most : 0}%`;
  const text = isParameter ? part.name : partText(part);
  return element('div', {
    class: 'part',
    attributes: { role: 'listitem', 'data-origin': part.origin },
    children: [
      element('span', { class: 'partname', text, attributes: { title: text } }),
      element('span', { class: 'track', children: [bar] }),
      element('span', { class: 'norm', text: formatValue(part.norm) }),
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
