import type { LossPayload } from '../../kernel/contract/mime.js';
import { choice, slider } from '../controls.js';
import { createDataPanel } from '../dataTable.js';
import { element } from '../element.js';
import type { OutputView } from '../rendererApi.js';
import { styleSheet } from '../styleSheet.js';
import { onThemeChange, readTheme } from '../theme.js';
import { VegaView } from '../vegaView.js';
import { type Line, type LossOptions, toLines } from './lines.js';
import { createLossHover } from './lossHover.js';
import { toLossTable } from './lossTable.js';
import { readAt } from './readings.js';
import { type LossDrawing, toHoverRows, toLossDrawing } from './rows.js';
import { lossPadding, seriesColours, toLossSignals, toLossSpec } from './spec.js';
import { toNote, toStatusText, toSummary } from './status.js';

const plotHeight = 236;
/** Taken until the output is laid out, e.g. while its cell is scrolled out of sight. */
const widthUnseen = 720;

/** A loss curve on the page with its controls. */
export class LossView implements OutputView<LossPayload> {
  readonly #root: HTMLElement;
  readonly #title = element('div', { class: 'title' });
  readonly #status = element('div', { class: 'status' });
  readonly #note = element('p', { class: 'note' });
  readonly #summary = element('div', { class: 'hidden' });
  readonly #ended = element('div', { class: 'hidden', attributes: { 'aria-live': 'polite' } });
  readonly #canvas = element('div');
  readonly #stage = element('div', {
    class: 'stage',
    attributes: {
      tabindex: '0',
      role: 'group',
      'aria-label': 'Loss chart; arrow keys read its values',
    },
    children: [this.#canvas],
  });
  readonly #table = createDataPanel(() => toLossTable(this.#payload));
  readonly #hover = createLossHover(this.#stage, {
    lines: () => this.#lines,
    drawing: () => this.#drawing,
    moved: () => void this.#show(),
  });
  readonly #vega = new VegaView(this.#canvas);
  readonly #endings: (() => void)[] = [];

  #theme;
  #payload: LossPayload;
  #options: LossOptions;
  #lines: Line[] = [];
  #drawing: LossDrawing | undefined;

  constructor(
    output: HTMLElement,
    first: LossPayload,
    options: LossOptions,
    private readonly changed: (options: LossOptions) => void,
  ) {
    this.#payload = first;
    this.#options = options;
    this.#root = this.#build();
    output.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#endings.push(
      onThemeChange(document, () => {
        this.#theme = readTheme(this.#root);
        void this.#show();
      }),
    );
    let width = 0;
    const observer = new ResizeObserver(() => {
      if (width === this.#stage.clientWidth) return;
      width = this.#stage.clientWidth;
      void this.#redraw();
    });
    observer.observe(this.#stage);
    this.#endings.push(() => observer.disconnect());
  }

  async update(payload: LossPayload): Promise<void> {
    const ended = this.#payload.status === 'running' && payload.status !== 'running';
    this.#payload = payload;
    this.#title.textContent = payload.title;
    this.#status.textContent = toStatusText(payload);
    this.#status.className = `status ${payload.status}`;
    this.#summary.textContent = toSummary(payload);
    if (ended) this.#ended.textContent = toSummary(payload);
    this.#table.refresh();
    await this.#redraw();
    this.#root.dataset['points'] = String(
      payload.series.reduce((sum, { value }) => sum + value.length, 0),
    );
    this.#root.dataset['status'] = payload.status;
  }

  dispose(): void {
    for (const end of this.#endings) end();
    this.#hover.dispose();
    this.#table.dispose();
    this.#vega.dispose();
    this.#root.remove();
  }

  /** The data or the room changed. */
  async #redraw(): Promise<void> {
    const width = this.#stage.clientWidth || widthUnseen;
    this.#lines = toLines(this.#payload, this.#options);
    this.#drawing = toLossDrawing(this.#payload, this.#lines, this.#options, {
      width: width - lossPadding.left - lossPadding.right,
      height: plotHeight,
    });
    this.#note.textContent = toNote(this.#payload, this.#options.y);
    await this.#show();
  }

  async #show(): Promise<void> {
    const drawing = this.#drawing;
    if (!drawing) return;
    const at = this.#hover.at();
    const reading = at === undefined ? undefined : readAt(this.#lines, at);
    this.#hover.show(reading, seriesColours(this.#theme), this.#options);
    await this.#vega.show({
      spec: toLossSpec(this.#payload.unit, this.#options, this.#theme),
      ...drawing.plot,
      signals: toLossSignals(drawing),
      data: { ...drawing.data, ...toHoverRows(reading, this.#options) },
    });
    this.#root.dataset['viewId'] = String(this.#vega.viewId);
    this.#root.dataset['updates'] = String(this.#vega.updates);
  }

  #choose(options: Partial<LossOptions>): void {
    this.#options = { ...this.#options, ...options };
    this.#hover.clear();
    this.changed(this.#options);
    void this.#redraw();
  }

  #build(): HTMLElement {
    const axis = choice(
      'Horizontal axis',
      [
        { value: 'step', text: 'Step', hint: 'Over training steps' },
        { value: 'seconds', text: 'Time', hint: 'Over wall time' },
      ],
      this.#options.x,
      (x) => this.#choose({ x }),
    );
    const scale = choice(
      'Vertical scale',
      [
        { value: 'linear', text: 'Linear', hint: 'Linear vertical axis' },
        { value: 'log', text: 'Log', hint: 'Logarithmic vertical axis' },
      ],
      this.#options.y,
      (y) => this.#choose({ y }),
    );
    const smoothing = slider(
      {
        label: 'Smoothing',
        hint: 'Exponential moving average of the training curve, bias-corrected; the measured curve stays behind it',
        most: 0.99,
        step: 0.01,
      },
      this.#options.smoothing,
      (value) => this.#choose({ smoothing: value }),
    );
    this.#table.button.classList.add('push');
    return element('div', {
      class: 'unroll',
      attributes: { 'data-unroll-view': 'loss' },
      children: [
        styleSheet(),
        element('div', { class: 'head', children: [this.#title, this.#status] }),
        element('div', {
          class: 'controls',
          children: [axis, scale, smoothing, this.#table.button],
        }),
        this.#summary,
        this.#ended,
        this.#stage,
        this.#note,
        this.#table.panel,
      ],
    });
  }
}
