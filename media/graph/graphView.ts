import type { GraphPayload } from '../../kernel/contract/mime.js';
import { plainButton } from '../controls.js';
import { createDataPanel } from '../dataTable.js';
import { element } from '../element.js';
import { formatCount, formatShape } from '../format.js';
import { gutterEntry, restLine } from '../gutterEntry.js';
import { createPictureHead } from '../pictureHead.js';
import type { OutputView } from '../rendererApi.js';
import { styleSheet } from '../styleSheet.js';
import { onThemeChange, readTheme } from '../theme.js';
import { VegaView } from '../vegaView.js';
import { createGraphTargets } from './graphTargets.js';
import {
  firstDrawn,
  firstExpanded,
  type GraphLayout,
  type GraphWindow,
  mostColumns,
  stub,
  toGraphLayout,
} from './layout.js';
import { toGraphRows } from './rows.js';
import { toGraphSpec } from './spec.js';
import { toTargets } from './targets.js';
import { toGraphTables, toHeadline, toNote, toSummary } from './texts.js';

const widthUnseen = 560;

/** An unrolled computation graph on the page with its controls. */
export class GraphView implements OutputView<GraphPayload> {
  readonly #root: HTMLElement;
  readonly #head = createPictureHead();
  readonly #hint = element('span', { class: 'hint' });
  readonly #note = element('p', { class: 'note' });
  readonly #summary = element('div', { class: 'hidden' });
  readonly #gutter = element('div', { class: 'gutter' });
  readonly #canvas = element('div');
  readonly #stage = element('div', { class: 'stage', children: [this.#canvas] });
  readonly #scroll = element('div', { class: 'scroll', children: [this.#stage] });
  readonly #frame = element('div', { class: 'frame', children: [this.#gutter, this.#scroll] });
  readonly #collapse = plainButton('Expand a cell', () => this.#toggleAny());
  readonly #earlier = plainButton('‹', () => this.#page(-1));
  readonly #later = plainButton('›', () => this.#page(1));
  readonly #range = element('span', { class: 'hint' });
  readonly #pager = element('span', {
    class: 'pager',
    children: [this.#earlier, this.#range, this.#later],
  });
  readonly #table = createDataPanel(() => toGraphTables(this.#payload, this.#window.expanded));
  readonly #targets;
  readonly #vega = new VegaView(this.#canvas);
  readonly #endings: (() => void)[] = [];

  #theme;
  #payload: GraphPayload;
  #window: GraphWindow;

  constructor(output: HTMLElement, first: GraphPayload) {
    this.#payload = first;
    this.#window = { width: widthUnseen, firstStep: 0, expanded: firstExpanded(first) };
    this.#root = this.#build();
    this.#targets = createGraphTargets(this.#stage, this.#frame, {
      toggle: (cell) => this.#toggle(cell),
      collapse: () => this.#expand(undefined),
      beyond: (by) => this.#page(by),
    });
    output.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#endings.push(
      onThemeChange(document, () => {
        this.#theme = readTheme(this.#root);
        void this.#draw();
      }),
    );
    const observer = new ResizeObserver(() => {
      const width = this.#frame.clientWidth - this.#gutter.offsetWidth;
      if (width <= 0 || width === this.#window.width) return;
      this.#window = { ...this.#window, width };
      void this.#draw();
    });
    observer.observe(this.#frame);
    this.#endings.push(() => observer.disconnect());
  }

  async update(payload: GraphPayload): Promise<void> {
    this.#payload = payload;
    const { expanded, firstStep } = this.#window;
    const stillThere =
      expanded && expanded.t < payload.timeSteps && payload.layers[expanded.layer]?.cell;
    this.#head.show(payload.title, toHeadline(payload));
    this.#summary.textContent = toSummary(payload);
    this.#window = {
      width: this.#frame.clientWidth - this.#gutter.offsetWidth || widthUnseen,
      firstStep: firstDrawn(payload.timeSteps, firstStep),
      expanded: stillThere ? expanded : undefined,
    };
    this.#table.refresh();
    await this.#draw();
  }

  dispose(): void {
    for (const end of this.#endings) end();
    this.#targets.dispose();
    this.#table.dispose();
    this.#vega.dispose();
    this.#root.remove();
  }

  async #draw(): Promise<void> {
    const layout = toGraphLayout(this.#payload, this.#window);
    this.#stage.style.width = `${layout.width}px`;
    this.#stage.style.height = `${layout.height}px`;
    this.#showGutter(layout);
    this.#showControls(layout);
    this.#targets.show(toTargets(this.#payload, layout));
    await this.#vega.show({
      spec: toGraphSpec(this.#theme),
      width: layout.width,
      height: layout.height,
      signals: {},
      data: toGraphRows(this.#payload, layout),
    });
    const { expanded } = this.#window;
    this.#root.dataset['viewId'] = String(this.#vega.viewId);
    this.#root.dataset['updates'] = String(this.#vega.updates);
    this.#root.dataset['expanded'] = expanded ? this.#payload.layers[expanded.layer]!.name : '';
    this.#root.dataset['expandedStep'] = expanded ? String(expanded.t) : '';
  }

  // -------------------------------------------------------------------------------------------------
  // What the reader does

  #toggle(cell: { layer: number; t: number }): void {
    const { expanded } = this.#window;
    const same = expanded?.layer === cell.layer && expanded.t === cell.t;
    this.#expand(same ? undefined : cell);
  }

  /** Without a cell chosen: the first recurrent layer, at the first time step drawn that has one before it. */
  #toggleAny(): void {
    if (this.#window.expanded) {
      this.#expand(undefined);
      return;
    }
    const layer = this.#payload.layers.findIndex(({ cell }) => cell);
    const t = Math.min(this.#window.firstStep + 1, this.#payload.timeSteps - 1);
    if (layer >= 0) this.#expand({ layer, t });
  }

  #expand(expanded: GraphWindow['expanded']): void {
    this.#window = { ...this.#window, expanded };
    this.#table.refresh();
    void this.#draw();
    if (expanded) this.#bringIntoView(expanded.t);
  }

  /** Half a window earlier or later, so that what was at the edge is in the middle. */
  #page(by: -1 | 1): void {
    const wanted = this.#window.firstStep + by * (mostColumns / 2);
    const firstStep = firstDrawn(this.#payload.timeSteps, Math.max(0, wanted));
    if (firstStep === this.#window.firstStep) return;
    this.#window = { ...this.#window, firstStep };
    void this.#draw();
  }

  #bringIntoView(t: number): void {
    const column = toGraphLayout(this.#payload, this.#window).columns.find((one) => one.t === t);
    if (!column) return;
    const { scrollLeft, clientWidth } = this.#scroll;
    if (column.x >= scrollLeft && column.x + column.width <= scrollLeft + clientWidth) return;
    // What is wider than the room is read from its left.
    const margin = Math.max(stub, (clientWidth - column.width) / 2);
    this.#scroll.scrollLeft = column.x - margin;
  }

  // -------------------------------------------------------------------------------------------------
  // Around the picture

  #showControls(layout: GraphLayout): void {
    const recurrent = this.#payload.layers.some(({ cell }) => cell);
    const { first, last } = layout.steps;
    this.#collapse.hidden = !recurrent;
    this.#collapse.textContent = this.#window.expanded ? 'Collapse cell' : 'Expand a cell';
    this.#hint.textContent = recurrent ? 'or click one to see the gates inside' : '';
    this.#hint.hidden = this.#window.expanded !== undefined;
    this.#pager.hidden = this.#payload.timeSteps <= mostColumns;
    this.#range.textContent = `${formatCount(first)}–${formatCount(last)} of ${formatCount(this.#payload.timeSteps)}`;
    this.#earlier.disabled = first === 0;
    this.#later.disabled = last === this.#payload.timeSteps - 1;
    this.#note.textContent = toNote(this.#payload, layout, this.#window);
  }

  #showGutter(layout: GraphLayout): void {
    this.#gutter.replaceChildren(
      gutterEntry(layout.outputsY, [restLine('output')]),
      ...layout.rows.map(({ layer, middle }) => {
        const { name, type, inputShape, outputShape, parameters } = this.#payload.layers[layer]!;
        return gutterEntry(middle, [
          { class: 'name', text: name },
          restLine(`${type} ${formatShape(inputShape)} → ${formatShape(outputShape)}`),
          restLine(parameters > 0 ? `${formatCount(parameters)} parameters` : 'no parameters'),
        ]);
      }),
      gutterEntry(layout.inputsY, [restLine('input')]),
      gutterEntry(layout.indexY, [restLine('time step')]),
    );
  }

  #build(): HTMLElement {
    this.#table.button.classList.add('push');
    this.#earlier.setAttribute('aria-label', 'Earlier time steps');
    this.#later.setAttribute('aria-label', 'Later time steps');
    this.#stage.setAttribute('role', 'group');
    this.#stage.setAttribute('aria-label', 'Cells by time step and layer');
    return element('div', {
      class: 'unroll',
      attributes: { 'data-unroll-view': 'graph', 'data-expanded': '' },
      children: [
        styleSheet(),
        this.#head.root,
        element('div', {
          class: 'controls',
          children: [this.#collapse, this.#hint, this.#pager, this.#table.button],
        }),
        this.#summary,
        this.#frame,
        this.#note,
        this.#table.panel,
      ],
    });
  }
}
