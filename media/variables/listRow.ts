import type { ShownVariable } from '../../kernel/contract/variablesView.js';
import { element } from '../element.js';
import { icon } from './icons.js';
import { memoryText, shapeText, valueOf } from './listRows.js';

export interface RowActions {
  open(name: string): void;
  reveal(name: string): void;
  askToForget(name: string): void;
}

/** One variable; the row has the focus, its buttons are for the pointer. */
export function listRow(
  variable: ShownVariable,
  isChanged: boolean,
  actions: RowActions,
): HTMLTableRowElement {
  const { name, type, cell, opens } = variable;
  const cellButton =
    cell && button(cell.label, `Go to the cell that set ${name}`, () => actions.reveal(name));
  cellButton?.classList.add('link');
  const [shape, value] = [shapeText(variable), valueOf(variable)];
  const row = element('tr', {
    class: `row${isChanged ? ' changed' : ''}`,
    attributes: {
      role: 'row',
      tabindex: '-1',
      'data-name': name,
      'data-vscode-context': JSON.stringify({
        unrollVariable: name,
        unrollOpens: opens,
        preventDefaultContextMenuItems: true,
      }),
    },
    children: [
      tableCell('name', name, isChanged ? `${name}, changed by the last cell` : name),
      tableCell('type', type),
      tableCell('shape', shape),
      tableCell('value', value),
      tableCell('memory number', memoryText(variable)),
      tableCell('cell number', '', '', cellButton ? [cellButton] : []),
      tableCell('actions', '', '', [
        ...(opens
          ? [iconButton('open', `Show ${name} as heat map or table`, () => actions.open(name))]
          : []),
        iconButton('delete', `Delete ${name}`, () => actions.askToForget(name)),
      ]),
    ],
  });
  row.addEventListener('dblclick', () => (opens ? actions.open(name) : actions.reveal(name)));
  return row;
}

function tableCell(className: string, text: string, title = text, children: Node[] = []) {
  const cell = element('td', { class: className, attributes: { role: 'gridcell' } });
  if (title !== '') cell.title = title;
  cell.append(text, ...children);
  return cell;
}

function button(text: string, label: string, clicked: () => void): HTMLButtonElement {
  const made = element('button', {
    text,
    attributes: { type: 'button', tabindex: '-1', title: label, 'aria-label': label },
  });
  made.addEventListener('click', clicked);
  return made;
}

function iconButton(name: Parameters<typeof icon>[0], label: string, clicked: () => void) {
  const made = button('', label, clicked);
  made.append(icon(name));
  return made;
}
