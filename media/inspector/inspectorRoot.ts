import { element } from '../element.js';
import { styleSheet } from '../styleSheet.js';
import type { Theme } from '../theme.js';
import { inspectorStyle } from './inspectorStyle.js';
import { flowHues } from './scales.js';

/** What stands on the inspector's page. */
export interface InspectorParts {
  head: HTMLElement;
  /** Transport, choices and the buttons that open panels, in a row. */
  controls: readonly HTMLElement[];
  /** Conditions of breakpoints. */
  menu: HTMLElement;
  /** The numbers of the picture; its button stands at the end of the row. */
  table: { button: HTMLElement; panel: HTMLElement };
  /** What-if edits, and why there can be none. */
  bar: { root: HTMLElement; note: HTMLElement };
  /** Lines that are read aloud. */
  status: readonly HTMLElement[];
  sides: HTMLElement;
  tabs: HTMLElement;
}

/** The inspector's page, top to bottom. */
export function inspectorRoot(parts: InspectorParts): HTMLElement {
  const { head, controls, menu, table, bar, status, sides, tabs } = parts;
  table.button.classList.add('push');
  return element('div', {
    class: 'unroll inspector',
    attributes: { 'data-unroll-view': 'inspector' },
    children: [
      styleSheet(),
      inspectorStyle(),
      head,
      element('div', { class: 'controls', children: [...controls, table.button] }),
      menu,
      table.panel,
      bar.root,
      ...status,
      sides,
      bar.note,
      tabs,
    ],
  });
}

/** For what CSS colours by phase. */
export function showHues(root: HTMLElement, { kind }: Theme): void {
  const { forward, backward } = flowHues[kind];
  root.style.setProperty('--unroll-forward', forward);
  root.style.setProperty('--unroll-backward', backward);
}
