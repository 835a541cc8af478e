import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { activationOf } from '../bench/editor/activation.js';
import { NotebookWindow } from '../host/notebookWindow.js';
import { root } from './commandLine.js';
import { describeWhere, hasWorkbench, whyNoWorkbench } from './describeWhere.js';

const run = promisify(execFile);

/** Activates the bundle with a `vscode` that answers anything, and tells what was loaded and started. */
const activate = `
const Module = require('node:module');
const childProcess = require('node:child_process');
const started = [];
for (const name of ['spawn', 'fork', 'exec', 'execFile'])
  childProcess[name] = (...args) => { started.push(name + ' ' + args[0]); throw new Error('started'); };
const anything = () => new Proxy(function () {}, {
  get: (_target, name) => {
    if (name === Symbol.iterator) return function* () {};
    if (name === 'then' || name === Symbol.toPrimitive) return undefined;
    if (name === 'notebookDocuments' || name === 'visibleNotebookEditors') return [];
    return anything();
  },
  set: () => true,
  apply: () => anything(),
  construct: () => anything(),
});
const declared = require('node:fs').readFileSync(process.argv[2], 'utf8');
const vscode = {};
for (const [, name] of declared.matchAll(/^\\texport (?:abstract )?(?:class|enum|namespace|const|function) (\\w+)/gm))
  vscode[name] = anything();
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'vscode' ? vscode : load.call(this, request, ...rest);
};
const extension = require(process.argv[1]);
extension.activate({ subscriptions: [], extension: anything(), workspaceState: anything(), extensionUri: anything() });
setTimeout(() => {
  console.log(JSON.stringify({ loaded: Object.keys(require.cache), started }));
  process.exit();
}, 500);
`;

describe('activation', () => {
  it('loads no other bundle, and starts no process', async () => {
    const bundle = path.join(root, 'dist', 'extension.cjs');
    const declarations = path.join(root, 'node_modules/@types/vscode/index.d.ts');
    const { stdout } = await run(process.execPath, ['--eval', activate, bundle, declarations]);
    const { loaded, started } = JSON.parse(stdout) as { loaded: string[]; started: string[] };
    assert.deepEqual(loaded, [bundle]);
    assert.deepEqual(started, []);
  });
});

describeWhere(hasWorkbench, whyNoWorkbench, 'activation in VS Code', function () {
  this.timeout(180_000);

  it('is with the first notebook, and starts no kernel before a cell runs', async () => {
    const window = await NotebookWindow.open('1 + 1');
    try {
      const took = await activationOf(window);
      assert.ok(took >= 0, `${took} ms`);
      assert.deepEqual(await window.kernels(), []);
    } finally {
      await window.close();
    }
  });
});
