/** One value: what it is, as a heat map or as a table a page at a time, and the way into what it holds. */
import type { SliceStatistics, ValueSlice } from '../../kernel/contract/valueSlice.js';
import type {
  ValueMessage,
  ValuePageMessage,
  ValueWish,
} from '../../kernel/contract/variablesView.js';
import { choice } from '../controls.js';
import { element } from '../element.js';
import { formatCount, formatNumber, formatShape } from '../format.js';
import { onThemeChange } from '../theme.js';
import { cellTable, focusCell, type Place } from './cellTable.js';
import { heatMap } from './heatMap.js';
import { pager } from './pager.js';

const page = { rows: 100, columns: 40 };
const overview = { rows: 192, columns: 192 };

export class ValueView {
  readonly #path = element('h1', { class: 'path' });
  readonly #what = element('span', { class: 'what' });
  readonly #facts = element('div', { class: 'facts' });
  readonly #controls = element('div', { class: 'controls' });
  readonly #stage = element('div', { class: 'stage' });
  readonly #foot = element('div', { class: 'foot' });
  #name = '';
  #steps: (string | number)[] = [];
  #view: ValueWish['view'] = 'overview';
  #at: number[] = [];
  #from: Place = { row: 0, column: 0 };
  /** To have the focus when the page is there. */
  #wanted: Place | undefined;
  #slice: ValueSlice | undefined;
  #statistics: SliceStatistics | undefined;
  #request = 0;

  constructor(private readonly send: (message: ValueMessage) => void) {
    const reveal = element('button', {
      class: 'small',
      text: 'Go to Cell',
      attributes: { type: 'button' },
    });
    reveal.addEventListener('click', () => send({ kind: 'reveal' }));
    const push = element('span', { class: 'push', children: [reveal] });
    const top = element('div', { class: 'top', children: [this.#path, this.#what, push] });
    document.body.append(top, this.#facts, this.#controls, this.#stage, this.#foot);
    const redraw = () => {
      if (this.#slice && this.#view === 'overview') this.#draw(this.#slice);
    };
    onThemeChange(document, redraw);
    new ResizeObserver(redraw).observe(document.body);
  }

  receive(message: ValuePageMessage): void {
    switch (message.kind) {
      case 'show':
        this.#name = message.name;
        this.#ask();
        break;
      case 'changed':
        this.#ask();
        break;
      case 'waiting':
        if (message.request === this.#request)
          this.#hint('A cell is busy: the kernel answers when its code lets go');
        break;
      case 'answer':
        if (message.request === this.#request) this.#answered(message.slice);
        break;
    }
  }

  #ask(): void {
    const size = this.#view === 'overview' ? overview : page;
    const wish = { path: this.#steps, at: this.#at, view: this.#view, ...this.#from, ...size };
    this.send({ kind: 'ask', request: ++this.#request, wish });
  }

  #answered(slice: ValueSlice | string): void {
    if (typeof slice === 'string') {
      // What is no matrix is a table.
      if (this.#view === 'overview' && slice.startsWith('An overview is for')) {
        this.#view = 'page';
        this.#ask();
      } else this.#refused(slice);
      return;
    }
    this.#slice = slice;
    this.#statistics =
      slice.statistics ?? (slice.kind === 'numbers' ? this.#statistics : undefined);
    this.#at = slice.at;
    this.#from = { row: slice.row, column: slice.column };
    this.#draw(slice);
  }

  #refused(reason: string): void {
    this.#renewPath();
    this.#slice = undefined;
    this.#what.textContent = '';
    this.#facts.replaceChildren();
    this.#controls.replaceChildren();
    this.#foot.replaceChildren();
    this.#stage.className = 'stage reason';
    this.#stage.textContent = reason;
  }

  #draw(slice: ValueSlice): void {
    this.#renewPath();
    const shape = slice.shape.length > 0 ? ` ${formatShape(slice.shape)}` : '';
    this.#what.textContent = slice.type + shape;
    this.#facts.replaceChildren(...factsOf(this.#statistics));
    this.#renewControls(slice);
    this.#hint('');
    if (slice.statistics) this.#drawMap({ ...slice, statistics: slice.statistics });
    else this.#drawTable(slice);
  }

  #drawMap(slice: ValueSlice & { statistics: SliceStatistics }): void {
    this.#stage.className = 'stage';
    this.#stage.replaceChildren();
    const { clientWidth, clientHeight } = this.#stage;
    const room = { width: clientWidth - 60, height: Math.max(120, clientHeight - 90) };
    const map = heatMap(slice, room, (row, column) => {
      const isStrip = slice.shape.length === 1;
      this.#goTo(isStrip ? { row: column, column: 0 } : { row, column });
    });
    this.#stage.replaceChildren(map);
  }

  #drawTable(slice: ValueSlice): void {
    const { kind, cells } = slice;
    this.#stage.className = `stage${kind === 'text' ? '' : ' table'}`;
    if (kind === 'text') {
      this.#stage.replaceChildren(element('pre', { text: String(cells[0]?.[0] ?? '') }));
      return;
    }
    const table = cellTable(slice, (step) => this.#open([...this.#steps, step]));
    this.#stage.replaceChildren(table);
    this.#stage.scrollTo(0, 0);
    const show = (place: Partial<Place>) => {
      this.#from = { ...this.#from, ...place };
      this.#ask();
    };
    this.#foot.prepend(
      pager('Rows', slice.row, cells.length, slice.totalRows, (row) => show({ row })),
      ...(kind === 'members'
        ? []
        : [
            pager('Columns', slice.column, cells[0]?.length ?? 0, slice.totalColumns, (column) =>
              show({ column }),
            ),
          ]),
    );
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted)
      focusCell(table, { row: wanted.row - slice.row, column: wanted.column - slice.column });
  }

  #goTo(place: Place): void {
    this.#view = 'page';
    this.#wanted = place;
    const from = (index: number, size: number) => Math.floor(index / size) * size;
    this.#from = { row: from(place.row, page.rows), column: from(place.column, page.columns) };
    this.#ask();
  }

  #open(steps: (string | number)[]): void {
    this.#steps = steps;
    this.#at = [];
    this.#from = { row: 0, column: 0 };
    this.#view = 'overview';
    this.#statistics = undefined;
    this.#ask();
  }

  #renewPath(): void {
    const all = [this.#name, ...this.#steps];
    this.#path.replaceChildren(
      ...all.flatMap((step, index): (Node | string)[] => {
        const text = typeof step === 'number' ? `[${step}]` : step;
        const separator = element('span', { class: 'sep', text: '›' });
        const before = index === 0 ? [] : [separator];
        if (index === all.length - 1) return [...before, text];
        const button = element('button', { text, attributes: { type: 'button' } });
        button.addEventListener('click', () => this.#open(this.#steps.slice(0, index)));
        return [...before, button];
      }),
    );
  }

  #renewControls({ kind, shape, at }: ValueSlice): void {
    const active = document.activeElement?.id;
    const views = choice<ValueWish['view']>(
      'View',
      [
        { value: 'overview', text: 'Heat map', hint: 'The whole matrix as shades' },
        { value: 'page', text: 'Table', hint: 'The numbers, a page at a time' },
      ],
      this.#view,
      (view) => {
        this.#view = view;
        this.#from = { row: 0, column: 0 };
        this.#ask();
      },
    );
    this.#controls.replaceChildren(
      ...(kind === 'numbers' ? [views] : []),
      ...at.map((index, axis) => this.#axis(axis, index, shape[axis]!)),
    );
    this.#controls.hidden = this.#controls.childElementCount === 0;
    if (active) document.getElementById(active)?.focus();
  }

  /** Which index of an axis before the last two is shown. */
  #axis(axis: number, index: number, extent: number): HTMLElement {
    const input = element('input', {
      attributes: {
        type: 'number',
        id: `axis-${axis}`,
        min: '0',
        max: String(extent - 1),
        'aria-label': `Index of axis ${axis}`,
      },
    });
    input.valueAsNumber = index;
    input.addEventListener('input', () => {
      if (!Number.isFinite(input.valueAsNumber)) return;
      this.#at = this.#at.with(
        axis,
        Math.max(0, Math.min(extent - 1, Math.trunc(input.valueAsNumber))),
      );
      this.#ask();
    });
    const children = [
      `axis ${axis}`,
      input,
      element('span', { class: 'muted', text: `of ${formatCount(extent)}` }),
    ];
    const label = element('label', { class: 'axis' });
    label.append(...children);
    return label;
  }

  #hint(text: string): void {
    this.#foot.replaceChildren(
      element('span', { class: 'hint', text, attributes: { role: 'status' } }),
    );
  }
}

function factsOf(statistics: SliceStatistics | undefined): HTMLElement[] {
  if (!statistics) return [];
  const { count, nonFinite, min, max, mean, deviation, isSampled } = statistics;
  const fact = (title: string, text: string, className = '') =>
    element('span', {
      class: className,
      children: [document.createTextNode(`${title} `), element('b', { text })],
    });
  const numbers = Object.entries({ min, max, mean, std: deviation }).flatMap(([title, value]) =>
    value === undefined ? [] : [fact(title, formatNumber(value))],
  );
  return [
    ...numbers,
    fact(isSampled ? 'numbers looked at' : 'numbers', formatCount(count)),
    ...(nonFinite > 0 ? [fact('NaN or infinite', formatCount(nonFinite), 'bad')] : []),
  ];
}
