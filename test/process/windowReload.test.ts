import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotebookWindow } from '../host/notebookWindow.js';
import { describeWhere, hasWorkbench, whyNoWorkbench } from './describeWhere.js';
import { assertGone } from './processes.js';

const tab = '.tab[data-resource-name="window.ipynb"]';

/** A person's window, from outside: what runs inside a window does not live to see it reloaded. */
describeWhere(hasWorkbench, whyNoWorkbench, 'a window whose kernel is busy', function () {
  this.timeout(180_000);
  let notebook: NotebookWindow;
  /** Of the first kernel, busy, and the process that waits. */
  let kernels: number[];

  before(async () => {
    notebook = await NotebookWindow.open(
      `let kept = 41; console.log('shown before', process.pid);`,
      `console.log('busy in', process.pid, 'of', process.ppid); while (true) {}`,
      `typeof kept`,
    );
  });

  after(() => notebook.close());

  /** @returns the process that runs the kernel: the extension host */
  async function startBusyCell(): Promise<number> {
    await notebook.start(1);
    for (;;) {
      // What an earlier run of the cell showed names a process that is gone.
      const [, kernel, host] = await notebook.shows(/busy in (\d+) of (\d+)/);
      kernels = await notebook.kernels();
      if (kernels.includes(Number(kernel)) && kernels.length === 2) return Number(host);
      await sleep(100);
    }
  }

  it('reloads without losing outputs, unsaved text or the notebook', async () => {
    assert.deepEqual(await notebook.kernels(), [], 'a kernel, and no cell has run');
    await notebook.start(0);
    await notebook.shows(/shown before \d+/);
    await notebook.page.keyboard.press('ControlOrMeta+s');
    await notebook.page.locator(`${tab}:not(.dirty)`).waitFor();
    await notebook.append(2, ' // typed and not saved');
    await startBusyCell();
    await notebook.putsAside('typed and not saved');
    await notebook.reload();
    await notebook.page.locator(`${tab}.dirty`).waitFor();
    await notebook.page
      .locator('.cell-list-container .view-lines', { hasText: 'typed and not saved' })
      .waitFor();
    await notebook.shows(/shown before \d+/);
  });

  it('leaves no process behind when it is reloaded', async () => {
    for (const pid of kernels) await assertGone(pid, 'after the reload');
  });

  it('runs the next cell in a fresh kernel, and says that variables are gone', async () => {
    await notebook.start(2);
    await notebook.shows(/fresh kernel.*variables of earlier cells are gone[^\n]*\n+'?undefined/);
    assert.ok((await notebook.kernels()).every((pid) => !kernels.includes(pid)));
  });

  it('leaves no process behind when its extension host is killed, and goes on in a new one', async () => {
    const host = await startBusyCell();
    process.kill(host, 'SIGKILL');
    for (const pid of kernels) await assertGone(pid, 'after the end of its host');
    await notebook.isReady();
    await notebook.start(0);
    const [, pid] = await notebook.shows(/fresh kernel was started[^\n]*\n+shown before (\d+)/);
    assert.ok(!kernels.includes(Number(pid)));
  });
});
