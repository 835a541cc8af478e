import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inFolder, root } from './commandLine.js';

const run = promisify(execFile);

const program = `
import { Adam, crossEntropy, fit, GRU, Linear, manualSeed, Module, randint, type GRUState, type Tensor } from 'unroll';

manualSeed(1);
class Model extends Module {
  gru = new GRU({ inputSize: 2, hiddenSize: 8 });
  head = new Linear({ inFeatures: 8, outFeatures: 3 });
  forward(input: Tensor, state?: GRUState) {
    const result = this.gru.forward(input, state);
    return { output: this.head.forward(result.output), state: result.state };
  }
}
const model = new Model();
const batch = { input: randint(0, 2, [5, 4, 2], { dtype: 'float32' }), target: randint(0, 3, [5, 4]) };
const history = await fit({
  model,
  data: [batch],
  loss: crossEntropy,
  optimizer: new Adam(model.parameters(), { lr: 0.05 }),
  steps: 60,
});
console.log(history.loss.at(-1)! < history.loss[0]!);
`;

describe('the library outside a notebook', () => {
  it('is an ES module with types: a strict program compiles against it and trains', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'node_modules'));
      await symlink(root, join(folder, 'node_modules', 'unroll'), 'junction');
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(join(folder, 'program.ts'), program);
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const options = ['--strict', '--module', 'nodenext', '--target', 'es2022'];
      const { stdout: complaints } = await run(
        process.execPath,
        [tsc, ...options, '--lib', 'es2022,dom', 'program.ts'],
        { cwd: folder },
      ).catch((error: unknown) => error as { stdout: string });
      assert.equal(complaints, '');
      const { stdout } = await run(process.execPath, ['program.js'], { cwd: folder });
      assert.equal(stdout, 'true\n');
    }));

  it('imports nothing: its bundle runs in a browser too', async () => {
    const text = await readFile(join(root, 'dist/unroll.js'), 'utf8');
    assert.ok(text.length > 10_000);
    assert.doesNotMatch(text, /\bimport\s*[{*"'(]|(?<![#.])\brequire\(/);
  });

  it('refuses options at compile time', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'node_modules'));
      await symlink(root, join(folder, 'node_modules', 'unroll'), 'junction');
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(
        join(folder, 'wrong.ts'),
        `import { LSTM } from 'unroll';\nnew LSTM({ inputSize: 3, hiddenSise: 4 });\n`,
      );
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout } = await run(
        process.execPath,
        [tsc, '--strict', '--noEmit', '--module', 'nodenext', 'wrong.ts'],
        { cwd: folder },
      ).catch((error: unknown) => error as { stdout: string });
      assert.match(stdout, /wrong\.ts\(2,\d+\): error .*hiddenSise/);
    }));
});
