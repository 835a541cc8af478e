import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotebookWindow, root, toCell } from '../host/notebookWindow.js';
import { describeWhere, hasWorkbench, whyNoWorkbench } from '../process/describeWhere.js';

const loss: unknown = JSON.parse(
  readFileSync(path.join(root, 'test/golden/payloads/loss-done.json'), 'utf8'),
);
const saved = readFileSync(path.join(root, 'test/golden/traces/trace-rnn.json'), 'utf8');
/** As one that a kernel made. */
const trace = { ...(JSON.parse(saved) as object), id: 'made-by-a-kernel' };
const shows = (data: object) => [{ output_type: 'display_data', data, metadata: {} }];
const hostile = `<script>window.ran = 'script'</script>
<img src="data:," onerror="window.ran = 'handler'"><svg onload="window.ran = 'svg'"></svg>`;
const cells = [
  toCell(`console.log('kernel', process.pid);`, [
    { output_type: 'stream', name: 'stdout', text: 'saved text' },
    ...shows({ 'text/html': hostile }),
  ]),
  toCell('const rate = 0.1;', shows({ 'application/vnd.unroll.loss.v1+json': loss })),
  toCell('rate.toUpperCase()'),
  toCell('inspect(model, batch)', shows({ 'application/vnd.unroll.trace.v1+json': trace })),
];
/** A tsconfig may name a plugin of the project's own, which would be code of the workspace. */
const files = {
  'tsconfig.json': '{ "compilerOptions": { "strict": true, "plugins": [{ "name": "hostile" }] } }',
  'node_modules/hostile/package.json':
    '{ "name": "hostile", "version": "1.0.0", "main": "index.js" }',
  'node_modules/hostile/index.js': `require('node:fs').writeFileSync(__dirname + '/ran', ''); module.exports = () => ({ create: ({ languageService }) => languageService });`,
};

const savedText = `[...document.querySelectorAll('.output_container')].some((one) => one.innerText.includes('saved text'))`;
const statusItem = '.statusbar-item[aria-label*="Unroll"], .statusbar-item:has-text("Unroll:")';

const inspector = `document.querySelector('[data-unroll-view="inspector"]')`;
const saysOf = (selector: string) =>
  `[...(${inspector}?.querySelectorAll('${selector}') ?? [])].map((one) => one.textContent)`;

/** The saved inspector steps; that an edit is refused is said, and again where one is tried. @returns in which words */
async function stepsAndRefuses(window: NotebookWindow): Promise<string> {
  // Its output is drawn once it is in sight.
  await window.inHost(({ commands }) => commands.executeCommand('notebook.focusBottom'));
  const isDrawn = `${inspector} && ${inspector}.dataset.drawn === ${inspector}.dataset.index`;
  const index = `(${isDrawn} ? ${inspector}.dataset.index : null)`;
  const first = String(await window.waitForFrame(index));
  const move = Number(first) > 0 ? 'back' : 'next';
  await window.waitForFrame(`(${inspector}.querySelector('[data-move="${move}"]').click(), true)`);
  await window.waitForFrame(`${index} !== null && ${index} !== '${first}'`);
  const said = `${saysOf('p, span, div')}.find((text) => /^What-if edits need/.test(text))`;
  const reason = String(await window.waitForFrame(said));
  const numbers = `${inspector}.querySelector('.strip canvas')`;
  await window.waitForFrame(`(() => {
    const { left, top, height } = ${numbers}.getBoundingClientRect();
    const at = { bubbles: true, clientX: left + 4, clientY: top + height / 2 };
    ${numbers}.dispatchEvent(new MouseEvent('dblclick', at));
    return true;
  })()`);
  await window.waitForFrame(`${saysOf('.why')}.includes(${JSON.stringify(reason)})`);
  assert.equal(await window.waitForFrame(`${inspector}.dataset.live`), 'false');
  await window.inHost(({ commands }) => commands.executeCommand('notebook.focusTop'));
  return reason;
}

const isForDocuments = process.env['UNROLL_UPDATE_PICTURES'] === '1';

/** For docs/editor.md. @param show Brings what is to be seen, in each theme */
async function takePictures(
  window: NotebookWindow,
  what: string,
  show: () => Promise<void>,
): Promise<void> {
  for (const [theme, name] of [
    ['light', 'Default Light Modern'],
    ['dark', 'Default Dark Modern'],
  ] as const) {
    await window.inHost(async ({ workspace, ConfigurationTarget }, colorTheme) => {
      const settings = workspace.getConfiguration('workbench');
      await settings.update('colorTheme', colorTheme, ConfigurationTarget.Global);
    }, name);
    await window.page.mouse.move(700, 400);
    await sleep(2000);
    await show();
    const file = path.join(root, 'docs', 'pictures', `${what}-${theme}.png`);
    await window.page.screenshot({ path: file, animations: 'disabled' });
  }
}

/** What scripts of saved outputs did in any frame: nothing. */
async function ranScripts(window: NotebookWindow): Promise<unknown[]> {
  const frames = window.page.frames();
  const values = await Promise.all(frames.map((frame) => frame.evaluate('window.ran ?? null')));
  return values.filter((value) => value !== null);
}

const messagesOf = (window: NotebookWindow, index: number) =>
  window.inHost(
    ({ window: { activeNotebookEditor }, languages }, at) =>
      languages
        .getDiagnostics(activeNotebookEditor!.notebook.cellAt(at).document.uri)
        .map(({ message }) => message),
    index,
  );

/** The extension host hears of what the window shows a little later. */
async function onceThere(ask: () => Promise<string[]>): Promise<string[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await ask();
    if (found.length > 0 || Date.now() > deadline) return found;
    await sleep(50);
  }
}

/** Names of the errors that cells of the notebook in front show, and their sentences. */
const errorsIn = (window: NotebookWindow) =>
  window.inHost(({ window: { activeNotebookEditor } }) =>
    activeNotebookEditor!.notebook
      .getCells()
      .flatMap(({ outputs }) => outputs.flatMap(({ items }) => items))
      .filter(({ mime }) => mime === 'application/vnd.code.notebook.error')
      .map(({ data }) => new TextDecoder().decode(data)),
  );

describeWhere(hasWorkbench, whyNoWorkbench, 'a workspace', function () {
  this.timeout(120_000);
  let window: NotebookWindow;

  before(async () => {
    window = await NotebookWindow.openWith({ cells, files, isRestricted: true });
  });
  after(() => window.close());

  describe('that is not trusted', () => {
    it('shows saved outputs, and runs no script of theirs', async () => {
      await window.waitForFrame(savedText);
      await window.waitForFrame(`document.querySelector('[data-unroll-view="loss"] svg') !== null`);
      assert.deepEqual(await ranScripts(window), []);
    });

    it('says in the status bar that nothing runs, and why', async () => {
      const item = window.page.locator(statusItem).first();
      await item.waitFor();
      assert.match(await item.innerText(), /Unroll: runs nothing/);
      const explain = async () => {
        await item.hover();
        await window.page
          .locator('.monaco-hover', { hasText: /is not trusted, so its cells do not run/ })
          .waitFor();
      };
      await explain();
      if (isForDocuments) await takePictures(window, 'editor-untrusted', explain);
    });

    it('runs no cell before it is trusted, and starts no process', async () => {
      await window.start(0);
      const question = await window.answer(/^Cancel/);
      assert.match(question, /Executing a notebook cell will run code from this workspace/);
      const outputs = await window.inHost(({ window: { activeNotebookEditor } }) =>
        activeNotebookEditor!.notebook
          .cellAt(0)
          .outputs.flatMap(({ items }) => items.map(({ mime }) => mime)),
      );
      assert.deepEqual(outputs, ['application/vnd.code.notebook.stdout', 'text/html']);
      assert.deepEqual(await window.kernels(), []);
    });

    it('debugs no cell, says why, and starts no process that could open a port', async () => {
      await window.focus(0);
      await window.command('Unroll: Debug Cell');
      await window.command('Notifications: Show Notifications');
      await window.page
        .locator('.notification-list-item', { hasText: /is not trusted, so its cells do not run/ })
        .waitFor();
      assert.deepEqual(await window.kernels(), []);
      await window.command('Notifications: Clear All Notifications');
    });

    it('steps through a saved trace, and edits none of its numbers', async () => {
      assert.match(await stepsAndRefuses(window), /This workspace is not trusted, so its cells do/);
      assert.deepEqual(await window.kernels(), []);
    });

    it('has types over all cells, without running code of its own', async () => {
      const [message = ''] = await onceThere(() => messagesOf(window, 2));
      assert.match(message, /^Property 'toUpperCase' does not exist on type/);
      assert.equal(existsSync(path.join(window.workspace, 'node_modules/hostile/ran')), false);
    });

    it('has a Variables view that says why it is empty', async () => {
      await window.command('Unroll: Show Variables');
      const text = await window.waitForFrame(
        `document.querySelector('.empty[data-state="untrusted"]')?.textContent`,
      );
      assert.match(String(text), /workspace is not trusted, so no kernel runs in it/);
    });

    it('is told to language models, which run no cell in it', async () => {
      const refusal = await window.inHost(async ({ lm }) => {
        const input = { cell: 0 };
        try {
          await lm.invokeTool('unroll_runCell', { input, toolInvocationToken: undefined });
          return 'it ran';
        } catch (error) {
          return String(error);
        }
      });
      assert.match(refusal, /This workspace is not trusted, so its cells do not run/);
      const listed = await window.inHost(async ({ lm }) => {
        const options = { input: {}, toolInvocationToken: undefined };
        const { content } = await lm.invokeTool('unroll_listVariables', options);
        return JSON.stringify(content);
      });
      assert.match(listed, /is not trusted/);
    });

    it('is offered no package, and gets none', async () => {
      const terminals = await window.inHost(async ({ commands, window: { terminals: all } }) => {
        void commands.executeCommand('unroll.installPackage');
        await new Promise((done) => setTimeout(done, 300));
        return all.length;
      });
      assert.equal(terminals, 0);
      const items = window.page.locator('.cell-status-item', { hasText: /Install/ });
      assert.equal(await items.count(), 0);
    });

    it('runs cells when it is trusted, and says nothing of it any more', async () => {
      await window.start(0);
      await window.answer(/^Trust/);
      await window.shows(/kernel \d+/);
      assert.ok((await window.kernels()).length > 0);
      await window.start(1);
      await window.waitForFrame(
        `[...document.querySelectorAll('tr.row td.name')].some((one) => one.textContent === 'rate')`,
      );
      await window.page.locator('.statusbar-item', { hasText: /Unroll: idle/ }).waitFor();
    });
  });

  describe('in no folder on disk', () => {
    let virtual: NotebookWindow;
    let kernels: number[];
    before(async () => {
      // The kernel of the cells above, and the process that waits.
      do kernels = await window.kernels();
      while (kernels.length < 2);
      virtual = await window.openVirtual();
      await virtual.openInFront('/window.ipynb', 'unrolltest');
      await virtual.isReady();
    });
    after(() => virtual.close());

    it('opens a notebook with its outputs, read-only, and says why', async () => {
      await virtual.command('Notifications: Show Notifications');
      const message = virtual.page.locator('.notification-list-item', { hasText: 'Read-only: ' });
      await message.waitFor();
      assert.match(
        await message.innerText(),
        /window\.ipynb is in no folder on disk \(its address begins with unrolltest:\)/,
      );
      if (isForDocuments) await takePictures(virtual, 'editor-virtual', () => message.waitFor());
      await virtual.page.keyboard.press('Escape');
      await virtual.append(0, '// typed');
      await virtual.page
        .locator('.monaco-editor-overlaymessage', { hasText: /read-only/i })
        .waitFor();
      const text = await virtual.inHost(({ window: { activeNotebookEditor } }) =>
        activeNotebookEditor!.notebook.cellAt(0).document.getText(),
      );
      assert.equal(text, "console.log('kernel', process.pid);");
      await virtual.waitForFrame(savedText);
    });

    it('runs no cell, and says why in a sentence', async () => {
      await virtual.start(0);
      await virtual.shows(/is in no folder on disk .* so its cells do not run/);
      const errors = await onceThere(() => errorsIn(virtual));
      assert.equal(errors.length, 1, errors.join());
      assert.match(errors[0]!, /"name":"VirtualNotebookError"/);
      assert.deepEqual(await virtual.kernels(), kernels);
    });

    it('steps through a saved trace, and edits none of its numbers', async () => {
      assert.match(await stepsAndRefuses(virtual), /window\.ipynb is in no folder on disk/);
      assert.deepEqual(await virtual.kernels(), kernels);
    });

    it('has types over all cells, and a Variables view that says why it is empty', async () => {
      const [message = ''] = await onceThere(() => messagesOf(virtual, 2));
      assert.match(message, /'toUpperCase' does not exist/);
      await virtual.command('Unroll: Show Variables');
      const text = await virtual.waitForFrame(
        `document.querySelector('.empty[data-state="virtual"]')?.textContent`,
      );
      assert.match(String(text), /in no folder on disk/);
    });
  });
});
