import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestKernel } from './kernelClient.js';

const files: Record<string, string> = {
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

describe('files of the workspace', () => {
  let folder: string;
  let kernel: TestKernel;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'unroll-modules-')));
    for (const [path, text] of Object.entries(files)) write(path, text);
    symlinkSync(join(folder, 'packages/shared'), join(folder, 'node_modules/shared'), 'junction');
    kernel = new TestKernel({ cwd: join(folder, 'notebooks') });
  });
  afterEach(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  });

  const forms: [string, string, string][] = [
    [
      'TypeScript, with types, enums, classes and what it imports itself',
      'import Model, { forward, Gate, type Shape } from "../src/model"; [forward(2), new Model(3).value, Gate.Forget]',
      "[ 4, 3, 'f' ]",
    ],
    ['a file beside the notebook', 'import { beside } from "./beside"; beside', "'beside'"],
    [
      'a path with the extension of its source',
      'import { scale } from "../src/maths.ts"; scale(1)',
      '2',
    ],
    [
      'a path with the extension of what is compiled',
      'import { scale } from "../src/maths.js"; scale(1)',
      '2',
    ],
    [
      'a folder’s index, which exports from others',
      'import * as all from "../src"; [all.scale(4), all.Gates.Input]',
      '[ 8, 0 ]',
    ],
    [
      'paths of a tsconfig.json that another extends',
      'import { scale } from "@/maths"; import { settings } from "settings"; [scale(1), settings.rate]',
      '[ 2, 0.1 ]',
    ],
    ['its base folder', 'import { settings } from "src/settings"; settings.rate', '0.1'],
    [
      'JSON, by name and as a whole',
      'import data, { rows } from "@/data.json"; [data.name, rows]',
      "[ 'data', [ 1, 2 ] ]",
    ],
    ['.tsx', 'import { view } from "../src/view"; view', "'bx'"],
    ['.mts', 'import { kind } from "../src/strict.mjs"; kind', "'mts'"],
    [
      '.cts and `export =`',
      'import old, { sep, twice } from "../src/old.cts"; [old.twice, sep, twice]',
      "[ 4, '/', 4 ]",
    ],
    [
      'CommonJS that is not strict',
      'import legacy from "../src/legacy.js"; [legacy.legacyGlobal, (await legacy.load()).settings.rate]',
      '[ 8, 0.1 ]',
    ],
    ['JavaScript modules', 'import { modern } from "../src/modern"; modern', '10'],
    [
      'by require, modules too',
      '[require("../src/old.cts").twice, require("../src/model").forward(1), require("@/data.json").name]',
      "[ 4, 2, 'data' ]",
    ],
    ['by import()', '(await import("../src/maths")).scale(3)', '6'],
    [
      'in a circle',
      'import { fromPong } from "../src/ping"; import { fromPing } from "../src/pong"; [fromPong(), fromPing()]',
      "[ 'pongh', 'ping' ]",
    ],
    [
      'with live bindings',
      'import { countUp, readCount } from "../src/model"; const m = await import("../src/model"); countUp(); [readCount(), m.count]',
      '[ 1, 1 ]',
    ],
    [
      'variables that have no value yet',
      'import { unset, listed, set } from "../src/unset"; import * as later from "../src/unset"; set(); [unset, listed, later.unset]',
      '[ undefined, undefined, 5 ]',
    ],
    [
      'decorators and using',
      'import { D, log } from "../src/decorated"; [new D().x, log]',
      "[ 2, [ 'open', 'closed' ] ]",
    ],
    ['a type imported without `type`', 'import { s } from "../src/typing"; s', '{ size: 1 }'],
    ['a linked package of the workspace', 'import { shared } from "shared"; shared', "'v1'"],
    [
      'an installed package as it is compiled, whatever lies beside it',
      'import { from } from "plain"; from',
      "'js'",
    ],
  ];
  it('can be imported in every form', async () => {
    for (const [what, code, value] of forms) {
      assert.equal(await kernel.value(code), value, what);
    }
  });

  it('know where they are, and are loaded once', async () => {
    const shown = await kernel.value(
      'import { url, dirname, filename } from "../src/model"; [url, dirname, filename].join(" ")',
    );
    const path = join(folder, 'src', 'model.ts');
    assert.equal(shown, `'${[`file://${path}`, dirname(path), path].join(' ')}'`);
    await kernel.value('import { countUp } from "../src/model"; countUp()');
    assert.equal(await kernel.value('import { countUp } from "@/model.js"; countUp()'), '2');
  });

  /** A cell that fails, the error, and the frames' file (or `cell`) and line. */
  const failures: [string, string, RegExp, [string, number][]][] = [
    [
      '\nimport { forward } from "../src/model";\nforward(-1)',
      'RangeError',
      /x is -1/,
      [
        ['src/model.ts', 8],
        ['cell', 3],
      ],
    ],
    [
      'import { later } from "../src/model";\n\nawait later()',
      'TypeError',
      /later/,
      [
        ['src/model.ts', 14],
        ['cell', 3],
      ],
    ],
    [
      '\nimport "../src/broken"',
      'SyntaxError',
      /Type expected/,
      [
        ['src/broken.ts', 2],
        ['cell', 2],
      ],
    ],
    [
      '\n\nawait import("../src/lonely")',
      'ModuleNotFoundError',
      /'not-installed'.*npm install not-installed/s,
      [
        ['src/lonely.ts', 2],
        ['cell', 3],
      ],
    ],
    [
      'import "../src/typo"',
      'MissingExportError',
      /'\.\/maths' exports no 'scael'\. Did you mean 'scale'\?/,
      [
        ['src/typo.ts', 3],
        ['cell', 1],
      ],
    ],
    [
      '\nimport { forwards } from "../src/model"; forwards',
      'MissingExportError',
      /Did you mean 'forward'/,
      [['cell', 2]],
    ],
    [
      '\nimport "../src/nowhere"',
      'ModuleNotFoundError',
      /no file '\.\.\/src\/nowhere', looked for from .*notebooks/,
      [['cell', 2]],
    ],
    [
      '\nimport "../src/plain"',
      'TypeError',
      /at the top/,
      [
        ['src/plain.ts', 1],
        ['cell', 2],
      ],
    ],
    [
      'require("../src/settings")',
      'AsyncModuleError',
      /await.*at its top.*Use import/,
      [['cell', 1]],
    ],
  ];
  it('that fail point at their own line, then at the cell’s', async () => {
    for (const [code, name, message, where] of failures) {
      const { error } = await kernel.run(code);
      assert.equal(error?.name, name, `${code}\n${error?.stack}`);
      assert.match(error.message, message);
      const frames = error.frames.map((frame) => [
        frame.cell ? 'cell' : frame.file?.replace(folder, '').slice(1),
        frame.line,
      ]);
      assert.deepEqual(frames, where, error.stack);
    }
    const { error } = await kernel.run('import { forward } from "../src/model"; forward(-1)');
    assert.match(error?.stack ?? '', /> 8 \| {5}throw new RangeError\(`x is \$\{x\}`\);\n +\| +\^/);
    const printed = await kernel.run('try { forward(-1) } catch (e) { console.log(e.stack) }');
    assert.match(printed.stdout, /at forward \(.*src\/model\.ts:8:11\)\n {4}at Cell \[\d+\]:1:7/);
  });

  it('are loaded again when they or what they import changed, and the user is told which', async () => {
    await kernel.value(
      'import Model, { forward } from "../src/model"; import * as all from "@/index"',
    );
    await kernel.value('const bound = forward; import { rows } from "@/data.json"');
    assert.equal((await kernel.run('forward(1)')).stderr, '');
    write('src/maths.ts', 'export const scale = (x: number): number => 30 * x;');
    const { order } = await kernel.run('[forward(1), all.scale(1), bound(1)]');
    assert.match(
      order[0] ?? '',
      /^stderr Loaded again, because it changed: \.\.\/src\/maths\.ts, and with it /,
    );
    assert.match(order[0] ?? '', /\.\.\/src\/model\.ts/);
    assert.equal(order[1], 'result [ 30, 30, 2 ]');
    assert.equal((await kernel.run('forward(1)')).stderr, '');
    write('src/data.json', '{ "rows": [7, 8, 9] }');
    const data = await kernel.run('rows');
    assert.deepEqual(
      [data.result, data.stderr],
      ['[ 7, 8, 9 ]', 'Loaded again, because it changed: ../src/data.json\n'],
    );
    // Written, but not changed.
    write('src/data.json', '{ "rows": [7, 8, 9] }');
    assert.equal((await kernel.run('rows')).stderr, '');
  });

  it('that no longer export a name leave it as it was, and say so', async () => {
    await kernel.value(
      'import { scale, scale as kept } from "../src/maths"; import * as all from "../src/maths"',
    );
    write('src/maths.ts', 'export const scaled = 1;');
    const { result, stderr } = await kernel.run('[scale(1), kept(2), Object.keys(all)]');
    assert.equal(result, "[ 2, 4, [ 'scaled' ] ]");
    assert.match(
      stderr,
      /src\/maths\.ts exports no 'scale' any more, so kept stays what it was\.\n/,
    );
  });

  it('that changed are read anew by require, import() and linked packages', async () => {
    await kernel.value(
      'require("../src/old.cts"); await import("../src/strict.mts"); import { shared } from "shared"',
    );
    write('src/maths.ts', 'export const scale = (x: number) => x * 1000;');
    write('src/strict.mts', 'export const kind = "mts2";');
    write('packages/shared/src/main.ts', 'export const shared: string = "v2";');
    const { result, stderr } = await kernel.run(
      '[require("../src/old.cts").twice, (await import("../src/strict.mts")).kind, shared]',
    );
    assert.equal(result, "[ 2000, 'mts2', 'v2' ]");
    for (const path of ['maths.ts', 'strict.mts', 'shared/src/main.ts'])
      assert.ok(stderr.includes(path), stderr);
  });

  it('follow a tsconfig.json that changed', async () => {
    await kernel.value('import { scale } from "@/maths"; scale(1)');
    write('other/maths.ts', 'export const scale = () => "other";');
    write('tsconfig.base.json', '{ "compilerOptions": { "paths": { "@/*": ["./other/*"] } } }');
    assert.equal(await kernel.value('import { scale } from "@/maths"; scale()'), "'other'");
    write('tsconfig.json', '{ "compilerOptions": ');
    const { error } = await kernel.run('\nimport { scale } from "@/maths"');
    assert.equal(error?.name, 'TsConfigError', error?.stack);
    assert.match(error.message, /tsconfig\.json: .+ expected/);
    assert.equal(error.frames[0]?.line, 2);
    assert.equal(await kernel.value('import plain from "plain"; plain.from'), "'js'");
    write('tsconfig.json', '{ "extends": ["not-installed", "./tsconfig.base.json"] }');
    assert.equal(await kernel.value('import { scale } from "@/maths"; scale()'), "'other'");
  });

  it('that changed into something broken stay what they were, until they are imported or mended', async () => {
    await kernel.value('import { forward } from "../src/model"');
    write('src/maths.ts', 'export const scale = (');
    const first = await kernel.run('forward(1)');
    assert.equal(first.result, '2');
    assert.match(
      first.stderr,
      /^Not loaded again, so it stays what it was: \.\.\/src\/model\.ts\nSyntaxError: .*maths\.ts:1:23/s,
    );
    assert.equal((await kernel.run('forward(1)')).stderr, '');
    const imported = await kernel.run('import { forward } from "../src/model"');
    assert.equal(imported.error?.name, 'SyntaxError');
    assert.equal(imported.stderr, '');
    write('src/maths.ts', 'export const scale = () => "mended"');
    const mended = await kernel.run('forward(1)');
    assert.equal(mended.result, "'mended'");
    assert.match(mended.stderr, /^Loaded again.*maths\.ts/);
  });

  it('keep the lines of an earlier version for functions of it that still run', async () => {
    await kernel.value('import { forward } from "../src/model"; const early = forward');
    write('src/model.ts', `\n\n\n${files['src/model.ts']!}`);
    const line = async (code: string) => (await kernel.run(code)).error?.frames[0]?.line;
    assert.deepEqual([await line('forward(-1)'), await line('early(-1)')], [11, 8]);
  });

  it('that are stopped in the middle end with the cell, and are begun anew', async () => {
    await kernel.value(
      'import { endless } from "../src/endless"; const loop = await import("../src/endless")',
    );
    const stopped = await kernel.runAndInterrupt('console.log("started"); await endless()');
    assert.equal(stopped.error?.name, 'Interrupted');
    await kernel.value('let seen = loop.steps; await new Promise((r) => setTimeout(r, 40))');
    assert.equal(await kernel.value('loop.steps - seen < 3'), 'true');
    const stuck = await kernel.runAndInterrupt('import { free } from "../src/stuck"; free');
    assert.equal(stuck.error?.name, 'Interrupted');
    assert.equal(await kernel.value('import { free } from "../src/stuck"; free'), 'true');
  });
});

describe('a package that is not installed', () => {
  let folder: string;
  let kernel: TestKernel;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'unroll-missing-'));
    mkdirSync(join(folder, 'nb'));
    kernel = new TestKernel({ cwd: join(folder, 'nb') });
  });
  after(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  });

  const managers: [string, string][] = [
    ['none', 'npm install @not/there'],
    ['package-lock.json', 'npm install @not/there'],
    ['pnpm-lock.yaml', 'pnpm add @not/there'],
    ['yarn.lock', 'yarn add @not/there'],
    ['bun.lock', 'bun add @not/there'],
  ];
  for (const [lockFile, command] of managers) {
    it(`with ${lockFile} above the notebook is an error with \`${command}\``, async () => {
      writeFileSync(join(folder, lockFile), '');
      const { error } = await kernel.run('import x from "@not/there/deep"');
      rmSync(join(folder, lockFile));
      assert.ok(error?.message.endsWith(`To install it: ${command}`), error?.message);
    });
  }

  it('but is listed in package.json says so', async () => {
    writeFileSync(join(folder, 'package.json'), '{ "devDependencies": { "listed": "1.0.0" } }');
    const { error } = await kernel.run('import x from "listed"');
    assert.match(error?.message ?? '', /package\.json lists it, .*: npm install$/);
  });
});
