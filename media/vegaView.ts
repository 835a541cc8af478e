/**
 * The one file that imports Vega: a Vega view per picture, kept while only its data changes.
 *
 * Outputs are data, so the view is closed: its loader refuses every address (data, images, links), and
 * expressions run through Vega's interpreter, never through `eval`.
 */
import { type Loader, parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import { putRows } from './vegaRows.js';

export type VegaLiteSpec = TopLevelSpec;
/** A layer of a layered specification. */
export type LayerSpec = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];
export type Row = Record<string, string | number | boolean | null>;

/** What to draw. The specification is fixed per view; the rest may change with every call. */
export interface Picture {
  spec: VegaLiteSpec;
  width: number;
  height: number;
  /** Values of the specification's parameters. */
  signals: Record<string, unknown>;
  /** Rows of its named data sets. A list that is the same object as last time is not sent again. */
  data: Record<string, Row[]>;
}

export class ClosedLoaderError extends Error {
  override readonly name = 'ClosedLoaderError';
}

const refuse = (address: string): Promise<never> =>
  Promise.reject(
    new ClosedLoaderError(`A picture may not load anything; it asked for ${address.slice(0, 80)}`),
  );
/** Vega's only way to a network or file: closed. */
export const closedLoader: Loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

/** A view that can reach nothing and evaluates nothing, not yet drawn. */
export const closedView = (spec: VegaLiteSpec, hover: boolean): View =>
  new View(parse(compile(spec).spec, undefined, { ast: true }), {
    expr: expressionInterpreter,
    loader: closedLoader,
    renderer: 'svg',
    hover,
  });

let created = 0;

export class VegaView {
  /** Counts the views made on this page; changes only where a new one had to be made. */
  viewId = 0;
  /** Draws since the view was made that changed it in place. */
  updates = 0;

  #view: View | undefined;
  #key = '';
  #drawn: Picture['data'] = {};
  /** The rows of each data set as the view holds them. */
  #live: Record<string, Row[]> = {};
  #next: Picture | undefined;
  #drawing: Promise<void> | undefined;
  #disposed = false;

  constructor(private readonly container: HTMLElement) {}

  /**
   * Draws the picture: in place where its specification is that of the last one, else in a new view.
   * Pictures that come while one is being drawn replace each other; only the last is drawn.
   */
  show(picture: Picture): Promise<void> {
    this.#next = picture;
    this.#drawing ??= this.#drawAll().finally(() => (this.#drawing = undefined));
    return this.#drawing;
  }

  dispose(): void {
    this.#disposed = true;
    this.#next = undefined;
    this.#view?.finalize();
    this.#view = undefined;
    this.container.replaceChildren();
  }

  async #drawAll(): Promise<void> {
    for (let picture = this.#take(); picture; picture = this.#take()) {
      const key = JSON.stringify(picture.spec);
      if (this.#view && key === this.#key) {
        this.#live = await apply(this.#view, picture, this.#drawn, this.#live);
        this.updates++;
      } else {
        await this.#create(picture);
        this.#key = key;
      }
      this.#drawn = picture.data;
    }
  }

  #take(): Picture | undefined {
    const picture = this.#disposed ? undefined : this.#next;
    this.#next = undefined;
    return picture;
  }

  /** The old view stays on the page until the new one has drawn itself, so nothing flickers. */
  async #create(picture: Picture): Promise<void> {
    const element = this.container.ownerDocument.createElement('div');
    const view = closedView(picture.spec, false);
    view.initialize(element);
    const live = await apply(view, picture, {}, {});
    if (this.#disposed) {
      view.finalize();
      return;
    }
    this.#view?.finalize();
    this.#view = view;
    this.#live = live;
    this.viewId = ++created;
    this.updates = 0;
    this.container.replaceChildren(element);
  }
}

/** Draws the picture into a view; returns the rows that it holds now. */
async function apply(
  view: View,
  picture: Picture,
  drawn: Picture['data'],
  live: Record<string, Row[]>,
): Promise<Record<string, Row[]>> {
  view.width(picture.width).height(picture.height);
  for (const [name, value] of Object.entries(picture.signals)) view.signal(name, value);
  const held = { ...live };
  for (const [name, rows] of Object.entries(picture.data))
    if (rows !== drawn[name]) held[name] = putRows(view, name, live[name], rows);
  await view.runAsync();
  return held;
}
