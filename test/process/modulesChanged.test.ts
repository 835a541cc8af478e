import assert from 'node:assert/strict';
import { files, openWorkspace, type Workspace } from './workspaceFiles.js';

describe('files of the workspace that change', () => {
  let workspace: Workspace;
  let kernel: Workspace['kernel'];
  let write: Workspace['write'];
  beforeEach(() => {
    workspace = openWorkspace();
    ({ kernel, write } = workspace);
  });
  afterEach(() => workspace.close());

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
});
