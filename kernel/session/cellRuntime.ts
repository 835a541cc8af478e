/** What compiled cells call (`compile/runtimeCall.ts`), behind one lexical binding that all cells see. */
import type { Meta } from './modules.js';
import type { LoadOptions } from './nativeModules.js';

export interface CellRuntime {
  /** Hands over the value of a cell's last expression. */
  result(script: number, value: unknown): unknown;
  /** Hands over the statements of a cell, as a function: they run when the script has ended. */
  body(script: number, work: () => Promise<unknown>): void;
  /** What `await value` waits for: the value, or the end of the cell that waits. */
  await(script: number, offset: number, value: unknown): unknown;
  /** What `throw value` throws: the value. */
  thrown(script: number, offset: number, value: unknown): unknown;
  /** What `for await (… of values)` runs over. */
  iterate(script: number, offset: number, values: unknown): AsyncIterable<unknown>;
  /** A module's namespace. */
  load(
    script: number,
    offset: number,
    specifier: unknown,
    options?: LoadOptions,
    required?: string[],
  ): Promise<unknown>;
  require(specifier: string): unknown;
  /** What an imported name stands for, now that its module was loaded again. */
  renewed(name: string): unknown;
  /** `import.meta` */
  meta: Meta;
}
