import type { TraceData } from '../../kernel/contract/trace.js';
import { createDataPanel, type TableData } from '../dataTable.js';
import { element } from '../element.js';
import type { Theme } from '../theme.js';
import { heatMapElement } from './heatMap.js';
import {
  gateMatrices,
  ledgerMatrices,
  type MatrixChoice,
  toMatrixChoices,
  toMatrixTable,
} from './matrices.js';
import type { Palette } from './scales.js';
import {
  type ChartSide,
  gradientSeries,
  overlay,
  type Series,
  spectrumSeries,
  toSeriesTable,
} from './series.js';
import { createSeriesChart } from './seriesChart.js';
import { createTabList } from './tabList.js';
import { toVerdictTables, verdictElement } from './verdictPanel.js';

const names = {
  gradient: 'Gradient norm',
  gates: 'Gate activations',
  ledger: 'Ledger',
  spectrum: 'Jacobian spectrum',
  verdict: 'Verdict',
} as const;
type Tab = keyof typeof names;

const captions: Record<Tab, string> = {
  gradient: 'Norm of the adjoint of each state over time',
  gates: 'Values over time and units, of the first sequence carried',
  ledger: 'Norm of the derivative of each part of the loss, by the state after each time step',
  spectrum:
    'Singular values of the Jacobian of each step (points), and the norm of their product back from the last step (line)',
  verdict: 'What the gradient does, and how far the trace was checked',
};

const notCarried = 'The payload does not carry this; see what it leaves out under Verdict.';

interface Look {
  theme: Theme;
  palette: Palette;
  width: number;
}

export type GoTo = (place: { layer?: number | undefined; t: number }, side: number) => void;

/** Charts over the whole trace, under the picture; of several traces in one chart or beside each other. */
export class Tabs {
  readonly root: HTMLElement;
  readonly #list;
  readonly #select = element('select', { attributes: { 'aria-label': 'Shown' } });
  readonly #caption = element('span', { class: 'hint' });
  readonly #content = element('div', { attributes: { role: 'tabpanel' } });
  readonly #table = createDataPanel(() => this.#tables());
  readonly #chart = createSeriesChart((t) => this.goTo({ t }, 0));
  #sides: readonly ChartSide[] = [];
  #tab: Tab = 'gradient';
  #chosen = 0;
  #choices: MatrixChoice[] = [];
  #now: readonly (number | undefined)[] = [];
  #look: Look | undefined;

  constructor(private readonly goTo: GoTo) {
    this.#list = createTabList(names, 'Charts of the whole trace', (tab) => this.#choose(tab));
    this.#table.button.classList.add('push');
    this.#select.addEventListener('change', () => {
      this.#chosen = Number(this.#select.value);
      this.#draw();
    });
    this.root = element('div', {
      class: 'tabs',
      children: [
        element('div', {
          class: 'controls',
          children: [this.#list.root, this.#select, this.#table.button],
        }),
        element('div', { class: 'tabhead', children: [this.#caption, this.#chart.legend] }),
        this.#content,
        this.#table.panel,
      ],
    });
  }

  update(sides: readonly ChartSide[]): void {
    this.#sides = sides;
    this.#choose(this.#tab, true);
  }

  /**
   * Draws anew for another look; the current time step alone moves a mark.
   * @param now of each side
   */
  show(theme: Theme, palette: Palette, width: number, now: readonly (number | undefined)[]): void {
    const known = this.#look;
    this.#look = { theme, palette, width };
    this.#now = now;
    const isSame = known?.theme === theme && known.palette === palette && known.width === width;
    if (!isSame) this.#draw();
    else if (this.#isSeries) this.#chart.draw(width, now[0]);
  }

  dispose(): void {
    this.#table.dispose();
    this.#chart.dispose();
  }

  get #isSeries(): boolean {
    return this.#tab === 'gradient' || this.#tab === 'spectrum';
  }

  get #traces(): TraceData[] {
    return this.#sides.map(({ trace }) => trace);
  }

  #choose(tab: Tab, keep = tab === this.#tab): void {
    this.#tab = tab;
    this.#list.mark(tab);
    const traces = this.#traces;
    const matricesOf =
      tab === 'gates' ? gateMatrices : tab === 'ledger' ? ledgerMatrices : undefined;
    this.#choices = matricesOf
      ? toMatrixChoices(traces.map((trace) => matricesOf(trace, traces)))
      : [];
    const layers = Math.max(...traces.map((trace) => trace.layers.length));
    const options =
      tab === 'spectrum'
        ? Array.from({ length: layers }, (_, layer) => layerNames(traces, layer))
        : this.#choices.map(({ name }) => name);
    if (!keep || this.#chosen >= options.length) this.#chosen = firstChoice(tab, options);
    this.#select.hidden = options.length < 2;
    this.#select.replaceChildren(
      ...options.map((text, index) =>
        element('option', { text, attributes: { value: String(index) } }),
      ),
    );
    this.#select.value = String(this.#chosen);
    this.#draw();
  }

  #draw(): void {
    if (!this.#look || this.#sides.length === 0) return;
    this.root.dataset['tab'] = this.#tab;
    this.#caption.textContent = captions[this.#tab];
    this.#chart.legend.hidden = true;
    this.#content.setAttribute('aria-label', names[this.#tab]);
    this.#table.refresh();
    if (this.#isSeries) this.#drawSeries(this.#look);
    else this.#content.replaceChildren(this.#besideEachOther(this.#look));
  }

  #drawSeries({ theme, width }: Look): void {
    const series = this.#series();
    if (series.length === 0) {
      this.#content.replaceChildren(element('p', { class: 'note', text: notCarried }));
      return;
    }
    const isSpectrum = this.#tab === 'spectrum';
    const timeSteps = Math.max(...this.#traces.map((trace) => trace.timeSteps));
    const label = `${captions[this.#tab]}. Arrow keys go by time step; Show data has the numbers`;
    const title = isSpectrum ? 'size' : '‖adjoint‖';
    this.#chart.prepare(
      { series, title, label, timeSteps, ...(isSpectrum && { level: 1 }) },
      theme,
    );
    this.#chart.legend.hidden = false;
    this.#content.replaceChildren(this.#chart.root);
    this.#chart.draw(width, this.#now[0]);
  }

  #series(): Series[] {
    if (this.#tab === 'gradient') return overlay(this.#sides, gradientSeries);
    return overlay(this.#sides, (trace) => spectrumSeries(trace, this.#chosen));
  }

  /** What is drawn for each side on its own. */
  #besideEachOther({ palette }: Look): HTMLElement {
    const parts = this.#sides.map(({ name, trace }, side) => {
      const matrix = this.#choices[this.#chosen]?.matrices[side];
      const part =
        this.#tab === 'verdict'
          ? verdictElement(trace, (place) => this.goTo(place, side))
          : matrix
            ? heatMapElement(matrix, palette, (t) => this.goTo({ t }, side))
            : element('p', { class: 'note', text: notCarried });
      return element('div', {
        children: name === undefined ? [part] : [element('h4', { text: name }), part],
      });
    });
    return element('div', { class: parts.length > 1 ? 'pair' : '', children: parts });
  }

  #tables(): TableData[] {
    const caption = captions[this.#tab];
    if (this.#isSeries) return [toSeriesTable(caption, this.#series())];
    return this.#sides.flatMap(({ name, trace }, side) => {
      const matrix = this.#choices[this.#chosen]?.matrices[side];
      const tables =
        this.#tab === 'verdict'
          ? toVerdictTables(trace)
          : matrix
            ? [toMatrixTable(matrix, caption)]
            : [];
      return name === undefined
        ? tables
        : tables.map((table) => ({ ...table, caption: `${name}: ${table.caption}` }));
    });
  }
}

const layerNames = (traces: readonly TraceData[], layer: number): string =>
  [...new Set(traces.flatMap(({ layers }) => layers[layer]?.name ?? []))].join(', ');

/** The uppermost layer; of gates the one that forgets, where there is one. */
function firstChoice(tab: Tab, options: readonly string[]): number {
  const forget = tab === 'gates' ? options.findLastIndex((name) => name.endsWith(' · f')) : -1;
  return forget >= 0 ? forget : Math.max(0, options.length - 1);
}
