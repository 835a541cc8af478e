/** The names that cells declared so far: who set them, and how they are spelt in what runs. */
import type { CellReference } from '../contract/protocol.js';
import type { CompiledCell, CompileOptions } from './compile/compileCell.js';
import { reservedNames, spelling } from './compile/shadowing.js';

export class CellNames {
  readonly #constants = new Set<string>();
  readonly #reserved = reservedNames();
  /** Names that run with another spelling: reserved ones that cells declared, and those that were taken away. */
  readonly #spellings = new Map<string, string>();
  /** How often a name was taken away: each time it gets a spelling that nothing has yet. */
  readonly #taken = new Map<string, number>();
  readonly #setBy = new Map<string, CellReference>();

  /** Name → the cell that set it last. */
  get setBy(): ReadonlyMap<string, CellReference> {
    return this.#setBy;
  }

  /** What the compiler has to know of earlier cells. */
  get compileOptions(): Omit<CompileOptions, 'script'> {
    return {
      constants: this.#constants,
      reserved: this.#reserved,
      spellings: this.#spellings,
      spell: (name) => this.#newSpelling(name),
    };
  }

  /** @returns the names that the cell sets as it runs */
  add({ declared, assigned }: CompiledCell, cell: CellReference): string[] {
    const reassigned = [...assigned].filter((name) => this.#setBy.has(name));
    for (const name of reassigned) this.#setBy.set(name, cell);
    for (const [name, kind] of declared) {
      this.#setBy.set(name, cell);
      if (this.#reserved.has(name)) this.#spellings.set(name, this.#newSpelling(name));
      if (kind === 'constant') this.#constants.add(name);
      else this.#constants.delete(name);
    }
    return [...new Set([...reassigned, ...declared.keys()])];
  }

  /** The name means nothing from the next cell on: not what it held, and not a later one's either. */
  forget(name: string): void {
    this.#setBy.delete(name);
    this.#constants.delete(name);
    this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
    // One of the process's own, which the cell's had hidden, is seen again.
    if (this.#reserved.has(name)) this.#spellings.delete(name);
    else this.#spellings.set(name, this.#newSpelling(name));
  }

  #newSpelling(name: string): string {
    const hides = this.#reserved.has(name) ? 1 : 0;
    return spelling(name, hides + (this.#taken.get(name) ?? 0));
  }

  /** A name or a path, as written → an expression. */
  expression(path: string): string {
    const [name = '', ...members] = path.split('.');
    return [this.#spellings.get(name) ?? name, ...members].join('.');
  }
}
