import type { TraceData } from '../../kernel/contract/trace.js';
import { mix, parseColour, toCss } from '../colour.js';
import { element } from '../element.js';
import { formatCount } from '../format.js';
import type { Theme } from '../theme.js';
import { type Row, VegaView } from '../vegaView.js';
import { columnsIn, firstStepFor, type InspectorLayout, toInspectorLayout } from './layout.js';
import { pictureLegends } from './legend.js';
import { keepUnchanged, toPictureRows } from './picture.js';
import type { Reading } from './reading.js';
import { flowHues, type Palette } from './scales.js';
import type { Colouring, PictureColours } from './scene.js';
import { toInspectorSpec } from './spec.js';
import { namesWidth, stageNames } from './stageNames.js';
import { createStopPanel } from './stopPanel.js';
import type { StripEditing } from './strip.js';
import { createTargetButtons } from './targetButtons.js';
import { type Target, toTargets } from './targets.js';
import { createTrack } from './track.js';
import type { TraceScales } from './traceScales.js';
import type { Walk } from './walk.js';
import type { Walker } from './walker.js';

const widthUnseen = 640;
/** Below this the panel stands under the picture. */
const sideBySide = 860;

export interface PaneActions {
  seek(phase: 'forward' | 'backward', t: number): void;
  clicked(target: Target): void;
  /** There is another width to draw in. */
  resized(): void;
}

/** How a stop is drawn. */
export interface PaneLook {
  theme: Theme;
  palette: Palette;
  scales: TraceScales;
  colouring: Colouring;
  breakpoints: ReadonlySet<number>;
  /** Cells with a number that was edited. */
  edited: readonly { layer: number; t: number }[];
  /** Its norms give the shades; has the stops of the walker's. */
  walk: Walk;
  /** What is said of the stop. */
  reading: Reading;
  editing?: StripEditing;
}

/** One trace on the page: its rails, its unrolled graph with the inside of a cell, and what is said of the stop. */
export class TracePane {
  readonly root: HTMLElement;
  readonly #names = element('div', { class: 'names' });
  readonly #canvas = element('div');
  readonly stage = element('div', {
    class: 'stage canvas',
    attributes: {
      tabindex: '0',
      role: 'application',
      'aria-label':
        'Unrolled graph. Arrow left and right walk, with Shift by time step; up and down change layer; Enter opens, Escape closes a cell; Space plays; B sets a breakpoint; R runs to the next; E edits a number',
    },
    children: [this.#canvas],
  });
  readonly panel = createStopPanel();
  readonly #railNames = {
    forward: element('div', { text: 'forward →' }),
    backward: element('div', { text: '← backward' }),
  };
  readonly #legends = element('div', { class: 'under' });
  readonly #note = element('p', { class: 'note' });
  readonly #track;
  readonly #buttons;
  readonly #vega = new VegaView(this.#canvas);
  readonly #observer: ResizeObserver;

  #width = widthUnseen;
  #firstStep = 0;
  #layout: InspectorLayout | undefined;
  #layoutKey = '';
  #painted: readonly unknown[] = [];
  #rows: Record<string, Row[]> = {};

  constructor(actions: PaneActions) {
    this.#track = createTrack({ seek: (phase, t) => actions.seek(phase, t) });
    this.#buttons = createTargetButtons(this.stage, (target) => actions.clicked(target));
    this.root = this.#build();
    this.#observer = new ResizeObserver(() => {
      if (this.#measure()) actions.resized();
    });
    this.#observer.observe(this.root);
  }

  /** Has the focus, so that keys walk. */
  owns(target: EventTarget | null): boolean {
    return target === this.stage || target === this.#track.root;
  }

  /** Whether there is another width to draw in. */
  #measure(): boolean {
    this.root.classList.toggle('narrow', this.root.clientWidth < sideBySide);
    const width = this.stage.parentElement!.clientWidth - this.#names.offsetWidth;
    if (width <= 0 || width === this.#width) return false;
    this.#width = width;
    return true;
  }

  async show(walker: Walker, look: PaneLook): Promise<void> {
    if (!this.#layout) {
      this.root.style.setProperty('--unroll-names', `${namesWidth(look.walk.trace)}px`);
      this.#measure();
    }
    const { place, index, inside } = walker;
    const { walk, reading } = look;
    const { trace } = walk;
    this.#firstStep = firstStepFor(
      { width: this.#width, firstStep: this.#firstStep },
      trace.timeSteps,
      inside.t,
    );
    const layout = this.#layOut(walker, walk);
    this.#showRails(walker, look);
    this.panel.show(reading, look.palette, look.editing);
    this.#note.textContent = toNote(trace, layout.columns.length);
    const layer = trace.layers[inside.layer];
    this.#buttons.show(toTargets(walk, layout, layer && { layer, t: inside.t }, look.breakpoints));
    const { colouring, breakpoints, edited } = look;
    const state = { index, place, colouring, breakpoints, edited };
    const rows = toPictureRows(walk, layout, look.scales, state, toColours(look));
    this.#rows = keepUnchanged(this.#rows, rows);
    const { width, height } = layout;
    const spec = toInspectorSpec(look.theme);
    await this.#vega.show({ spec, width, height, signals: {}, data: this.#rows });
  }

  /** For tests: which Vega view draws, and how often it has drawn. */
  get drawn(): { viewId: number; updates: number } {
    return this.#vega;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#track.dispose();
    this.#buttons.dispose();
    this.#vega.dispose();
    this.root.remove();
  }

  #showRails({ place, index }: Walker, look: PaneLook): void {
    const { walk, reading } = look;
    const { trace } = walk;
    const wanted = [trace, look.scales, look.palette];
    if (wanted.some((one, at) => one !== this.#painted[at])) {
      this.#track.paint(trace, look.scales, look.palette);
      this.#legends.replaceChildren(...pictureLegends(trace, look.scales, look.palette));
      this.#painted = wanted;
    }
    const count = columnsIn(this.#width, trace.timeSteps);
    this.#track.show(place, { first: this.#firstStep, count }, reading.spoken);
    this.#track.setRange(index, walk.length);
    this.#railNames.forward.className = place.phase === 'forward' ? 'on' : '';
    this.#railNames.backward.className = place.phase === 'backward' ? 'on' : '';
  }

  #layOut({ level, inside }: Walker, walk: Walk): InspectorLayout {
    const window = { width: this.#width, firstStep: this.#firstStep, level, layer: inside.layer };
    const key = JSON.stringify(window);
    if (this.#layout && key === this.#layoutKey && this.#painted[0] === walk.trace)
      return this.#layout;
    this.#layoutKey = key;
    const layout = toInspectorLayout(walk.trace, window);
    this.#layout = layout;
    this.stage.style.width = `${layout.width}px`;
    this.stage.style.height = `${layout.height}px`;
    this.#names.replaceChildren(...stageNames(walk.trace, layout, inside.layer));
    return layout;
  }

  #build(): HTMLElement {
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
    const picture = element('div', { class: 'lane', children: [this.#names, this.stage] });
    return element('div', {
      class: 'body',
      children: [
        element('div', { children: [rails, picture, this.#legends, this.#note] }),
        this.panel.root,
      ],
    });
  }
}

const coloursOf = new WeakMap<Palette, PictureColours>();

function toColours({ theme, palette }: PaneLook): PictureColours {
  const known = coloursOf.get(palette);
  if (known) return known;
  const background = parseColour(theme.background)!;
  const foreground = parseColour(theme.foreground)!;
  const colours = {
    palette,
    foreground: theme.foreground,
    muted: theme.muted,
    line: theme.line,
    valueLine: flowHues[theme.kind].forward,
    adjointLine: flowHues[theme.kind].backward,
    background: theme.background,
    band: toCss(mix(background, foreground, 0.08)),
    breakpoint: theme.palette.red,
    edited: theme.palette.green,
  };
  coloursOf.set(palette, colours);
  return colours;
}

function toNote({ timeSteps, leftOut }: TraceData, count: number): string {
  const window =
    count < timeSteps
      ? [
          `The rails show all ${formatCount(timeSteps)} time steps; cells are drawn for ${formatCount(count)} of them around the current one.`,
        ]
      : [];
  return [...window, ...leftOut].join(' ');
}
