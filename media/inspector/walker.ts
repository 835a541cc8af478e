import {
  cellNode,
  insideAt,
  type Level,
  levels,
  type Move,
  move,
  settle,
  stopAt,
} from './cursor.js';
import type { Target } from './targets.js';
import type { Place, Walk } from './walk.js';

/** More stops than this open with cells closed. */
const openStops = 4_000;

/** Where the walk over a trace stands, and how finely it goes. */
export class Walker {
  #walk: Walk;
  #index: number;
  #level: Level;

  constructor(walk: Walk) {
    this.#walk = walk;
    this.#index = walk.loss;
    this.#level = walk.length > openStops ? 'cell' : 'gate';
  }

  get walk(): Walk {
    return this.#walk;
  }

  get index(): number {
    return this.#index;
  }

  get level(): Level {
    return this.#level;
  }

  get place(): Place {
    return this.#walk.at(this.#index);
  }

  /** Forward or back, the loss with what comes after it. */
  get phase(): 'forward' | 'backward' {
    return this.place.phase === 'forward' ? 'forward' : 'backward';
  }

  /** The layer and the time step whose inside is shown. */
  get inside(): { layer: number; t: number } {
    return insideAt(this.#walk, this.place);
  }

  /** Takes another trace, and stands at the same share of the way where that is another one. */
  take(walk: Walk): void {
    const share = this.#index / this.#walk.length;
    const isSame = this.#walk.length === walk.length;
    this.#walk = walk;
    if (!isSame) this.#index = settle(walk, Math.floor(share * walk.length), this.#level);
  }

  goTo(index: number): void {
    if (index >= 0 && index < this.#walk.length) this.#index = index;
  }

  move(how: Move): void {
    this.goTo(move(this.#walk, this.#index, how, this.#level));
  }

  /** To a time step in a phase; the same operation where it is the same layer. */
  seek(phase: 'forward' | 'backward', t: number, chosen?: number): void {
    const { place } = this;
    const layer = chosen ?? this.#layerAt(t);
    const node = 'node' in place && place.layer === layer ? place.node : undefined;
    this.goTo(stopAt(this.#walk, { phase, layer, t, ...(node !== undefined && { node }) }));
  }

  /** The layer whose cell is shown, or else the first that runs at that time step. */
  #layerAt(t: number): number {
    const runs = (layer: number): boolean => {
      const { start, end } = this.#walk.spanOf(layer);
      return t >= start && t < end;
    };
    const { layer } = this.inside;
    return runs(layer)
      ? layer
      : Math.max(
          0,
          this.#walk.trace.layers.findIndex((_, k) => runs(k)),
        );
  }

  /** A click: goes there; on the current cell or gate it opens, on an open one it closes. */
  click(does: Exclude<Target['does'], { kind: 'breakpoint' }>): void {
    const { place, phase } = this;
    if (does.kind === 'cell') {
      const isHere = 't' in place && place.t === does.t && place.layer === does.layer;
      if (isHere) this.setLevel(this.#level === 'cell' ? 'gate' : 'cell');
      else this.goTo(stopAt(this.#walk, { phase, layer: does.layer, t: does.t }));
      return;
    }
    const isHere = 'node' in place && place.node === does.node;
    if (isHere) this.setLevel(this.#level === 'gate' ? 'operation' : 'gate');
    else this.goTo(stopAt(this.#walk, { phase, ...this.inside, node: does.node }));
  }

  setLevel(level: Level): void {
    this.#level = level;
    this.#index = settle(this.#walk, this.#index, level);
  }

  /** More detail (1) or less (-1). */
  changeLevel(by: 1 | -1): void {
    const level = levels[levels.indexOf(this.#level) + by];
    if (level) this.setLevel(level);
  }

  /**
   * To where another trace's walk stands: phase, time step and layer, and the value of the same name where
   * there is one.
   */
  follow(other: Walker): void {
    this.#level = other.level;
    const { place } = other;
    if (!('node' in place)) {
      this.#index = place.phase === 'loss' ? this.#walk.loss : this.#walk.length - 1;
      return;
    }
    const { layers } = this.#walk.trace;
    const layer = Math.min(place.layer, layers.length - 1);
    const { label } = other.walk.trace.layers[place.layer]!.nodes[place.node]!;
    const own = layers[layer]!;
    const named = own.nodes.findLastIndex(
      (node) => label !== undefined && node.label === label && node.kind === 'operation',
    );
    const { start, end } = this.#walk.spanOf(layer);
    const t = Math.max(start, Math.min(place.t, end - 1));
    const node = named >= 0 ? named : cellNode(own);
    const index = this.#walk.indexOf({ phase: place.phase, layer, t, node });
    this.goTo(index >= 0 ? index : stopAt(this.#walk, { phase: place.phase, layer, t }));
  }
}
