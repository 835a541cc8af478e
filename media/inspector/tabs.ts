import type { TraceData } from '../../kernel/contract/trace.js';
import { createDataPanel, type TableData } from '../dataTable.js';
import { element } from '../element.js';
import type { Theme } from '../theme.js';
import { type Row, type VegaLiteSpec, VegaView } from '../vegaView.js';
import { heatMapElement } from './heatMap.js';
import { gateMatrices, ledgerMatrices, type Matrix, toMatrixTable } from './matrices.js';
import type { Palette } from './scales.js';
import {
  gradientSeries,
  type Series,
  spectrumSeries,
  toSeriesRows,
  toSeriesTable,
} from './series.js';
import { seriesHues, seriesPadding, toSeriesSpec } from './seriesSpec.js';
import { toVerdictTables, verdictElement } from './verdictPanel.js';

const names = {
  gradient: 'Gradient norm',
  gates: 'Gate activations',
  ledger: 'Ledger',
  spectrum: 'Jacobian spectrum',
  verdict: 'Verdict',
} as const;
type Tab = keyof typeof names;
const order = Object.keys(names) as Tab[];

const captions: Record<Tab, string> = {
  gradient: 'Norm of the adjoint of each state over time',
  gates: 'Values over time and units, of the first sequence carried',
  ledger: 'Norm of the derivative of each part of the loss, by the state after each time step',
  spectrum:
    'Singular values of the Jacobian of each step (points), and the norm of their product back from the last step (line)',
  verdict: 'What the gradient does, and how far the trace was checked',
};

const chartHeight = 150;

interface Look {
  theme: Theme;
  palette: Palette;
  width: number;
}

interface Drawn {
  spec: VegaLiteSpec;
  lines: Row[];
  points: Row[];
  levels: Row[];
}

/** Charts over the whole trace, under the picture. */
export class Tabs {
  readonly root: HTMLElement;
  readonly #buttons: HTMLButtonElement[];
  readonly #select = element('select', { attributes: { 'aria-label': 'Shown' } });
  readonly #caption = element('span', { class: 'hint' });
  readonly #legend = element('span', { class: 'legend' });
  readonly #chart = element('div', { class: 'stage chart' });
  readonly #content = element('div', { attributes: { role: 'tabpanel' } });
  readonly #table = createDataPanel(() => this.#tables());
  readonly #vega = new VegaView(this.#chart);
  #tab: Tab = 'gradient';
  #chosen = 0;
  #now: number | undefined;
  #look: Look | undefined;
  #drawn: Drawn | undefined;

  constructor(
    private trace: TraceData,
    private readonly goTo: (place: { layer?: number | undefined; t: number }) => void,
  ) {
    this.#buttons = order.map((tab) => this.#tabButton(tab));
    this.#table.button.classList.add('push');
    this.#select.addEventListener('change', () => {
      this.#chosen = Number(this.#select.value);
      this.#draw();
    });
    this.#chart.addEventListener('click', (event) => this.#clicked(event));
    this.root = element('div', {
      class: 'tabs',
      children: [
        element('div', {
          class: 'controls',
          children: [
            element('div', {
              class: 'tablist',
              attributes: { role: 'tablist', 'aria-label': 'Charts of the whole trace' },
              children: this.#buttons,
            }),
            this.#select,
            this.#table.button,
          ],
        }),
        element('div', { class: 'tabhead', children: [this.#caption, this.#legend] }),
        this.#content,
        this.#table.panel,
      ],
    });
  }

  update(trace: TraceData): void {
    this.trace = trace;
    this.#choose(this.#tab);
  }

  /** Draws anew for another look; the current time step alone moves a mark. */
  show(theme: Theme, palette: Palette, width: number, now: number | undefined): void {
    const known = this.#look;
    this.#look = { theme, palette, width };
    this.#now = now;
    const isSame = known?.theme === theme && known.palette === palette && known.width === width;
    if (!isSame) this.#draw();
    else if (this.#tab === 'gradient' || this.#tab === 'spectrum') this.#drawSeries();
  }

  dispose(): void {
    this.#table.dispose();
    this.#vega.dispose();
  }

  #tabButton(tab: Tab): HTMLButtonElement {
    const button = element('button', {
      class: 'tab',
      text: names[tab],
      attributes: { type: 'button', role: 'tab', 'data-tab': tab },
    });
    button.addEventListener('click', () => this.#choose(tab));
    button.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = order[(order.indexOf(tab) + by + order.length) % order.length]!;
      this.#choose(next);
      this.#buttons[order.indexOf(next)]!.focus();
    });
    return button;
  }

  #choose(tab: Tab): void {
    const { trace } = this;
    const isOther = tab !== this.#tab;
    this.#tab = tab;
    const choices: Record<Tab, string[]> = {
      gradient: [],
      verdict: [],
      gates: gateMatrices(trace).map(({ name }) => name),
      ledger: ledgerMatrices(trace).map(({ name }) => name),
      spectrum: trace.layers.map(({ name }) => name),
    };
    const options = choices[tab];
    if (isOther || this.#chosen >= options.length)
      this.#chosen = firstChoice(tab, options, trace.layers.length);
    this.#select.hidden = options.length < 2;
    this.#select.replaceChildren(
      ...options.map((text, index) =>
        element('option', { text, attributes: { value: String(index) } }),
      ),
    );
    this.#select.value = String(this.#chosen);
    this.#buttons.forEach((button, index) => {
      button.setAttribute('aria-selected', String(order[index] === tab));
      button.tabIndex = order[index] === tab ? 0 : -1;
    });
    this.#draw();
  }

  #draw(): void {
    if (!this.#look) return;
    const { palette } = this.#look;
    this.root.dataset['tab'] = this.#tab;
    this.#caption.textContent = captions[this.#tab];
    this.#legend.replaceChildren();
    this.#content.setAttribute('aria-label', names[this.#tab]);
    this.#table.refresh();
    if (this.#tab === 'verdict') {
      this.#content.replaceChildren(verdictElement(this.trace, this.goTo));
      return;
    }
    const matrix = this.#matrix();
    if (matrix) {
      this.#content.replaceChildren(heatMapElement(matrix, palette, (t) => this.goTo({ t })));
      return;
    }
    const isEmpty = this.#tab === 'gates' || this.#tab === 'ledger' || this.#series().length === 0;
    if (isEmpty) {
      const text = 'The payload does not carry this; see what it leaves out under Verdict.';
      this.#content.replaceChildren(element('p', { class: 'note', text }));
      return;
    }
    this.#drawn = this.#prepareSeries(this.#look);
    this.#chart.setAttribute('role', 'img');
    this.#chart.setAttribute('aria-label', captions[this.#tab]);
    this.#content.replaceChildren(this.#chart);
    this.#drawSeries();
  }

  #matrix(): Matrix | undefined {
    if (this.#tab === 'gates') return gateMatrices(this.trace)[this.#chosen];
    return this.#tab === 'ledger' ? ledgerMatrices(this.trace)[this.#chosen] : undefined;
  }

  #series(): Series[] {
    if (this.#tab === 'gradient') return gradientSeries(this.trace);
    return this.#tab === 'spectrum' ? spectrumSeries(this.trace, this.#chosen) : [];
  }

  /** What a chart of lines shows, kept so that a step of the walk moves its mark alone. */
  #prepareSeries(look: Look): Drawn | undefined {
    const series = this.#series();
    if (series.length === 0) return undefined;
    const isSpectrum = this.#tab === 'spectrum';
    const { rows, domain } = toSeriesRows(series);
    const hues = seriesHues(look.theme);
    this.#legend.replaceChildren(...toLegend(series, hues, isSpectrum));
    const coloured = rows.map((row): Row => ({ ...row, hue: Number(row['hue']) % hues.length }));
    return {
      spec: toSeriesSpec(look.theme, {
        title: isSpectrum ? 'size' : '‖adjoint‖',
        timeSteps: this.trace.timeSteps,
        domain,
        points: isSpectrum,
      }),
      lines: coloured.filter((row) => !(isSpectrum && row['dashed'] === true)),
      points: coloured.filter((row) =>
        isSpectrum ? row['dashed'] === true : this.trace.timeSteps <= 40,
      ),
      levels: isSpectrum && domain[0] < 1 && domain[1] > 1 ? [{ value: 1 }] : [],
    };
  }

  #drawSeries(): void {
    const look = this.#look;
    const drawn = this.#drawn;
    if (!look || !drawn) return;
    const { spec, lines, points, levels } = drawn;
    void this.#vega.show({
      spec,
      width: Math.max(120, look.width - seriesPadding.left - seriesPadding.right),
      height: chartHeight,
      signals: {},
      data: { lines, points, levels, now: this.#now === undefined ? [] : [{ t: this.#now }] },
    });
  }

  #clicked(event: MouseEvent): void {
    const { left, width } = this.#chart.getBoundingClientRect();
    const room = width - seriesPadding.left - seriesPadding.right;
    const share = (event.clientX - left - seriesPadding.left) / room;
    const last = this.trace.timeSteps - 1;
    this.goTo({ t: Math.round(Math.min(1, Math.max(0, share)) * last) });
  }

  #tables(): TableData[] {
    if (this.#tab === 'verdict') return toVerdictTables(this.trace);
    const matrix = this.#matrix();
    if (matrix) return [toMatrixTable(matrix, captions[this.#tab])];
    return [toSeriesTable(captions[this.#tab], this.#series())];
  }
}

function toLegend(series: readonly Series[], hues: readonly string[], isSpectrum: boolean): Node[] {
  return series
    .filter((_, index) => index < (isSpectrum ? 2 : 12))
    .flatMap(({ name, hue, dashed }) => {
      const swatch = element('b', { class: dashed && !isSpectrum ? 'dashed' : '' });
      swatch.style.borderColor = hues[hue % hues.length]!;
      const text = isSpectrum && dashed ? 'singular values' : name;
      return [swatch, document.createTextNode(text)];
    });
}

/** The uppermost layer; of gates the one that forgets, where there is one. */
function firstChoice(tab: Tab, options: readonly string[], layers: number): number {
  if (tab === 'spectrum') return Math.max(0, layers - 1);
  if (tab === 'gates') {
    const forget = options.findLastIndex((name) => name.endsWith(' · f'));
    return forget >= 0 ? forget : Math.max(0, options.length - 1);
  }
  return Math.max(0, options.length - 1);
}
