import { createDataPanel } from '../dataTable.js';
import { element } from '../element.js';
import { formatCount } from '../format.js';
import { createPictureHead } from '../pictureHead.js';
import type { OutputView } from '../rendererApi.js';
import { onThemeChange, readTheme, type Theme } from '../theme.js';
import { createBreakpointMenu } from './breakpointMenu.js';
import { type Breakpoints, runOn, stepOn } from './breakpoints.js';
import { type Drawn, toDrawn } from './drawn.js';
import { toStripEditing } from './editing.js';
import { inspectorRoot, showHues } from './inspectorRoot.js';
import type { KernelLine } from './kernelLine.js';
import { type KeyAction, toKeyAction } from './keys.js';
import { toPictureTables } from './pictureTable.js';
import { type Palette, toPalette } from './scales.js';
import type { Colouring } from './scene.js';
import type { ChartSide } from './series.js';
import { headline, type Shown, Side } from './side.js';
import { Tabs } from './tabs.js';
import { createTransport } from './transport.js';
import { colouringChoice, createSequenceChoice, levelChoice } from './viewControls.js';
import type { Walker } from './walker.js';
import { WhatIf } from './whatIf.js';
import { createWhatIfBar } from './whatIfBar.js';

const widthUnseen = 640;
/** Below this two traces stand below each other. */
const twoBeside = 900;

/** The inspector on the page: one trace or two, the walk through them and what is said about each stop. */
export class InspectorView implements OutputView<Shown> {
  readonly #root: HTMLElement;
  readonly #head = createPictureHead();
  readonly #counter = element('span', { class: 'counter' });
  /** Why the walk stopped, or why something is not done; read aloud as it comes. */
  readonly #why = element('p', { class: 'why', attributes: { role: 'status' } });
  readonly #spoken = element('div', { class: 'hidden', attributes: { 'aria-live': 'polite' } });
  readonly #levels = levelChoice('gate', (level) => this.#go((walker) => walker.setLevel(level)));
  readonly #sequences = createSequenceChoice(() => void this.#show());
  readonly #transport = createTransport({
    move: (how) => this.#go((walker) => walker.move(how)),
    advance: () => this.#advance(),
    playing: (isPlaying) => (this.#root.dataset['playing'] = String(isPlaying)),
  });
  readonly #menu = createBreakpointMenu({
    changed: () => void this.#show(),
    runOn: () => this.#runOn(),
  });
  readonly #bar = createWhatIfBar({
    versionChanged: () => void this.#redraw(),
    remove: (key) => void this.#whatIf?.remove(key),
    reset: () => this.#whatIf?.reset(),
  });
  readonly #table = createDataPanel(() => this.#chartSides().flatMap(toPictureTables));
  readonly #sidesBox = element('div', { class: 'sides' });
  readonly #tabs = new Tabs(({ layer, t }, side) =>
    this.#go((walker) => walker.seek(walker.phase, t, layer), this.#sides[side]),
  );
  readonly #endings: (() => void)[] = [];

  #theme: Theme;
  #palette: Palette;
  #colouring: Colouring = 'phase';
  #sides: Side[] = [];
  /** The side that was last walked in; the other follows. */
  #leader: Side | undefined;
  #whatIf: WhatIf | undefined;
  #drawn: Drawn[] = [];
  #width = 0;
  /** Charts are drawn once the picture over them is on the page. */
  #isOpen = false;
  readonly #steps = new Set<number>();

  constructor(
    output: HTMLElement,
    first: Shown,
    private readonly line: KernelLine,
  ) {
    this.#root = this.#build();
    output.append(this.#root);
    this.#makeSides(first);
    this.#theme = readTheme(this.#root);
    this.#palette = toPalette(this.#theme);
    this.#watchPage();
  }

  async update(shown: Shown): Promise<void> {
    const isOther = (side: Side, index: number) => shown.traces[index]?.name !== side.name;
    if (this.#sides.length !== shown.traces.length || this.#sides.some(isOther))
      this.#makeSides(shown);
    this.#sides.forEach((side, index) => side.update(shown.traces[index]!.trace));
    const [only, second] = this.#sides;
    this.#head.show(shown.title, second ? '' : headline(only!.trace));
    this.#whatIf?.dispose();
    this.#whatIf = second
      ? undefined
      : new WhatIf(only!.trace, this.line, () => void this.#redraw());
    this.#sequences.update(only!.trace);
    this.#follow();
    await this.#redraw();
  }

  dispose(): void {
    for (const end of this.#endings) end();
    for (const side of this.#sides) side.dispose();
    this.#whatIf?.dispose();
    this.#transport.dispose();
    this.#table.dispose();
    this.#tabs.dispose();
    this.#root.remove();
  }

  #makeSides({ traces }: Shown): void {
    for (const side of this.#sides) side.dispose();
    this.#sides = traces.map(({ name, trace }): Side => {
      const side: Side = new Side(trace, name, {
        seek: (phase, t) => this.#go((walker) => walker.seek(phase, t), side),
        clicked: ({ does }) => {
          if (does.kind === 'breakpoint') this.#toggleBreakpoint(does.t);
          else this.#go((walker) => walker.click(does), side);
        },
        resized: () => void this.#show(),
      });
      return side;
    });
    this.#leader = this.#sides[0];
    this.#sidesBox.classList.toggle('two', this.#sides.length > 1);
    this.#sidesBox.replaceChildren(...this.#sides.map(({ root }) => root));
  }

  // -------------------------------------------------------------------------------------------------
  // Moving

  get #walker(): Walker {
    return this.#leader!.walker;
  }

  /** A move by hand ends playing. */
  #go(move: (walker: Walker) => void, side = this.#leader): void {
    this.#transport.pause();
    this.#why.textContent = '';
    this.#leader = side;
    move(this.#walker);
    this.#follow();
    void this.#show();
  }

  #follow(): void {
    for (const side of this.#sides) if (side !== this.#leader) side.walker.follow(this.#walker);
  }

  /** While playing: one stop on; false at the end and where a breakpoint holds. */
  #advance(): boolean {
    const { isEnd, why } = stepOn(this.#walker, this.#breakpoints);
    this.#why.textContent = why === undefined ? '' : `Stopped: ${why}.`;
    this.#follow();
    void this.#show();
    return !isEnd && why === undefined;
  }

  #runOn(): void {
    const { walk, index, level } = this.#walker;
    const found = runOn(walk, index, level, this.#breakpoints);
    this.#go((walker) => walker.goTo(found.index));
    this.#why.textContent =
      found.why === undefined ? 'No breakpoint from there to the end.' : `Stopped: ${found.why}.`;
  }

  get #breakpoints(): Breakpoints {
    return { steps: this.#steps, ...this.#menu.conditions() };
  }

  #toggleBreakpoint(t: number): void {
    if (!this.#steps.delete(t)) this.#steps.add(t);
    void this.#show();
  }

  #pressed(event: KeyboardEvent): void {
    // Keys go on walking from the buttons, which have Space and Enter for themselves.
    const isButton =
      this.#transport.owns(event.target) && event.key !== ' ' && event.key !== 'Enter';
    const side =
      this.#sides.find(({ pane }) => pane.owns(event.target)) ??
      (isButton ? this.#leader : undefined);
    const action = side && toKeyAction(event);
    if (!side || !action) return;
    event.preventDefault();
    event.stopPropagation();
    this.#leader = side;
    this.#act(action, side);
  }

  #act(action: KeyAction, { pane, walker: { place } }: Side): void {
    if (action === 'toggle') this.#transport.toggle();
    else if (action === 'runOn') this.#runOn();
    else if (action === 'edit') {
      this.#transport.pause();
      if (!pane.panel.focus()) this.#why.textContent = 'There are no numbers at this stop.';
    } else if (action === 'breakpoint') {
      if ('t' in place) this.#toggleBreakpoint(place.t);
    } else if (action === 'deeper') this.#go((walker) => walker.changeLevel(1));
    else if (action === 'shallower') this.#go((walker) => walker.changeLevel(-1));
    else this.#go((walker) => walker.move(action));
  }

  // -------------------------------------------------------------------------------------------------
  // Drawing

  /** After other traces, or another version of one. */
  async #redraw(): Promise<void> {
    const whatIf = this.#whatIf;
    if (whatIf) this.#bar.show(whatIf);
    this.#root.dataset['live'] = String(whatIf?.isLive ?? false);
    this.#bar.root.hidden = this.#bar.note.hidden = whatIf === undefined;
    this.#drawn = toDrawn(this.#sides, whatIf?.change, this.#bar.version());
    this.#tabs.update(this.#chartSides());
    this.#table.refresh();
    await this.#show();
  }

  /** What the charts compare: the sides, or before and after an edit. */
  #chartSides(): ChartSide[] {
    const change = this.#whatIf?.change;
    if (!change || !this.#whatIf) return this.#sides;
    return [
      { name: 'before', trace: this.#whatIf.trace },
      { name: 'after', trace: change.after },
    ];
  }

  async #show(): Promise<void> {
    const { index, walk, level } = this.#walker;
    this.#counter.textContent = `stop ${formatCount(index + 1)} of ${formatCount(walk.length)}`;
    this.#transport.show(index === 0, index === walk.length - 1);
    this.#menu.count(this.#steps.size);
    this.#levels.querySelector<HTMLInputElement>(`[value="${level}"]`)!.checked = true;
    this.#leader!.mark(this.#root.dataset);
    if (this.#isOpen) this.#showTabs();
    await Promise.all(this.#sides.map((side, at) => this.#showSide(side, this.#drawn[at]!)));
    const { dataset } = this.#root;
    const { viewId, updates } = this.#leader!.pane.drawn;
    Object.assign(dataset, { viewId, updates, drawn: String(this.#walker.index) });
    if (this.#isOpen) return;
    this.#isOpen = true;
    requestAnimationFrame(() => setTimeout(() => this.#showTabs()));
  }

  #showTabs(): void {
    const now = this.#sides.map(({ walker }) => ('t' in walker.place ? walker.place.t : undefined));
    const isSomewhere = 't' in this.#walker.place;
    this.#tabs.show(this.#theme, this.#palette, this.#width, isSomewhere ? now : []);
  }

  async #showSide(side: Side, drawn: Drawn): Promise<void> {
    const reading = drawn.read(side.walker.index, this.#sequences.chosen());
    const editing = toStripEditing(
      this.#whatIf,
      side.walker.place,
      this.#sequences.chosen(),
      (why) => (this.#why.textContent = why),
    );
    side.mark(side.root.dataset);
    if (side === this.#leader)
      this.#spoken.textContent = this.#root.dataset['playing'] === 'true' ? '' : reading.spoken;
    await side.pane.show(side.walker, {
      theme: this.#theme,
      palette: this.#palette,
      scales: drawn.scales,
      walk: drawn.walk,
      reading,
      colouring: this.#colouring,
      breakpoints: this.#steps,
      edited: (this.#whatIf?.edits ?? []).flatMap(({ editable }) => editable.at ?? []),
      editing,
    });
  }

  // -------------------------------------------------------------------------------------------------
  // The page around it

  #watchPage(): void {
    this.#measure();
    const observer = new ResizeObserver(() => {
      if (this.#measure()) void this.#show();
    });
    observer.observe(this.#root);
    this.#endings.push(
      onThemeChange(document, () => {
        this.#theme = readTheme(this.#root);
        this.#palette = toPalette(this.#theme);
        showHues(this.#root, this.#theme);
        void this.#show();
      }),
      () => observer.disconnect(),
    );
    showHues(this.#root, this.#theme);
    this.#root.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** Keeps the width, as asking for it makes the browser lay out the page; whether it is another one. */
  #measure(): boolean {
    const width = this.#root.clientWidth || widthUnseen;
    if (width === this.#width) return false;
    this.#width = width;
    this.#sidesBox.classList.toggle('narrow', width < twoBeside);
    return true;
  }

  #build(): HTMLElement {
    const colouring = colouringChoice(this.#colouring, (chosen) => {
      this.#colouring = chosen;
      void this.#show();
    });
    return inspectorRoot({
      head: this.#head.root,
      controls: [
        this.#transport.root,
        this.#counter,
        this.#levels,
        colouring,
        this.#sequences.root,
        this.#menu.button,
      ],
      menu: this.#menu.panel,
      table: this.#table,
      bar: this.#bar,
      status: [this.#why, this.#spoken],
      sides: this.#sidesBox,
      tabs: this.#tabs.root,
    });
  }
}
