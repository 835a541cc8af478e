import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, inFolder, outputsOf, readValid, root, writeNotebook } from './commandLine.js';
import { describeWhere } from './describeWhere.js';
import { TestKernel } from './kernelClient.js';
import { trainingCell } from './training.js';

/** Every write to it ends with ENOSPC. */
const fullDevice = '/dev/full';

/** `unroll run`, after a line of shell; `$$` there is its process id. */
async function unrollAfter(prelude: string, args: string[], env: object = {}): Promise<Ended> {
  const script = `${prelude}\nexec "$@"`;
  const command = [process.execPath, join(root, 'dist/cli.js'), ...args];
  const child = spawn('sh', ['-c', script, 'sh', ...command], { env: { ...process.env, ...env } });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...texts };
}

const hasFullDevice = process.platform === 'linux';
const whyNoFullDevice = 'only Linux has a device that is always full';

describeWhere(hasFullDevice, whyNoFullDevice, 'a full disk', () => {
  it('leaves the earlier output of unroll run whole, and puts the new one elsewhere', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [`'a result of hours'`]);
      const input = await readFile(file, 'utf8');
      const [output, html, temporary] = ['out.ipynb', 'out.html', 'tmp'].map((name) =>
        join(folder, name),
      );
      await writeFile(output!, 'the earlier output');
      await mkdir(temporary!);
      const { code, stderr } = await unrollAfter(
        `ln -s ${fullDevice} '${output!}'.$$.tmp`,
        ['run', file, '-o', output!, '--html', html!],
        { TMPDIR: temporary },
      );
      assert.equal(code, 2);
      assert.match(
        stderr,
        /unroll: '.*out\.ipynb' could not be written \(ENOSPC.*unchanged; it is in /s,
      );
      assert.equal(await readFile(output!, 'utf8'), 'the earlier output');
      assert.equal(await readFile(file, 'utf8'), input);
      const rescued = await readValid(/it is in (.*) instead/.exec(stderr)![1]!);
      assert.match(JSON.stringify(outputsOf(rescued)), /a result of hours/);
      // The page could be written, and nothing is left of what could not.
      assert.match(await readFile(html!, 'utf8'), /a result of hours/);
      assert.deepEqual((await readdir(folder)).sort(), [
        'notebook.ipynb',
        'out.html',
        'out.ipynb',
        'tmp',
      ]);
    }));

  it('leaves the earlier page whole, and the notebook is written', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [`'a result'`]);
      const [output, html] = ['out.ipynb', 'out.html'].map((name) => join(folder, name));
      await writeFile(html!, 'the earlier page');
      const { code, stderr } = await unrollAfter(
        `ln -s ${fullDevice} '${html!}'.$$.tmp`,
        ['run', file, '-o', output!, '--html', html!],
        { TMPDIR: folder },
      );
      assert.equal(code, 2);
      assert.match(stderr, /out\.html' could not be written \(ENOSPC/);
      assert.equal(await readFile(html!, 'utf8'), 'the earlier page');
      assert.match(JSON.stringify(outputsOf(await readValid(output!))), /a result/);
    }));

  it('that takes only a part of a file keeps the earlier one, and says that the new one is lost', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [`'x'.repeat(50_000)`]);
      const output = join(folder, 'out.ipynb');
      await writeFile(output, 'the earlier output');
      // In blocks of 512 bytes.
      const { code, stderr } = await unrollAfter('ulimit -f 16', ['run', file, '-o', output]);
      assert.equal(code, 2);
      assert.match(stderr, /out\.ipynb' could not be written \(EFBIG.*unchanged; it is lost/s);
      assert.equal(await readFile(output, 'utf8'), 'the earlier output');
      assert.deepEqual((await readdir(folder)).sort(), ['notebook.ipynb', 'out.ipynb']);
    }));

  describe('under a kernel', () => {
    let kernel: TestKernel | undefined;
    afterEach(() => kernel?.dispose());

    it('ends the file of a flood, which says so, and the kernel lives', () =>
      inFolder(async (folder) => {
        await symlink(fullDevice, join(folder, 'output-1.txt'));
        kernel = new TestKernel({ cwd: folder, env: { UNROLL_OUTPUT_FOLDER: folder } });
        const code =
          'let kept = 1; for (let i = 0; i < 50_000; i++) console.log("line", i); kept + 1';
        const { reply, result, events } = await kernel.run(code);
        assert.equal(reply.status, 'ok');
        assert.equal(result, '2');
        const notes = events.flatMap((one) =>
          one.type === 'display' ? [one.data['text/plain'] as string] : [],
        );
        assert.match(notes.at(-1)!, /not all of it kept: ENOSPC/);
        assert.match(notes.at(-1)!, /line 49999/);
        assert.equal(await kernel.value('kept + 2'), '3');
      }));

    it('keeps the checkpoint before, names the one that was not written, and the model lives', () =>
      inFolder(async (folder) => {
        await writeFile(join(folder, 'run.ckpt'), 'the one before');
        await symlink(fullDevice, join(folder, 'run.ckpt.partial'));
        kernel = new TestKernel({ cwd: folder });
        await kernel.value(trainingCell);
        const { error } = await kernel.run(
          `await fit({ ...training(50), chart: false, checkpoint: { file: 'run.ckpt', every: 10 } })`,
        );
        assert.equal(error?.name, 'CheckpointFileError', error?.stack);
        assert.match(
          error.message,
          /'run\.ckpt' could not be written \(ENOSPC.*holds what it held before/,
        );
        assert.equal(await readFile(join(folder, 'run.ckpt'), 'utf8'), 'the one before');
        assert.deepEqual(await readdir(folder), ['run.ckpt']);
        // There is room again.
        const again = `await fit({ ...training(50), chart: false, checkpoint: { file: 'run.ckpt', every: 10 } }); 'trained'`;
        assert.equal(await kernel.value(again), "'trained'");
        assert.ok((await readFile(join(folder, 'run.ckpt'))).length > 100);
      }));
  });
});
