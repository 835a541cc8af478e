import type { ComparisonData, TraceData } from '../../kernel/contract/trace.js';
import { element } from '../element.js';
import { formatCount, formatValue } from '../format.js';
import { type PaneActions, TracePane } from './tracePane.js';
import { Walk } from './walk.js';
import { Walker } from './walker.js';

/** What an output shows: one trace, or two with names. */
export interface Shown {
  title: string;
  traces: { name?: string; trace: TraceData }[];
}

export const shownTrace = (trace: TraceData): Shown => ({
  title: trace.title,
  traces: [{ trace }],
});
export const shownComparison = ({ title, traces }: ComparisonData): Shown => ({ title, traces });

/** One of the traces that are shown, with its own walk and picture. */
export class Side {
  readonly root: HTMLElement;
  readonly pane: TracePane;
  readonly walker: Walker;
  readonly #heading = element('h3');
  readonly #verdict = element('p', { class: 'verdict' });

  constructor(
    public trace: TraceData,
    public readonly name: string | undefined,
    actions: PaneActions,
  ) {
    this.walker = new Walker(new Walk(trace));
    this.pane = new TracePane(actions);
    const named = name === undefined ? [] : [this.#heading];
    this.root = element('div', {
      class: 'side',
      children: [...named, this.#verdict, this.pane.root],
    });
  }

  update(trace: TraceData): void {
    this.trace = trace;
    this.walker.take(new Walk(trace));
    this.#verdict.textContent = trace.verdict.sentence;
    if (this.name === undefined) return;
    this.#heading.replaceChildren(
      document.createTextNode(this.name),
      element('span', { text: headline(trace) }),
    );
    this.root.setAttribute('role', 'group');
    this.root.setAttribute('aria-label', this.name);
  }

  /** For tests: where this side stands. */
  mark(into: DOMStringMap): void {
    const { place, index, level } = this.walker;
    Object.assign(into, {
      index: String(index),
      phase: place.phase,
      level,
      t: 't' in place ? String(place.t) : '',
      layer: 'layer' in place ? String(place.layer) : '',
      node: 'node' in place ? String(place.node) : '',
    });
  }

  dispose(): void {
    this.pane.dispose();
    this.root.remove();
  }
}

export function headline({ timeSteps, batchSize, loss, gradient }: TraceData): string {
  return [
    `${formatCount(timeSteps)} time steps`,
    `batch of ${formatCount(batchSize)}`,
    `loss ${formatValue(loss.value)}`,
    `‖gradient‖ ${formatValue(gradient.norm)}`,
  ].join('  ·  ');
}
