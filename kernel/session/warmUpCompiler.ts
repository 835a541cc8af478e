import { CellNames } from './cellNames.js';
import { compileCell } from './compile/compileCell.js';
import { loadTypeScript } from './typescript.js';

/** A bit of everything, so that the compiler's code is compiled itself. */
const warmUpCell = 'const n: number = await 1; function f<T>(x: T) { return [x]; }\nf(n)';
let isWarm = false;

/** Loads the compiler, so that the first cell does not wait for it. */
export function warmUpCompiler(): void {
  if (isWarm) return;
  isWarm = true;
  compileCell(loadTypeScript(), warmUpCell, { script: 0, ...new CellNames().compileOptions });
}
