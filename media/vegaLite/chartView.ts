import { element } from '../element.js';
import { errorPanel } from '../errorPanel.js';
import type { OutputView } from '../rendererApi.js';
import { onThemeChange, readTheme } from '../theme.js';
import { closedView, type VegaLiteSpec } from '../vegaView.js';
import { toChartConfig } from './chartConfig.js';

type View = ReturnType<typeof closedView>;

/** A chart that a cell specifies itself, in the editor's colours where it names none. */
export class ChartView implements OutputView<VegaLiteSpec> {
  readonly #root = element('div', { attributes: { 'data-unroll-view': 'vegaLite' } });
  readonly #endWatch: () => void;
  #spec: VegaLiteSpec | undefined;
  #view: View | undefined;
  /** Counts what was asked for: a drawing that was overtaken is not shown. */
  #wanted = 0;

  constructor(output: HTMLElement) {
    output.append(this.#root);
    this.#endWatch = onThemeChange(document, () => void this.#draw());
  }

  async update(spec: VegaLiteSpec): Promise<void> {
    this.#spec = spec;
    await this.#draw();
  }

  dispose(): void {
    this.#wanted++;
    this.#endWatch();
    this.#view?.finalize();
    this.#root.remove();
  }

  /** The earlier drawing stays until the new one is there, so that nothing flickers. */
  async #draw(): Promise<void> {
    if (!this.#spec) return;
    const turn = ++this.#wanted;
    const config = toChartConfig(readTheme(this.#root));
    const own = this.#spec.config;
    const next = element('div', { attributes: { style: 'position:absolute;visibility:hidden' } });
    this.#root.append(next);
    let view: View | undefined;
    try {
      view = closedView({ ...this.#spec, config: { ...config, ...own } } as VegaLiteSpec, true);
      await view.initialize(next).runAsync();
    } catch (error) {
      view?.finalize();
      next.remove();
      if (turn === this.#wanted)
        this.#show(errorPanel('Vega-Lite chart', error as Error), undefined);
      return;
    }
    if (turn !== this.#wanted) {
      view.finalize();
      next.remove();
      return;
    }
    next.removeAttribute('style');
    this.#show(next, view);
  }

  #show(content: HTMLElement, view: View | undefined): void {
    this.#view?.finalize();
    this.#view = view;
    this.#root.replaceChildren(content);
  }
}
