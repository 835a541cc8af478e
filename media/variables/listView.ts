/** The list of variables: filter, heads that sort, rows that the keyboard reaches, what is left to say below. */
import type { ListMessage, VariablesShown } from '../../kernel/contract/variablesView.js';
import { element } from '../element.js';
import { emptyState } from './emptyState.js';
import { listRow } from './listRow.js';
import {
  byteText,
  changedNames,
  type Column,
  columns,
  filtered,
  nextOrder,
  type Order,
  sorted,
} from './listRows.js';

/** More rows than this nobody reads; a filter finds the others. */
const mostRows = 1000;

export interface ListState {
  filter?: string;
  order?: Order;
}

interface Parts {
  state: ListState;
  remember: (state: ListState) => void;
  send: (message: ListMessage) => void;
}

export class ListView {
  readonly #filter = element('input', {
    attributes: {
      type: 'search',
      placeholder: 'Filter by name, type or value',
      'aria-label': 'Filter variables',
      spellcheck: 'false',
    },
  });
  readonly #heads = element('tr', { attributes: { role: 'row' } });
  readonly #body = element('tbody', { attributes: { role: 'rowgroup' } });
  readonly #list = element('div', { class: 'list' });
  readonly #hint = element('span', { class: 'hint', attributes: { role: 'status' } });
  readonly #total = element('span', { class: 'total' });
  readonly #foot = element('div', { class: 'foot', children: [this.#hint, this.#total] });
  readonly #bar = element('div', { class: 'bar', children: [this.#filter] });
  readonly #table = element('table', {
    attributes: { role: 'grid', 'aria-label': 'Variables' },
    children: [
      element('thead', { attributes: { role: 'rowgroup' }, children: [this.#heads] }),
      this.#body,
    ],
  });
  #order: Order;
  #shown: VariablesShown = {
    kind: 'variables',
    state: 'noKernel',
    notebook: '',
    variables: [],
    answer: 0,
  };
  #changed = new Set<string>();
  /** The row that Tab reaches. */
  #current: string | undefined;
  #sure: HTMLElement | undefined;

  constructor(private readonly parts: Parts) {
    this.#order = parts.state.order ?? {};
    this.#filter.value = parts.state.filter ?? '';
    this.#filter.addEventListener('input', () => this.#renew());
    this.#filter.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.#rows[0]?.focus();
    });
    this.#body.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('focusin', ({ target }) => this.#focused(target as Element));
    this.#heads.append(...columns.map(({ id, title }) => this.#head(id, title)));
    document.body.append(this.#bar, this.#list, this.#foot);
  }

  show(message: VariablesShown): void {
    const before = this.#shown;
    const isSame = before.notebook === message.notebook && before.variables.length > 0;
    if (message.answer !== before.answer)
      this.#changed = isSame ? changedNames(before.variables, message.variables) : new Set();
    this.#shown = message;
    this.#renew();
  }

  /** In the row's place: taking away what was trained for hours is one key away otherwise. */
  askToForget(name: string): void {
    const row = this.#rows.find((one) => one.dataset['name'] === name);
    if (!row) return;
    this.#sure?.remove();
    const yes = element('button', {
      class: 'small danger',
      text: 'Delete',
      attributes: { type: 'button', 'data-sure': 'yes' },
    });
    const no = element('button', {
      class: 'small',
      text: 'Cancel',
      attributes: { type: 'button' },
    });
    const end = () => {
      this.#sure?.remove();
      this.#sure = undefined;
      row.hidden = false;
      row.focus();
    };
    no.addEventListener('click', end);
    yes.addEventListener('click', () => {
      end();
      this.parts.send({ kind: 'forget', name });
    });
    const question = element('span', { text: `Delete ${name}? Its value is gone then.` });
    const cell = element('td', {
      attributes: { colspan: '7' },
      children: [element('div', { class: 'sure', children: [question, yes, no] })],
    });
    this.#sure = element('tr', { children: [cell] });
    this.#sure.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') end();
    });
    row.hidden = true;
    row.after(this.#sure);
    yes.focus();
  }

  get #rows(): HTMLTableRowElement[] {
    return [...this.#body.querySelectorAll<HTMLTableRowElement>('tr.row')];
  }

  #head(id: Column, title: string): HTMLElement {
    const button = element('button', {
      text: title,
      attributes: { type: 'button', title: `Sort by ${title.toLowerCase()}` },
    });
    button.append(element('span', { class: 'arrow', attributes: { 'aria-hidden': 'true' } }));
    button.addEventListener('click', () => {
      this.#order = nextOrder(this.#order, id);
      this.#renew();
    });
    const number = columns.find((one) => one.id === id)?.isNumber ? ' number' : '';
    return element('th', {
      class: `${id}${number}`,
      attributes: { role: 'columnheader', scope: 'col', 'data-column': id },
      children: [button],
    });
  }

  #renew(): void {
    this.parts.remember({ filter: this.#filter.value, order: this.#order });
    const { state, variables } = this.#shown;
    const isEmpty = variables.length === 0;
    this.#bar.hidden = isEmpty;
    this.#foot.hidden = isEmpty;
    if (isEmpty) {
      this.#list.replaceChildren(emptyState(state, () => this.parts.send({ kind: 'newNotebook' })));
      return;
    }
    this.#renewHeads();
    this.#renewRows();
    if (!this.#table.isConnected) this.#list.replaceChildren(this.#table);
  }

  #renewHeads(): void {
    const { by, isDescending = false } = this.#order;
    for (const head of this.#heads.children) {
      const isBy = (head as HTMLElement).dataset['column'] === by;
      head.querySelector('.arrow')!.textContent = isBy ? (isDescending ? '↓' : '↑') : '';
      if (isBy) head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
  }

  #renewRows(): void {
    const { state, variables } = this.#shown;
    const found = sorted(filtered(variables, this.#filter.value), this.#order);
    const hadFocus = this.#body.contains(document.activeElement) && !this.#sure;
    const actions = {
      open: (name: string) => this.parts.send({ kind: 'open', name }),
      reveal: (name: string) => this.parts.send({ kind: 'reveal', name }),
      askToForget: (name: string) => this.askToForget(name),
    };
    this.#sure = undefined;
    this.#body.replaceChildren(
      ...found.slice(0, mostRows).map((one) => listRow(one, this.#changed.has(one.name), actions)),
    );
    const rows = this.#rows;
    const current = rows.find((row) => row.dataset['name'] === this.#current) ?? rows[0];
    if (current) current.tabIndex = 0;
    if (hadFocus) current?.focus();
    const bytes = variables.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
    const count = found.length === variables.length ? '' : `${found.length} of `;
    this.#total.textContent = `${count}${variables.length} variable${variables.length === 1 ? '' : 's'} · ${byteText(bytes)}`;
    this.#hint.textContent = this.#hintText(state, found.length);
    this.#hint.title = this.#hint.textContent;
  }

  #hintText(state: VariablesShown['state'], found: number): string {
    if (state === 'waiting') return 'A cell is busy: as of before it ran';
    if (found === 0) return 'Nothing matches the filter';
    return found > mostRows ? `The first ${mostRows} are shown` : '';
  }

  #focused(target: Element): void {
    const row = target.closest<HTMLTableRowElement>('tr.row');
    if (!row) return;
    for (const one of this.#rows) one.tabIndex = one === row ? 0 : -1;
    this.#current = row.dataset['name'];
  }

  #key(event: KeyboardEvent): void {
    const row = (event.target as Element).closest<HTMLTableRowElement>('tr.row');
    const name = row?.dataset['name'];
    if (!row || name === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = this.#rows;
    const at = rows.indexOf(row);
    const goTo = (index: number) => rows[Math.min(rows.length - 1, Math.max(0, index))]?.focus();
    const variable = this.#shown.variables.find((one) => one.name === name);
    const kind = variable?.opens && !event.shiftKey ? 'open' : 'reveal';
    const deeds: Partial<Record<string, () => void>> = {
      ArrowDown: () => goTo(at + 1),
      ArrowUp: () => (at === 0 ? this.#filter.focus() : goTo(at - 1)),
      PageDown: () => goTo(at + 10),
      PageUp: () => goTo(at - 10),
      Home: () => goTo(0),
      End: () => goTo(rows.length - 1),
      Enter: () => this.parts.send({ kind, name }),
      Delete: () => this.askToForget(name),
      Backspace: () => this.askToForget(name),
      Escape: () => this.#filter.focus(),
    };
    const deed = deeds[event.key];
    if (!deed || (event.key === 'Enter' && event.target !== row)) return;
    event.preventDefault();
    deed();
  }
}
