import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SpareKernel, startKernel } from '../../../kernel/client/kernelClient.js';
import { nodeBinary } from '../contestants.js';
import { projectFolder } from '../folders.js';
import { packageVersion } from '../packageVersion.js';
import type { BenchKernel, KernelMaker } from './benchKernel.js';

const kernelPath = fileURLToPath(new URL('dist/kernel.js', projectFolder));

/** @param spare where a kernel may take a process that waits */
export function createUnrollMaker(spare?: SpareKernel): KernelMaker {
  return { label: 'Unroll', version: packageVersion('unroll'), start: () => start(spare) };
}

async function start(spare?: SpareKernel): Promise<BenchKernel> {
  const cwd = await mkdtemp(path.join(os.tmpdir(), 'unroll-bench-'));
  const env = { UNROLL_OUTPUT_FOLDER: path.join(os.tmpdir(), 'unroll-bench-output') };
  const kernel = startKernel({ kernelPath, cwd, env, execPath: nodeBinary() }, spare);
  let cells = 0;
  return {
    get pid() {
      return kernel.pid ?? 0;
    },
    async execute(code) {
      const shown = { text: '', messages: 0, characters: 0 };
      const request = { id: String(++cells), cell: { id: 'bench', index: 0 }, code };
      const reply = await kernel.execute(request, (event) => {
        shown.messages++;
        shown.characters += JSON.stringify(event).length;
        if (event.type === 'stream') shown.text = event.text;
        if (event.type !== 'display') return;
        const text = event.data['text/plain'];
        if (typeof text === 'string') shown.text = text;
      });
      if (reply.status !== 'ok') throw new Error(`Unroll: the cell failed: ${code}`);
      return shown;
    },
    async close() {
      await kernel.shutdown();
      await rm(cwd, { recursive: true, force: true });
      await rm(env.UNROLL_OUTPUT_FOLDER, { recursive: true, force: true });
    },
  };
}
