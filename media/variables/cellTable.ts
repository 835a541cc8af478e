/** A page of a value as a table: numbers, records, or members that can be opened in their turn. */
import type { SliceCell, ValueSlice } from '../../kernel/contract/valueSlice.js';
import { element } from '../element.js';
import { formatCount, formatNumber } from '../format.js';

export interface Place {
  row: number;
  column: number;
}

/** @param open Goes into the row's value. */
export function cellTable(
  slice: ValueSlice,
  open: (step: string | number) => void,
): HTMLTableElement {
  const { kind, row, column, cells, opens, rowNames, columnNames, shape } = slice;
  const columns = cells[0]?.length ?? 0;
  const nameOf = (index: number) => columnNames?.[index] ?? formatCount(column + index);
  const isNumber = kind === 'numbers';
  const corner = kind === 'members' ? 'Member' : shape.length > 1 ? 'row' : 'index';
  const heads = Array.from({ length: columns }, (_, j) => {
    const text = shape.length === 1 && isNumber ? 'value' : nameOf(j);
    const attributes = { scope: 'col', title: text };
    return element('th', { class: isNumber ? 'number' : '', text, attributes });
  });
  const body = cells.map((values, i) => {
    const step = rowNames?.[i] ?? row + i;
    const text = typeof step === 'number' ? formatCount(step) : step;
    const head = element('th', { attributes: { scope: 'row' } });
    if (opens?.[i]) {
      const button = element('button', {
        text,
        attributes: { type: 'button', title: `Open ${text}`, 'data-step': String(step) },
      });
      button.addEventListener('click', () => open(step));
      head.append(button);
    } else head.append(text);
    return element('tr', {
      class: opens?.[i] ? 'opens' : '',
      children: [head, ...values.map((value, j) => cellElement(value, i, j, isNumber))],
    });
  });
  const table = element('table', {
    class: 'cells',
    attributes: {
      'aria-rowcount': String(slice.totalRows),
      'aria-colcount': String(slice.totalColumns),
    },
    children: [
      element('thead', {
        children: [element('tr', { children: [element('th', { text: corner }), ...heads] })],
      }),
      element('tbody', { children: body }),
    ],
  });
  table.addEventListener('keydown', moveFocus);
  const first = table.querySelector<HTMLElement>('td');
  if (first) first.tabIndex = 0;
  return table;
}

/** Puts the focus on a cell of the page. */
export function focusCell(table: HTMLElement, { row, column }: Place): void {
  const cell = table.querySelector<HTMLElement>(`td[data-at="${row},${column}"]`);
  if (!cell) return;
  for (const one of table.querySelectorAll<HTMLElement>('td[tabindex="0"]')) one.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
  cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function cellElement(value: SliceCell, i: number, j: number, ofNumbers: boolean): HTMLElement {
  const text = typeof value === 'number' ? formatNumber(value) : value;
  const isBad = ofNumbers && typeof value === 'string' && value !== '';
  const cell = element('td', {
    class: `${ofNumbers || typeof value === 'number' ? 'number' : ''}${isBad ? ' bad' : ''}`,
    text,
    attributes: { tabindex: '-1', 'data-at': `${i},${j}` },
  });
  if (String(value) !== text || text.length > 40) cell.title = String(value);
  return cell;
}

const moves: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

function moveFocus(event: KeyboardEvent): void {
  const at = (event.target as HTMLElement).dataset['at']?.split(',').map(Number);
  const by = moves[event.key];
  if (!at || !by || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const place = { row: at[0]! + by[0], column: at[1]! + by[1] };
  focusCell(event.currentTarget as HTMLElement, place);
}
