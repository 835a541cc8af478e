import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestKernel } from './kernelClient.js';

const files: Record<string, string> = {
  'node_modules/esm-only/package.json':
    '{"name":"esm-only","type":"module","exports":{".":{"import":"./main.js"},"./deep":"./deep.js"}}',
  'node_modules/esm-only/main.js':
    'export default "esm"; export const named = 1; export class Thing {}',
  'node_modules/esm-only/deep.js': 'export const depth = 2; throw new RangeError("deep fails")',
  'node_modules/old-cjs/package.json': '{"name":"old-cjs","main":"lib/index.js"}',
  'node_modules/old-cjs/lib/index.js':
    'exports.answer = 42; exports.fail = () => { throw new Error("inside") }',
  'node_modules/dual/package.json':
    '{"name":"dual","exports":{"import":"./m.mjs","require":"./c.cjs"}}',
  'node_modules/dual/m.mjs': 'export const kind = "import"',
  'node_modules/dual/c.cjs': 'exports.kind = "require"',
  'node_modules/@scope/pack/package.json':
    '{"name":"@scope/pack","exports":"./x.js","type":"module"}',
  'node_modules/@scope/pack/x.js': 'export const scoped = true',
  'node_modules/broken/package.json': '{"name":"broken","type":"module","exports":"./x.js"}',
  'node_modules/broken/x.js': 'import "its-own-missing-dependency"',
  'notebooks/beside.js': 'export const beside = "beside"',
  'notebooks/beside.mjs':
    'globalThis.loadedTimes = (globalThis.loadedTimes ?? 0) + 1; export const m = 1',
  'notebooks/data.json': '{"rows":[1,2],"name":"data"}',
  'notebooks/package.json': '{"type":"module"}',
};

describe('imports of a cell', () => {
  let folder: string;
  let kernel: TestKernel;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'unroll-imports-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    kernel = new TestKernel({ cwd: join(folder, 'notebooks') });
  });
  after(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  });

  const forms: [string, string, string][] = [
    ['the library', 'import { tensor } from "unroll"; typeof tensor', "'function'"],
    [
      'a built-in',
      'import fs, { readFileSync } from "node:fs"; fs.readFileSync === readFileSync',
      'true',
    ],
    ['a built-in without its prefix', 'import * as path from "path"; path.join("a", "b")', "'a/b'"],
    [
      'default and names of a package',
      'import main, { named as n } from "esm-only"; [main, n]',
      "[ 'esm', 1 ]",
    ],
    [
      'default and namespace',
      'import d, * as all from "esm-only"; [d, Object.keys(all)]',
      "[ 'esm', [ 'Thing', 'default', 'named' ] ]",
    ],
    [
      'a CommonJS package',
      'import old, { answer } from "old-cjs"; [answer, old.answer]',
      '[ 42, 42 ]',
    ],
    ['a dual package as a module', 'import { kind } from "dual"; kind', "'import'"],
    [
      'a dual package by require',
      'import c = require("dual"); [c.kind, require("dual").kind]',
      "[ 'require', 'require' ]",
    ],
    ['a scoped package', 'import { scoped } from "@scope/pack"; scoped', 'true'],
    ['a file beside the notebook', 'import { beside } from "./beside.js"; beside', "'beside'"],
    [
      'a module for its effect, once',
      'import "./beside.mjs"; import { m } from "./beside.mjs"; loadedTimes',
      '1',
    ],
    [
      'JSON',
      'import data, { rows } from "./data.json" with { type: "json" }; [data.name, rows]',
      "[ 'data', [ 1, 2 ] ]",
    ],
    ['dynamically', '(await import("esm-only")).default', "'esm'"],
    [
      'dynamically, with attributes',
      '(await import("./data.json", { with: { type: "json" } })).default.name',
      "'data'",
    ],
    ['re-exported', 'export { named } from "esm-only"; export * from "dual"; 1', '1'],
    [
      'types only',
      'import type { A } from "nowhere"; import { type B } from "nowhere"; import { type C, named } from "esm-only"; named',
      '1',
    ],
  ];
  for (const [what, code, value] of forms) {
    it(`bring ${what}`, async () => {
      assert.equal(await kernel.value(code), value);
    });
  }

  it('are seen by later cells, used in this one or not', async () => {
    await kernel.value('import { named as later, Thing } from "esm-only"');
    assert.equal(await kernel.value('[later, new Thing()]'), '[ 1, Thing {} ]');
  });

  it('know where the notebook is', async () => {
    const { href } = new URL(`file://${join(folder, 'notebooks')}/beside.js`);
    const code =
      'import path from "node:path"; [import.meta.url, __dirname === import.meta.dirname, path.basename(import.meta.dirname), import.meta.resolve("./beside.js")]';
    const shown = await kernel.value(code);
    assert.match(shown ?? '', /'file:.*\/notebooks\/[^/]+',\s+true,\s+'notebooks'/);
    assert.ok(shown?.includes(href));
  });

  it('of a type without `type` do no harm; the name as a value is an error', async () => {
    await kernel.value('import { Shape, named } from "esm-only"; const s: Shape = named');
    const { error } = await kernel.run('\nimport { nmaed } from "esm-only";\nnmaed + 1');
    assert.equal(error?.name, 'MissingExportError');
    assert.match(error.message, /'esm-only' exports no 'nmaed'\. Did you mean 'named'\?/);
    assert.equal(error.frames[0]?.line, 2);
  });

  it('that lead nowhere say what was looked for, from where, and how to install it', async () => {
    for (const code of [
      'import x from "not-there/deep"',
      'await import("not-there/deep")',
      'require("not-there/deep")',
    ]) {
      const { error, reply } = await kernel.run(`const before = 1;\n${code}`);
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, 'ModuleNotFoundError', code);
      assert.ok(
        error.message.includes(`'not-there'`) && error.message.includes(folder),
        error.message,
      );
      assert.match(error.message, /npm install not-there$/);
      assert.equal(error.frames[0]?.line, 2, error.stack);
      assert.ok(error.frames[0].cell);
    }
    const { error } = await kernel.run('import "./nowhere.js"');
    assert.match(error?.message ?? '', /no file '\.\/nowhere\.js'/);
    const scoped = await kernel.run('import "@not/there/x"');
    assert.match(scoped.error?.message ?? '', /npm install @not\/there$/);
  });

  it('find the data that comes along, wherever the notebook is', async () => {
    const code = `import { readFileSync } from 'node:fs';
      readFileSync(require.resolve('unroll/data/co2-concentration.csv'), 'utf8').slice(0, 8)`;
    assert.equal(await kernel.value(code), "'Date,CO2'");
    assert.equal(
      await kernel.value(
        "import.meta.resolve('unroll/data/SOURCES.md').endsWith('/data/SOURCES.md')",
      ),
      'true',
    );
    // English is written by the build, the other languages are copied.
    const messages = `const say = (name) => JSON.parse(
        readFileSync(require.resolve('unroll/data/typescript/messages/' + name + '.json'), 'utf8'));
      const german = say('de'), english = say('en');
      english['_0_expected_1005'] === "'{0}' expected." &&
        german['_0_expected_1005'] === '"{0}" wurde erwartet.' &&
        Object.keys(german).filter((key) => english[key]).length > 2000`;
    assert.equal(await kernel.value(messages), 'true');
    for (const name of ['none.csv', '../unroll.js']) {
      const { error } = await kernel.run(`require.resolve('unroll/data/${name}')`);
      assert.equal(error?.name, 'DataNotFoundError');
      assert.match(error.message, /What comes along is: .*seattle-weather\.csv/);
    }
  });

  it('that fail inside the module say so, with its frames and the cell’s line', async () => {
    const { error } = await kernel.run('\n\nimport { depth } from "esm-only/deep"; depth');
    assert.equal(error?.message, 'deep fails');
    assert.match(error.frames[0]?.file ?? '', /deep\.js$/);
    assert.equal(error.frames.find((frame) => frame.cell)?.line, 3);
    const broken = await kernel.run('import "broken"');
    assert.match(broken.error?.message ?? '', /its-own-missing-dependency/);
    assert.doesNotMatch(broken.error?.message ?? '', /npm install broken/);
  });

  it('of functions that throw show the cell’s line below the package’s', async () => {
    const { error } = await kernel.run('import { fail } from "old-cjs";\nfail()');
    assert.match(error?.frames[0]?.file ?? '', /old-cjs.*index\.js$/);
    const inCell = error?.frames.find((frame) => frame.cell);
    assert.deepEqual([inCell?.line, inCell?.column], [2, 1]);
  });
});
