/**
 * How soon errors and completions come in a notebook of 100 cells, from the language server's own process.
 *   npm run build && node test/bench/languageService.mjs [cells] [--json]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  createProtocolConnection,
  IPCMessageReader,
  IPCMessageWriter,
} from 'vscode-languageserver/node';

const isJson = process.argv.includes('--json');
const cells = Number(process.argv.slice(2).find((one) => /^\d+$/.test(one)) ?? 100);
const edits = 20;
const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'unroll-bench-'));
const notebook = 'file:///bench.ipynb';
const uri = (index) => `vscode-notebook-cell:/bench.ipynb#${index}`;

/** Each cell declares a function, a class and numbers, and uses those of earlier cells and of unroll. */
function source(index) {
  if (index === 0) return `import { LSTM, Linear, tensor, mse } from 'unroll';\nconst rate0 = 0.1;`;
  return `
const rate${index} = rate${index - 1} * 2;
const model${index} = new LSTM({ inputSize: ${index}, hiddenSize: 8 });
const head${index} = new Linear({ inFeatures: 8, outFeatures: 1 });
class Run${index} { losses: number[] = []; best() { return Math.min(...this.losses, rate${index}); } }
function loss${index}(x: number[][][]) {
  const { output } = model${index}.forward(tensor(x));
  return mse(head${index}.forward(output), tensor([[[1]]])).item() + ${index > 1 ? `new Run${index - 1}().best()` : '0'};
}
loss${index}([[[rate${index}]]]);`;
}

const child = fork(path.join(root, 'dist/languageServer.js'), ['--node-ipc'], { execArgv: [] });
const connection = createProtocolConnection(
  new IPCMessageReader(child),
  new IPCMessageWriter(child),
);
const waiting = new Map();
connection.onNotification('textDocument/publishDiagnostics', ({ uri, version, diagnostics }) => {
  const key = `${uri} ${version}`;
  for (const resolve of waiting.get(key) ?? []) resolve(diagnostics);
  waiting.delete(key);
});
function diagnosed(index, version) {
  const key = `${uri(index)} ${version}`;
  return new Promise((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve]));
}
connection.listen();
await connection.sendRequest('initialize', {
  processId: process.pid,
  rootUri: null,
  capabilities: {},
});
await connection.sendNotification('initialized', {});

const ms = (from) => performance.now() - from;
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
/** @type {Record<string, { median: number, most: number }>} milliseconds */
const results = {};
const say = (text) => {
  if (!isJson) console.log(text);
};
const show = (name, times) => {
  results[name] = { median: median(times), most: Math.max(...times) };
  say(
    `${name.padEnd(44)} median ${median(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms`,
  );
};

const opened = performance.now();
const last = diagnosed(cells - 1, 1);
await connection.sendNotification('unroll/notebooks', [{ uri: notebook, folder }]);
await connection.sendNotification('notebookDocument/didOpen', {
  notebookDocument: {
    uri: notebook,
    notebookType: 'jupyter-notebook',
    version: 1,
    cells: Array.from({ length: cells }, (_, index) => ({ kind: 2, document: uri(index) })),
  },
  cellTextDocuments: Array.from({ length: cells }, (_, index) => ({
    uri: uri(index),
    languageId: 'typescript',
    version: 1,
    text: source(index),
  })),
});
const first = await last;
say(`${cells} cells; errors in the last: ${first.length}`);
show('opening, until all cells were looked at', [ms(opened)]);

let version = 1;
/** Of the cells that were edited. */
const versions = new Map();
async function change(index, text) {
  versions.set(index, ++version);
  await connection.sendNotification('notebookDocument/didChange', {
    notebookDocument: { uri: notebook, version },
    change: {
      cells: { textContent: [{ document: { uri: uri(index), version }, changes: [{ text }] }] },
    },
  });
}

/** The edited cell has an error; with `all`, also the cells behind it are waited for. */
async function measure(name, index, all) {
  const own = [];
  const every = [];
  for (let i = 0; i < edits; i++) {
    const from = performance.now();
    const mine = diagnosed(index, version + 1);
    const behind = diagnosed(
      cells - 1,
      index === cells - 1 ? version + 1 : (versions.get(cells - 1) ?? 1),
    );
    const wrong = i % 2 === 0;
    await change(
      index,
      source(index) + (wrong ? `\nrate${index}.toUpperCase();` : `\nconst more${i} = 1;`),
    );
    const found = (await mine).filter(({ severity }) => severity === 1);
    own.push(ms(from));
    if (wrong !== found.length > 0) throw new Error(`expected ${wrong}: ${JSON.stringify(found)}`);
    await behind;
    every.push(ms(from));
  }
  show(`${name}: errors of that cell`, own);
  if (all) show(`${name}: of all cells behind it`, every);
}

await measure('typing in the last cell', cells - 1, false);
await measure('typing in the middle', Math.floor(cells / 2), true);
await measure('typing in the second cell', 1, true);

const asked = [];
for (let i = 0; i < edits; i++) {
  const text = `${source(cells - 1)}\nmodel5.forw${'x'.repeat(i % 3)}`;
  await change(cells - 1, text);
  const lines = text.split('\n');
  const from = performance.now();
  const list = await connection.sendRequest('textDocument/completion', {
    textDocument: { uri: uri(cells - 1) },
    position: { line: lines.length - 1, character: 'model5.forw'.length },
  });
  asked.push(ms(from));
  if (!list.items.some(({ label }) => label === 'forward')) throw new Error('no completion');
}
show('completion of a member', asked);
const names = [];
for (let i = 0; i < edits; i++) {
  const text = `${source(cells - 1)}\n${'LSTMmodel'.slice(0, 2 + (i % 4))}`;
  await change(cells - 1, text);
  const lines = text.split('\n');
  const from = performance.now();
  await connection.sendRequest('textDocument/completion', {
    textDocument: { uri: uri(cells - 1) },
    position: { line: lines.length - 1, character: lines.at(-1).length },
  });
  names.push(ms(from));
}
show('completion of a name, with imports', names);
const memoryMB = await memory();
say(`memory of the server: ${memoryMB.toFixed(0)} MB`);
if (isJson) console.log(JSON.stringify({ cells, results, memoryMB }));
child.kill();
rmSync(folder, { recursive: true, force: true });

async function memory() {
  const { readFileSync } = await import('node:fs');
  const [, kilobytes] = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  return Number(kilobytes) / 1024;
}
