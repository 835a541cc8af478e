/**
 * Lines per second from `console.log` in a cell until the front end has all that it shows of them, beside a
 * plain `node` (with its start) that prints to a pipe. Also how many messages and characters travel: neither grows with the flood.
 *
 *   npm run build && npx tsc -b && node test/bench/outputThroughput.mjs [lines …]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { startKernel } from '../../out/kernel/client/kernelClient.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const given = process.argv.slice(2).map(Number);
const amounts = given.length > 0 ? given : [5_000, 100_000, 1_000_000];
const repetitions = 3;
const program = (lines) => `for (let i = 0; i < ${lines}; i++) console.log('line', i);`;

const folder = mkdtempSync(path.join(os.tmpdir(), 'unroll-bench-'));
const kernel = startKernel({
  kernelPath: path.join(root, 'dist/kernel.js'),
  cwd: folder,
  env: { UNROLL_OUTPUT_FOLDER: folder },
});

async function inKernel(lines) {
  let messages = 0;
  let characters = 0;
  let last = '';
  const began = performance.now();
  const reply = await kernel.execute(
    { id: `${lines}-${began}`, cell: { id: 'bench', index: 0 }, code: program(lines) },
    (event) => {
      messages++;
      characters += JSON.stringify(event).length;
      if (event.type === 'stream') last = event.text;
      if (event.type === 'display') last = event.data['text/plain'];
    },
  );
  const ms = performance.now() - began;
  if (reply.status !== 'ok' || !last.trimEnd().endsWith(`line ${lines - 1}`))
    throw new Error(`outputThroughput: the last of ${lines} lines did not arrive`);
  return { ms, messages, characters };
}

async function inNode(lines) {
  const began = performance.now();
  const child = spawn(process.execPath, ['-e', program(lines)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.resume();
  await new Promise((resolve) => child.on('close', resolve));
  return { ms: performance.now() - began };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(run, lines) {
  const results = [];
  for (let i = 0; i < repetitions; i++) results.push(await run(lines));
  return { ...results.at(-1), ms: median(results.map(({ ms }) => ms)) };
}

try {
  await inKernel(10);
  const rows = [];
  for (const lines of amounts) {
    const { ms, messages, characters } = await measure(inKernel, lines);
    const plain = await measure(inNode, lines);
    const perSecond = (time) => Math.round((1000 * lines) / time).toLocaleString('en');
    rows.push({
      lines: lines.toLocaleString('en'),
      'lines/s, cell': perSecond(ms),
      'lines/s, node to a pipe': perSecond(plain.ms),
      messages,
      'characters sent': characters.toLocaleString('en'),
    });
  }
  console.table(rows);
} finally {
  await kernel.shutdown();
  rmSync(folder, { recursive: true, force: true });
}
