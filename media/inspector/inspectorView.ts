import type { TraceData } from '../../kernel/contract/trace.js';
import { choice } from '../controls.js';
import { element } from '../element.js';
import { formatCount, formatValue } from '../format.js';
import { parseColour, mix, toCss } from '../colour.js';
import type { OutputView } from '../rendererApi.js';
import { styleSheet } from '../styleSheet.js';
import { onThemeChange, readTheme, type Theme } from '../theme.js';
import { type Row, VegaView } from '../vegaView.js';
import { type Level, levels, move, settle, stopAt } from './cursor.js';
import { inspectorStyle } from './inspectorStyle.js';
import { toKeyAction } from './keys.js';
import { columnsIn, firstStepFor, type InspectorLayout, toInspectorLayout } from './layout.js';
import { type Colouring, keepUnchanged, type PictureColours, toPictureRows } from './picture.js';
import { readStop } from './reading.js';
import { flowHues, type Palette, toPalette } from './scales.js';
import { toInspectorSpec } from './spec.js';
import { showReading } from './stopPanel.js';
import { createTargetButtons } from './targetButtons.js';
import { type Target, toTargets } from './targets.js';
import { Tabs } from './tabs.js';
import { createTrack } from './track.js';
import { toTraceScales, type TraceScales } from './traceScales.js';
import { createTransport } from './transport.js';
import { type Place, Walk } from './walk.js';

const widthUnseen = 640;
/** Below this the panel stands under the picture. */
const sideBySide = 860;
/** More stops than this open with cells closed. */
const openStops = 4_000;

/** The inspector on the page: the unrolled graph, the walk through it and what is said about each stop. */
export class InspectorView implements OutputView<TraceData> {
  readonly #root: HTMLElement;
  readonly #title = element('div', { class: 'title' });
  readonly #headline = element('div', { class: 'status' });
  readonly #verdict = element('p', { class: 'verdict' });
  readonly #counter = element('span', { class: 'counter' });
  readonly #spoken = element('div', { class: 'hidden', attributes: { 'aria-live': 'polite' } });
  readonly #names = element('div', { class: 'names' });
  readonly #canvas = element('div');
  readonly #stage = element('div', {
    class: 'stage canvas',
    attributes: {
      tabindex: '0',
      role: 'application',
      'aria-label':
        'Unrolled graph. Arrow left and right walk, with Shift by time step; up and down change layer; Enter opens, Escape closes a cell; Space plays; B sets a breakpoint',
    },
    children: [this.#canvas],
  });
  readonly #panel = element('div', {
    class: 'panel',
    attributes: { role: 'region', 'aria-label': 'The current stop' },
  });
  readonly #railNames = {
    forward: element('div', { text: 'forward →' }),
    backward: element('div', { text: '← backward' }),
  };
  readonly #body: HTMLElement;
  readonly #legends = element('div', { class: 'under' });
  readonly #note = element('p', { class: 'note' });
  readonly #levelChoice = element('span');
  readonly #sequenceChoice = element('select', {
    attributes: {
      'aria-label': 'Sequence of the batch',
      title: 'The sequence whose numbers stand at the right; norms are over the batch',
    },
  });
  readonly #transport = createTransport({
    move: (how) => this.#goTo(move(this.#walk, this.#index, how, this.#level)),
    advance: () => this.#advance(),
    playing: (isPlaying) => (this.#root.dataset['playing'] = String(isPlaying)),
  });
  readonly #track = createTrack({
    seek: (phase, t) => {
      this.#transport.pause();
      this.#seek(phase, t);
    },
  });
  readonly #buttons = createTargetButtons(this.#stage, (target) => this.#clicked(target));
  readonly #tabs: Tabs;
  readonly #vega = new VegaView(this.#canvas);
  readonly #endings: (() => void)[] = [];

  #theme: Theme;
  #palette: Palette;
  #walk: Walk;
  #scales: TraceScales;
  #level: Level = 'gate';
  #colouring: Colouring = 'phase';
  #index = 0;
  #firstStep = 0;
  #width = widthUnseen;
  #layout: InspectorLayout | undefined;
  #layoutKey = '';
  #rows: Record<string, Row[]> = {};
  readonly #breakpoints = new Set<number>();

  constructor(output: HTMLElement, first: TraceData) {
    this.#walk = new Walk(first);
    this.#scales = toTraceScales(first);
    this.#tabs = new Tabs(first, ({ layer, t }) => {
      this.#transport.pause();
      this.#seek(this.#walk.at(this.#index).phase === 'forward' ? 'forward' : 'backward', t, layer);
    });
    this.#body = element('div', { class: 'body' });
    this.#root = this.#build();
    output.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#palette = toPalette(this.#theme);
    if (this.#walk.length > openStops) this.#level = 'cell';
    this.#index = this.#walk.loss;
    this.#watchPage();
  }

  async update(trace: TraceData): Promise<void> {
    const share = this.#index / this.#walk.length;
    const isSame = this.#walk.length === new Walk(trace).length;
    this.#walk = new Walk(trace);
    this.#scales = toTraceScales(trace);
    if (!isSame)
      this.#index = settle(this.#walk, Math.floor(share * this.#walk.length), this.#level);
    this.#layoutKey = '';
    this.#title.textContent = trace.title;
    this.#headline.textContent = [
      `${formatCount(trace.timeSteps)} time steps`,
      `batch of ${formatCount(trace.batchSize)}`,
      `loss ${formatValue(trace.loss.value)}`,
      `‖gradient‖ ${formatValue(trace.gradient.norm)}`,
    ].join('  ·  ');
    this.#verdict.textContent = trace.verdict.sentence;
    this.#showSequences(trace);
    this.#showLevels();
    this.#paint();
    this.#tabs.update(trace);
    await this.#show();
  }

  dispose(): void {
    for (const end of this.#endings) end();
    this.#transport.dispose();
    this.#track.dispose();
    this.#buttons.dispose();
    this.#tabs.dispose();
    this.#vega.dispose();
    this.#root.remove();
  }

  // -------------------------------------------------------------------------------------------------
  // Moving

  #goTo(index: number): void {
    if (index < 0) return;
    this.#index = index;
    void this.#show();
  }

  /** While playing: on, and no further at a breakpoint. */
  #advance(): boolean {
    const before = this.#walk.at(this.#index);
    const next = move(this.#walk, this.#index, 'next', this.#level);
    const isEnd = next === this.#index;
    this.#goTo(next);
    const place = this.#walk.at(next);
    const isNewStep = 't' in place && (!('t' in before) || before.t !== place.t);
    return !isEnd && !(isNewStep && this.#breakpoints.has(place.t));
  }

  #seek(phase: 'forward' | 'backward', t: number, chosen?: number): void {
    const place = this.#walk.at(this.#index);
    const layer = chosen ?? ('layer' in place ? place.layer : this.#scales.insideLayer);
    const node = 'node' in place && place.layer === layer ? place.node : undefined;
    this.#goTo(stopAt(this.#walk, { phase, layer, t, ...(node !== undefined && { node }) }));
  }

  #clicked({ does }: Target): void {
    this.#transport.pause();
    const place = this.#walk.at(this.#index);
    const phase = place.phase === 'forward' ? 'forward' : 'backward';
    if (does.kind === 'breakpoint') this.#toggleBreakpoint(does.t);
    else if (does.kind === 'cell') {
      const isHere = 't' in place && place.t === does.t && place.layer === does.layer;
      // A click on the current cell opens it, on an open one closes it.
      if (isHere) this.#setLevel(this.#level === 'cell' ? 'gate' : 'cell');
      else this.#goTo(stopAt(this.#walk, { phase, layer: does.layer, t: does.t }));
    } else {
      const { layer, t } = this.#inside();
      const isHere = 'node' in place && place.node === does.node;
      if (isHere) this.#setLevel(this.#level === 'gate' ? 'operation' : 'gate');
      else this.#goTo(stopAt(this.#walk, { phase, layer, t, node: does.node }));
    }
  }

  #toggleBreakpoint(t: number): void {
    if (!this.#breakpoints.delete(t)) this.#breakpoints.add(t);
    void this.#show();
  }

  #setLevel(level: Level): void {
    this.#level = level;
    this.#index = settle(this.#walk, this.#index, level);
    this.#showLevels();
    void this.#show();
  }

  #pressed(event: KeyboardEvent): void {
    const isOwn = event.target === this.#stage || event.target === this.#track.root;
    const action = isOwn ? toKeyAction(event) : undefined;
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    if (action === 'toggle') {
      this.#transport.toggle();
      return;
    }
    this.#transport.pause();
    const place = this.#walk.at(this.#index);
    if (action === 'breakpoint') {
      if ('t' in place) this.#toggleBreakpoint(place.t);
    } else if (action === 'deeper' || action === 'shallower') {
      const at = levels.indexOf(this.#level) + (action === 'deeper' ? 1 : -1);
      if (levels[at]) this.#setLevel(levels[at]);
    } else this.#goTo(move(this.#walk, this.#index, action, this.#level));
  }

  // -------------------------------------------------------------------------------------------------
  // Drawing

  /** The cell whose inside is shown. */
  #inside(): { layer: number; t: number } {
    const place = this.#walk.at(this.#index);
    if ('layer' in place) return place;
    const t = place.phase === 'loss' ? this.#walk.trace.timeSteps - 1 : 0;
    return { layer: this.#scales.insideLayer, t };
  }

  /** What follows from trace and theme alone. */
  #paint(): void {
    const { forward, backward } = flowHues[this.#theme.kind];
    this.#root.style.setProperty('--unroll-forward', forward);
    this.#root.style.setProperty('--unroll-backward', backward);
    this.#track.paint(this.#walk.trace, this.#scales, this.#palette);
    this.#legends.replaceChildren(
      legend('value', '0', 'largest of its row', (share) => this.#palette.value(share).fill),
      legend(
        'adjoint norm, log',
        formatValue(this.#scales.adjoint.low),
        formatValue(this.#scales.adjoint.high),
        (share) => this.#palette.adjoint(share).fill,
      ),
    );
  }

  async #show(): Promise<void> {
    const { trace } = this.#walk;
    const place = this.#walk.at(this.#index);
    const inside = this.#inside();
    const size = { width: this.#width, firstStep: this.#firstStep };
    this.#firstStep = firstStepFor(size, trace.timeSteps, inside.t);
    const layout = this.#layOut(inside.layer);
    const reading = readStop(this.#walk, this.#index, Number(this.#sequenceChoice.value));
    const count = columnsIn(this.#width, trace.timeSteps);
    this.#track.show(place, { first: this.#firstStep, count }, reading.spoken);
    this.#track.setRange(this.#index, this.#walk.length);
    this.#railNames.forward.className = place.phase === 'forward' ? 'on' : '';
    this.#railNames.backward.className = place.phase === 'backward' ? 'on' : '';
    showReading(this.#panel, reading, this.#palette);
    this.#spoken.textContent = this.#root.dataset['playing'] === 'true' ? '' : reading.spoken;
    this.#counter.textContent = `stop ${formatCount(this.#index + 1)} of ${formatCount(this.#walk.length)}`;
    this.#transport.show(this.#index === 0, this.#index === this.#walk.length - 1);
    this.#note.textContent = toNote(trace, count);
    this.#markRoot(place);
    const now = 't' in place ? place.t : undefined;
    this.#tabs.show(this.#theme, this.#palette, this.#root.clientWidth || widthUnseen, now);
    const layer = trace.layers[inside.layer];
    this.#buttons.show(
      toTargets(this.#walk, layout, layer && { layer, t: inside.t }, this.#breakpoints),
    );
    this.#rows = keepUnchanged(
      this.#rows,
      toPictureRows(
        this.#walk,
        layout,
        this.#scales,
        {
          index: this.#index,
          place,
          colouring: this.#colouring,
          breakpoints: this.#breakpoints,
        },
        toColours(this.#theme, this.#palette),
      ),
    );
    const { width, height } = layout;
    const spec = toInspectorSpec(this.#theme);
    await this.#vega.show({ spec, width, height, signals: {}, data: this.#rows });
    this.#root.dataset['viewId'] = String(this.#vega.viewId);
    this.#root.dataset['updates'] = String(this.#vega.updates);
    this.#root.dataset['drawn'] = String(this.#index);
  }

  #layOut(layer: number): InspectorLayout {
    const window = { width: this.#width, firstStep: this.#firstStep, level: this.#level, layer };
    const key = JSON.stringify(window);
    if (this.#layout && key === this.#layoutKey) return this.#layout;
    this.#layoutKey = key;
    const layout = toInspectorLayout(this.#walk.trace, window);
    this.#layout = layout;
    this.#stage.style.width = `${layout.width}px`;
    this.#stage.style.height = `${layout.height}px`;
    this.#names.replaceChildren(...toNames(this.#walk.trace, layout, layer));
    return layout;
  }

  #markRoot(place: Place): void {
    const { dataset } = this.#root;
    dataset['index'] = String(this.#index);
    dataset['phase'] = place.phase;
    dataset['level'] = this.#level;
    dataset['t'] = 't' in place ? String(place.t) : '';
    dataset['layer'] = 'layer' in place ? String(place.layer) : '';
    dataset['node'] = 'node' in place ? String(place.node) : '';
  }

  // -------------------------------------------------------------------------------------------------
  // The page around it

  #watchPage(): void {
    this.#endings.push(
      onThemeChange(document, () => {
        this.#theme = readTheme(this.#root);
        this.#palette = toPalette(this.#theme);
        this.#paint();
        void this.#show();
      }),
    );
    const observer = new ResizeObserver(() => {
      this.#body.classList.toggle('narrow', this.#root.clientWidth < sideBySide);
      const width = this.#stage.parentElement!.clientWidth - this.#names.offsetWidth;
      if (width <= 0 || width === this.#width) return;
      this.#width = width;
      void this.#show();
    });
    observer.observe(this.#root);
    this.#endings.push(() => observer.disconnect());
    this.#root.addEventListener('keydown', (event) => this.#pressed(event));
  }

  #showLevels(): void {
    const texts: Record<Level, [string, string]> = {
      cell: ['Cells', 'Walk cell by cell'],
      gate: ['Gates', 'Walk gate by gate; the current cell is open'],
      operation: ['Operations', 'Walk operation by operation; the current cell is open'],
    };
    this.#levelChoice.replaceChildren(
      choice(
        'Detail',
        levels.map((value) => ({ value, text: texts[value][0], hint: texts[value][1] })),
        this.#level,
        (level) => this.#setLevel(level),
      ),
    );
  }

  #showSequences({ sequences }: TraceData): void {
    const chosen = this.#sequenceChoice.value;
    this.#sequenceChoice.hidden = sequences.length < 2;
    this.#sequenceChoice.replaceChildren(
      ...sequences.map((sequence, index) =>
        element('option', { text: `sequence ${sequence}`, attributes: { value: String(index) } }),
      ),
    );
    this.#sequenceChoice.value = Number(chosen) < sequences.length ? chosen || '0' : '0';
  }

  #build(): HTMLElement {
    this.#sequenceChoice.addEventListener('change', () => void this.#show());
    const colouring = choice(
      'Colours show',
      [
        {
          value: 'phase',
          text: 'As it flows',
          hint: 'Values on the way forward, adjoints on the way back',
        },
        { value: 'value', text: 'Values', hint: 'Norms of all values' },
        { value: 'adjoint', text: 'Adjoints', hint: 'Norms of all adjoints' },
      ],
      this.#colouring,
      (value) => {
        this.#colouring = value;
        void this.#show();
      },
    );
    const rails = element('div', {
      class: 'lane walkline',
      children: [
        element('div', {
          class: 'railnames',
          children: [this.#railNames.forward, this.#railNames.backward],
        }),
        this.#track.root,
      ],
    });
    const picture = element('div', { class: 'lane', children: [this.#names, this.#stage] });
    this.#body.append(
      element('div', { children: [rails, picture, this.#legends, this.#note] }),
      this.#panel,
    );
    return element('div', {
      class: 'unroll inspector',
      attributes: { 'data-unroll-view': 'inspector' },
      children: [
        styleSheet(),
        inspectorStyle(),
        element('div', { class: 'head', children: [this.#title, this.#headline] }),
        this.#verdict,
        element('div', {
          class: 'controls',
          children: [
            this.#transport.root,
            this.#counter,
            this.#levelChoice,
            colouring,
            this.#sequenceChoice,
          ],
        }),
        this.#spoken,
        this.#body,
        this.#tabs.root,
      ],
    });
  }
}

function toColours(theme: Theme, palette: Palette): PictureColours {
  const background = parseColour(theme.background)!;
  const foreground = parseColour(theme.foreground)!;
  return {
    palette,
    foreground: theme.foreground,
    muted: theme.muted,
    line: theme.line,
    adjointLine: flowHues[theme.kind].backward,
    background: theme.background,
    band: toCss(mix(background, foreground, 0.08)),
    breakpoint: theme.palette.red,
  };
}

function toNames(trace: TraceData, layout: InspectorLayout, inside: number): HTMLElement[] {
  const entry = (y: number, lines: { class: string; text: string }[]) => {
    const made = element('div', {
      attributes: { title: lines.map(({ text }) => text).join('\n') },
      children: lines.map((line) => element('div', line)),
    });
    made.style.top = `${Math.round(y)}px`;
    return made;
  };
  const rest = (text: string) => ({ class: 'rest', text });
  return [
    ...(layout.outputsY === undefined ? [] : [entry(layout.outputsY, [rest('output')])]),
    entry(layout.lossFoot - layout.lossHeight / 2, [rest('loss')]),
    ...layout.rows.map(({ stage, layer, y, height }) => {
      const { name, type } = trace.stages[stage]!;
      const middle = y + height / 2;
      return layer === undefined
        ? entry(middle, [rest(name)])
        : entry(middle, [{ class: 'name', text: name }, rest(type)]);
    }),
    ...(layout.inputsY === undefined ? [] : [entry(layout.inputsY, [rest('input')])]),
    entry(layout.indexY, [rest('time step')]),
    ...(layout.inside
      ? [
          entry(layout.inside.box.y + 18, [
            { class: 'name', text: 'inside' },
            rest(trace.layers[inside]!.name),
          ]),
        ]
      : []),
  ];
}

function legend(
  title: string,
  low: string,
  high: string,
  colour: (share: number) => string,
): HTMLElement {
  const bar = element('i');
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => colour(share));
  bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  return element('span', {
    class: 'legend',
    children: [document.createTextNode(`${title}: ${low}`), bar, document.createTextNode(high)],
  });
}

function toNote(trace: TraceData, count: number): string {
  const window =
    count < trace.timeSteps
      ? [
          `The rails show all ${formatCount(trace.timeSteps)} time steps; cells are drawn for ${formatCount(count)} of them around the current one.`,
        ]
      : [];
  return [...window, ...trace.leftOut].join(' ');
}
