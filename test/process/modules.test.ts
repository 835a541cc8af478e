import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { openWorkspace, type Workspace } from './workspaceFiles.js';

describe('files of the workspace', () => {
  let workspace: Workspace;
  let folder: Workspace['folder'];
  let kernel: Workspace['kernel'];
  beforeEach(() => {
    workspace = openWorkspace();
    ({ folder, kernel } = workspace);
  });
  afterEach(() => workspace.close());

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
