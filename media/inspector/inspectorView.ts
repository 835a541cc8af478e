import type { TraceData } from '../../kernel/contract/trace.js';
import { element } from '../element.js';
import { formatCount, formatValue } from '../format.js';
import { createPictureHead } from '../pictureHead.js';
import type { OutputView } from '../rendererApi.js';
import { styleSheet } from '../styleSheet.js';
import { onThemeChange, readTheme, type Theme } from '../theme.js';
import { createBreakpointMenu } from './breakpointMenu.js';
import { type Breakpoints, runOn, whyStop } from './breakpoints.js';
import type { Level } from './cursor.js';
import { inspectorStyle } from './inspectorStyle.js';
import { type KeyAction, toKeyAction } from './keys.js';
import { flowHues, type Palette, toPalette } from './scales.js';
import type { Colouring } from './scene.js';
import { Tabs } from './tabs.js';
import type { Target } from './targets.js';
import { TracePane } from './tracePane.js';
import { toTraceScales, type TraceScales } from './traceScales.js';
import { createTransport } from './transport.js';
import { colouringChoice, createSequenceChoice, levelChoice } from './viewControls.js';
import { Walk } from './walk.js';
import { Walker } from './walker.js';

const widthUnseen = 640;

/** The inspector on the page: the unrolled graph, the walk through it and what is said about each stop. */
export class InspectorView implements OutputView<TraceData> {
  readonly #root: HTMLElement;
  readonly #head = createPictureHead();
  readonly #verdict = element('p', { class: 'verdict' });
  readonly #counter = element('span', { class: 'counter' });
  /** Why the walk stopped; read aloud as it comes. */
  readonly #why = element('p', { class: 'why', attributes: { role: 'status' } });
  readonly #spoken = element('div', { class: 'hidden', attributes: { 'aria-live': 'polite' } });
  readonly #levelChoice: HTMLElement;
  readonly #sequences = createSequenceChoice(() => void this.#show());
  readonly #transport = createTransport({
    move: (how) => this.#go(() => this.#walker.move(how)),
    advance: () => this.#advance(),
    playing: (isPlaying) => (this.#root.dataset['playing'] = String(isPlaying)),
  });
  readonly #menu = createBreakpointMenu({
    changed: () => void this.#show(),
    runOn: () => this.#runOn(),
  });
  readonly #pane: TracePane;
  readonly #tabs: Tabs;
  readonly #endings: (() => void)[] = [];

  #theme: Theme;
  #palette: Palette;
  #scales: TraceScales;
  #colouring: Colouring = 'phase';
  readonly #walker: Walker;
  readonly #steps = new Set<number>();

  constructor(output: HTMLElement, first: TraceData) {
    this.#walker = new Walker(new Walk(first));
    this.#scales = toTraceScales(first);
    this.#tabs = new Tabs(first, ({ layer, t }) => {
      this.#go(() => this.#walker.seek(this.#walker.phase, t, layer));
    });
    this.#pane = new TracePane({
      seek: (phase, t) => this.#go(() => this.#walker.seek(phase, t)),
      clicked: (target) => this.#clicked(target),
      resized: () => void this.#show(),
    });
    this.#levelChoice = levelChoice(this.#walker.level, (level) =>
      this.#go(() => this.#walker.setLevel(level)),
    );
    this.#root = this.#build();
    output.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#palette = toPalette(this.#theme);
    this.#watchPage();
  }

  async update(trace: TraceData): Promise<void> {
    this.#walker.take(new Walk(trace));
    this.#scales = toTraceScales(trace);
    this.#head.show(
      trace.title,
      [
        `${formatCount(trace.timeSteps)} time steps`,
        `batch of ${formatCount(trace.batchSize)}`,
        `loss ${formatValue(trace.loss.value)}`,
        `‖gradient‖ ${formatValue(trace.gradient.norm)}`,
      ].join('  ·  '),
    );
    this.#verdict.textContent = trace.verdict.sentence;
    this.#sequences.update(trace);
    this.#tabs.update(trace);
    await this.#show();
  }

  dispose(): void {
    for (const end of this.#endings) end();
    this.#transport.dispose();
    this.#pane.dispose();
    this.#tabs.dispose();
    this.#root.remove();
  }

  // -------------------------------------------------------------------------------------------------
  // Moving

  /** A move by hand ends playing. */
  #go(move: () => void): void {
    this.#transport.pause();
    this.#why.textContent = '';
    move();
    void this.#show();
  }

  /** While playing: one stop on; false at the end and where a breakpoint holds, on the way there too. */
  #advance(): boolean {
    const walker = this.#walker;
    const before = walker.index;
    walker.move('next');
    const end = walker.index;
    this.#why.textContent = '';
    for (let index = before + 1; index <= end; index++) {
      const why = whyStop(walker.walk, index - 1, index, walker.level, this.#breakpoints);
      if (why === undefined) continue;
      walker.goTo(index);
      this.#say(why);
      void this.#show();
      return false;
    }
    void this.#show();
    return end !== before;
  }

  #runOn(): void {
    const walker = this.#walker;
    this.#go(() => {
      const { index, why } = runOn(walker.walk, walker.index, walker.level, this.#breakpoints);
      walker.goTo(index);
      if (why === undefined) this.#why.textContent = 'No breakpoint from there to the end.';
      else this.#say(why);
    });
  }

  #say(why: string): void {
    this.#why.textContent = `Stopped: ${why}.`;
  }

  get #breakpoints(): Breakpoints {
    return { steps: this.#steps, ...this.#menu.conditions() };
  }

  #clicked({ does }: Target): void {
    if (does.kind === 'breakpoint') this.#toggleBreakpoint(does.t);
    else this.#go(() => this.#walker.click(does));
  }

  #toggleBreakpoint(t: number): void {
    if (!this.#steps.delete(t)) this.#steps.add(t);
    void this.#show();
  }

  #pressed(event: KeyboardEvent): void {
    const action = this.#pane.owns(event.target) ? toKeyAction(event) : undefined;
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    this.#act(action);
  }

  #act(action: KeyAction): void {
    const walker = this.#walker;
    const { place } = walker;
    if (action === 'toggle') this.#transport.toggle();
    else if (action === 'runOn') this.#runOn();
    else if (action === 'edit') this.#pane.panel.querySelector<HTMLElement>('.heat')?.focus();
    else if (action === 'breakpoint') {
      if ('t' in place) this.#toggleBreakpoint(place.t);
    } else if (action === 'deeper') this.#go(() => walker.changeLevel(1));
    else if (action === 'shallower') this.#go(() => walker.changeLevel(-1));
    else this.#go(() => walker.move(action));
  }

  // -------------------------------------------------------------------------------------------------
  // Drawing

  async #show(): Promise<void> {
    const walker = this.#walker;
    const { place, index, walk, level } = walker;
    this.#counter.textContent = `stop ${formatCount(index + 1)} of ${formatCount(walk.length)}`;
    this.#transport.show(index === 0, index === walk.length - 1);
    this.#menu.count(this.#steps.size);
    this.#showLevel(level);
    this.#markRoot();
    const now = 't' in place ? place.t : undefined;
    const theme = this.#theme;
    const palette = this.#palette;
    this.#tabs.show(theme, palette, this.#root.clientWidth || widthUnseen, now);
    const reading = await this.#pane.show(walker, {
      theme,
      palette,
      scales: this.#scales,
      colouring: this.#colouring,
      breakpoints: this.#steps,
      sequence: this.#sequences.chosen(),
    });
    this.#spoken.textContent = this.#root.dataset['playing'] === 'true' ? '' : reading.spoken;
    const { dataset } = this.#root;
    dataset['viewId'] = String(this.#pane.drawn.viewId);
    dataset['updates'] = String(this.#pane.drawn.updates);
    dataset['drawn'] = String(walker.index);
  }

  #markRoot(): void {
    const { place, index, level } = this.#walker;
    Object.assign(this.#root.dataset, {
      index: String(index),
      phase: place.phase,
      level,
      t: 't' in place ? String(place.t) : '',
      layer: 'layer' in place ? String(place.layer) : '',
      node: 'node' in place ? String(place.node) : '',
    });
  }

  /** Clicks and keys change it too. */
  #showLevel(level: Level): void {
    const input = this.#levelChoice.querySelector<HTMLInputElement>(`[value="${level}"]`);
    if (input) input.checked = true;
  }

  // -------------------------------------------------------------------------------------------------
  // The page around it

  #watchPage(): void {
    this.#endings.push(
      onThemeChange(document, () => {
        this.#theme = readTheme(this.#root);
        this.#palette = toPalette(this.#theme);
        this.#showHues();
        void this.#show();
      }),
    );
    this.#showHues();
    this.#root.addEventListener('keydown', (event) => this.#pressed(event));
  }

  #showHues(): void {
    const { forward, backward } = flowHues[this.#theme.kind];
    this.#root.style.setProperty('--unroll-forward', forward);
    this.#root.style.setProperty('--unroll-backward', backward);
  }

  #build(): HTMLElement {
    const colouring = colouringChoice(this.#colouring, (chosen) => {
      this.#colouring = chosen;
      void this.#show();
    });
    return element('div', {
      class: 'unroll inspector',
      attributes: { 'data-unroll-view': 'inspector' },
      children: [
        styleSheet(),
        inspectorStyle(),
        this.#head.root,
        this.#verdict,
        element('div', {
          class: 'controls',
          children: [
            this.#transport.root,
            this.#counter,
            this.#levelChoice,
            colouring,
            this.#sequences.root,
            this.#menu.button,
          ],
        }),
        this.#menu.panel,
        this.#why,
        this.#spoken,
        this.#pane.root,
        this.#tabs.root,
      ],
    });
  }
}
