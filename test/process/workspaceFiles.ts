/** A workspace with files of every kind, and a kernel of a notebook in it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestKernel } from './kernelClient.js';

export const files: Record<string, string> = {
  'tsconfig.base.json':
    '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], "settings": ["./src/settings"] } } }',
  'tsconfig.json': '{ /* with a comment */ "extends": "./tsconfig.base.json", }',
  'src/model.ts': `import { scale } from './maths.js';
import type { Options } from './types';
export interface Shape { size: number }
export enum Gate { Input, Forget = 'f' }
/** Comments and types move lines. */
export function forward(this: void, x: number, options?: Options): number {
  if (x < 0)
    throw new RangeError(\`x is \${x}\`);
  return scale(x);
}
export async function later(): Promise<never> {
  await null;
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new TypeError('later');
}
export default class Model<T> { constructor(readonly value: T) {} }
export const { url, dirname, filename } = import.meta;
export let count = 0;
export const countUp = () => ++count;
export const readCount = () => count;`,
  'src/maths.ts': 'export const scale = (x: number): number => 2 * x;',
  'src/settings.ts':
    'export const settings = await Promise.resolve({ rate: 0.1 } satisfies { rate: number });',
  'src/data.json': '{ "rows": [1, 2], "name": "data" }',
  'src/index.ts': "export * from './maths'; export { Gate as Gates } from './model';",
  'src/view.tsx':
    '/** @jsxRuntime classic */ /** @jsx h */ function h(tag: string, _: null, text: string) { return tag + text } export const view = <b>x</b>;',
  'src/strict.mts': 'export const kind = "mts";',
  'src/old.cts':
    "import path = require('node:path'); const { scale } = require('./maths'); export = { sep: path.sep, twice: scale(2) };",
  'src/legacy.js':
    'legacyGlobal = 8; module.exports = { legacyGlobal, file: __filename, load: () => import("./settings.ts") };',
  'src/modern.js':
    'import { scale } from "./maths"; export const modern = scale(await 5); // no types',
  'src/ping.ts':
    'import { pong } from "./pong"; export const name = "ping"; export function hoisted() { return "h" } export const fromPong = () => pong;',
  'src/pong.ts':
    'import { hoisted, name } from "./ping"; export const pong = "pong" + hoisted(); export const fromPing = () => name;',
  'src/decorated.ts':
    'function plus(_: undefined, __: ClassFieldDecoratorContext) { return (v: number) => v + 1 } export class D { @plus x = 1 } const log: string[] = []; { using r = { [Symbol.dispose]() { log.push("closed") } }; log.push("open") } export { log };',
  'src/broken.ts': 'export const a = 1;\n  export const b: = 2;',
  'src/lonely.ts': '\nimport none from "not-installed";\nexport const x = none;',
  'src/typo.ts': '\n\nimport { scael } from "./maths";\nexport const x = scael(1);',
  'src/typing.ts': 'import { Shape } from "./model"; export const s: Shape = { size: 1 };',
  'src/plain.ts': 'await 1; throw new TypeError("at the top")',
  'src/unset.ts':
    'export let unset: number | undefined; let other; export { other as listed }; export function set(): void { unset = 5 }',
  'src/endless.ts':
    'export let steps = 0; export async function endless() { for (;;) { steps++; await new Promise((r) => setTimeout(r, 1)) } }',
  'src/stuck.ts':
    'globalThis.stuckRuns = (globalThis.stuckRuns ?? 0) + 1; console.log("started"); if (globalThis.stuckRuns === 1) await new Promise(() => {}); export const free = true;',
  'packages/shared/package.json':
    '{ "name": "shared", "type": "module", "exports": "./src/main.ts" }',
  'packages/shared/src/main.ts': 'export const shared: string = "v1";',
  'node_modules/plain/package.json': '{ "name": "plain", "main": "x.js" }',
  'node_modules/plain/x.js': 'module.exports = { from: "js" };',
  'node_modules/plain/x.ts': 'export const from = "ts";',
  'notebooks/beside.ts': 'export const beside: string = "beside";',
};

export interface Workspace {
  folder: string;
  /** Its notebook is in `notebooks`. */
  kernel: TestKernel;
  write: (path: string, text: string) => void;
  close: () => Promise<void>;
}

export function openWorkspace(): Workspace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'unroll-modules-')));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  symlinkSync(join(folder, 'packages/shared'), join(folder, 'node_modules/shared'), 'junction');
  const kernel = new TestKernel({ cwd: join(folder, 'notebooks') });
  const close = async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  };
  return { folder, kernel, write, close };
}
