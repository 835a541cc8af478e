/** The names that cells declared so far: who set them, and how they are spelt in what runs. */
import type { CellReference } from '../contract/protocol.js';
import type { CompiledCell, CompileOptions } from './compile/compileCell.js';
import { reservedNames, spelling } from './compile/shadowing.js';

export class CellNames {
  readonly #constants = new Set<string>();
  readonly #reserved = reservedNames();
  /** Reserved names that cells declared all the same. */
  readonly #shadowed = new Set<string>();
  readonly #setBy = new Map<string, CellReference>();

  /** Name → the cell that set it last. */
  get setBy(): ReadonlyMap<string, CellReference> {
    return this.#setBy;
  }

  /** What the compiler has to know of earlier cells. */
  get compileOptions(): Omit<CompileOptions, 'script'> {
    return { constants: this.#constants, reserved: this.#reserved, shadowed: this.#shadowed };
  }

  add({ declared, assigned }: CompiledCell, cell: CellReference): void {
    for (const name of assigned) if (this.#setBy.has(name)) this.#setBy.set(name, cell);
    for (const [name, kind] of declared) {
      this.#setBy.set(name, cell);
      if (this.#reserved.has(name)) this.#shadowed.add(name);
      if (kind === 'constant') this.#constants.add(name);
      else this.#constants.delete(name);
    }
  }

  /** A name or a path, as written → an expression. */
  expression(path: string): string {
    const [name = '', ...members] = path.split('.');
    return [this.#shadowed.has(name) ? spelling(name) : name, ...members].join('.');
  }
}
