/**
 * How the names of a notebook's cells are spelt where all stand in one module: as written, until a later cell declares
 * one again, which is `model2` from there on.
 */
import type { ImportedName, Meaning } from './cellNames.js';

export interface Renamed {
  name: string;
  spelling: string;
  /** Of the cell that declares it again, from 1. */
  cell: number;
}

interface Known {
  spelling: string;
  /** What was imported under the name. */
  imported?: string;
}

const meanings: readonly Meaning[] = ['value', 'type'];

export class ScriptNames {
  readonly renamed: Renamed[] = [];
  /** In the order of their first import; a module without names is loaded for what it does. */
  readonly imports = new Map<string, ImportedName[]>();
  readonly #known: Record<Meaning, Map<string, Known>> = { value: new Map(), type: new Map() };

  /** @param taken Every name in the notebook: none of them is given to another thing. */
  constructor(private readonly taken: Set<string>) {}

  /** The cell declares these names; from here on they mean what it declares. */
  declare(names: ReadonlyMap<string, ReadonlySet<Meaning>>, cell: number): void {
    for (const [name, declared] of names) {
      const isTaken = [...declared].some((meaning) => this.#known[meaning].has(name));
      const spelling = isTaken ? this.#rename(name, cell) : name;
      for (const meaning of declared) this.#known[meaning].set(name, { spelling });
    }
  }

  import(from: string, names: readonly ImportedName[], cell: number): void {
    const module = this.imports.get(from) ?? [];
    this.imports.set(from, module);
    for (const name of names) this.#importName(module, name, cell);
  }

  /** Undefined where it stays as it is. */
  spellingOf(name: string, meaning: Meaning): string | undefined {
    const spelling = this.#known[meaning].get(name)?.spelling;
    return spelling === name ? undefined : spelling;
  }

  #importName(module: ImportedName[], name: ImportedName, cell: number): void {
    const { local, exported } = name;
    const imported = `${exported} ${name.from}`;
    if (meanings.every((one) => this.#known[one].get(local)?.imported === imported)) {
      const first = module.find((one) => one.exported === exported);
      if (first && !name.isTypeOnly) first.isTypeOnly = false;
      return;
    }
    const isTaken = meanings.some((one) => this.#known[one].has(local));
    const spelling = isTaken ? this.#rename(local, cell) : local;
    module.push({ ...name, local: spelling });
    for (const meaning of meanings) this.#known[meaning].set(local, { spelling, imported });
  }

  #rename(name: string, cell: number): string {
    let count = 2;
    while (this.taken.has(`${name}${count}`)) count++;
    const spelling = `${name}${count}`;
    this.taken.add(spelling);
    this.renamed.push({ name, spelling, cell });
    return spelling;
  }
}

/** One statement for each module and way to import it. */
export function printImports(imports: ReadonlyMap<string, readonly ImportedName[]>): string[] {
  return [...imports].flatMap(([from, names]) => {
    if (names.length === 0) return [`import ${from};`];
    const whole = names.filter(({ exported }) => exported === 'default' || exported === '*');
    const parts = names.filter((one) => !whole.includes(one));
    const wholeLines = whole.map(({ exported, local, isTypeOnly }) => {
      const type = isTypeOnly ? 'type ' : '';
      return `import ${type}${exported === '*' ? '* as ' : ''}${local} from ${from};`;
    });
    return parts.length === 0 ? wholeLines : [...wholeLines, printNamed(parts, from)];
  });
}

function printNamed(names: readonly ImportedName[], from: string): string {
  const allTypes = names.every(({ isTypeOnly }) => isTypeOnly);
  const listed = names.map(({ exported, local, isTypeOnly }) => {
    const type = isTypeOnly && !allTypes ? 'type ' : '';
    return `${type}${exported === local ? local : `${exported} as ${local}`}`;
  });
  const line = `import ${allTypes ? 'type ' : ''}{ ${listed.join(', ')} } from ${from};`;
  if (line.length <= 100) return line;
  return `import ${allTypes ? 'type ' : ''}{\n${listed.map((one) => `  ${one},\n`).join('')}} from ${from};`;
}
