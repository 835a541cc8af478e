import { element } from './element.js';

/** A picture's data as text. */
export interface TableData {
  caption: string;
  columns: { title: string; number?: boolean }[];
  rows: string[][];
}

export function dataTable({ caption, columns, rows }: TableData): HTMLTableElement {
  const align = (index: number) => (columns[index]?.number ? 'number' : '');
  const heads = columns.map(({ title }, index) =>
    element('th', { class: align(index), text: title, attributes: { scope: 'col' } }),
  );
  const body = rows.map((cells) =>
    element('tr', {
      children: cells.map((text, index) => element('td', { class: align(index), text })),
    }),
  );
  return element('table', {
    children: [
      element('caption', { text: caption }),
      element('thead', { children: [element('tr', { children: heads })] }),
      element('tbody', { children: body }),
    ],
  });
}

/** A button that opens the table, and the place where it opens. The table is made when first needed. */
export interface DataPanel {
  button: HTMLButtonElement;
  panel: HTMLElement;
  /** Renews the table where it is open; at most twice a second, as a live run may ask for more. */
  refresh(): void;
  dispose(): void;
}

const refreshEvery = 500;

export function createDataPanel(read: () => TableData[]): DataPanel {
  const button = element('button', {
    class: 'plain',
    text: 'Show data',
    attributes: { type: 'button', 'aria-expanded': 'false' },
  });
  const panel = element('div', { class: 'data', attributes: { tabindex: '0', role: 'region' } });
  panel.setAttribute('aria-label', 'Data');
  panel.hidden = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fill = () => {
    timer = undefined;
    if (!panel.hidden) panel.replaceChildren(...read().map(dataTable));
  };
  button.addEventListener('click', () => {
    panel.hidden = !panel.hidden;
    button.setAttribute('aria-expanded', String(!panel.hidden));
    button.textContent = panel.hidden ? 'Show data' : 'Hide data';
    fill();
  });
  return {
    button,
    panel,
    refresh: () => {
      if (!panel.hidden) timer ??= setTimeout(fill, refreshEvery);
    },
    dispose: () => clearTimeout(timer),
  };
}
