import { element } from '../element.js';

export interface TabList<T extends string> {
  root: HTMLElement;
  mark(chosen: T): void;
}

/** Tabs by their names; arrow keys go from one to the next. */
export function createTabList<T extends string>(
  names: Readonly<Record<T, string>>,
  label: string,
  choose: (tab: T) => void,
): TabList<T> {
  const order = Object.keys(names) as T[];
  const buttons = new Map(order.map((tab) => [tab, tabButton(tab)]));
  function tabButton(tab: T): HTMLButtonElement {
    const button = element('button', {
      class: 'tab',
      text: names[tab],
      attributes: { type: 'button', role: 'tab', 'data-tab': tab },
    });
    button.addEventListener('click', () => choose(tab));
    button.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = order[(order.indexOf(tab) + by + order.length) % order.length]!;
      choose(next);
      buttons.get(next)!.focus();
    });
    return button;
  }
  return {
    root: element('div', {
      class: 'tablist',
      attributes: { role: 'tablist', 'aria-label': label },
      children: [...buttons.values()],
    }),
    mark: (chosen) => {
      for (const [tab, button] of buttons) {
        button.setAttribute('aria-selected', String(tab === chosen));
        button.tabIndex = tab === chosen ? 0 : -1;
      }
    },
  };
}
