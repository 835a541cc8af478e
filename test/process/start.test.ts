import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { describeWhere, hasWorkbench, whyNoWorkbench } from './describeWhere.js';
import { openBrowser } from './openBrowser.js';

const addressPattern = /http:\/\/127\.0\.0\.1:\d+\/\S*/;

/** npm start as a person has it on a machine without desktop VS Code. */
describeWhere(hasWorkbench, whyNoWorkbench, 'npm start in the browser workbench', function () {
  this.timeout(180_000);
  let command: ChildProcess;
  let browser: Browser;
  let address: string;

  before(async () => {
    command = spawn(process.execPath, ['scripts/start.mjs', '--browser'], {
      // Nobody is there to look: no browser is to be opened.
      env: { ...process.env, CI: '1' },
      stdio: ['ignore', 'pipe', 2],
    });
    address = await printedAddress(command);
    browser = await openBrowser();
  });

  after(async () => {
    await browser.close();
    command.kill('SIGKILL');
  });

  it('gives an address that needs its token', async () => {
    const url = new URL(address);
    assert.match(url.searchParams.get('tkn') ?? '', /^[0-9a-f]{48}$/);
    url.searchParams.delete('tkn');
    assert.equal((await fetch(url)).status, 403);
  });

  it('opens the quickstart as a notebook, with our kernel', async () => {
    const page = await browser.newPage();
    await page.goto(address);
    await page.locator('.notebookOverlay .cell-list-container').waitFor({ timeout: 60_000 });
    await page.getByRole('tab', { name: 'quickstart.ipynb' }).waitFor();
    await page.locator('.kernel-label', { hasText: 'Unroll' }).waitFor({ timeout: 60_000 });
    await page.close();
  });

  it('ends all it started when it is told to', async () => {
    command.kill('SIGTERM');
    const [status] = (await once(command, 'exit')) as [number | null];
    assert.equal(status, 143);
    await assert.rejects(fetch(new URL(address).origin), 'the server still answers');
  });
});

async function printedAddress(command: ChildProcess): Promise<string> {
  assert.ok(command.stdout);
  let text = '';
  for await (const chunk of command.stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const found = addressPattern.exec(text)?.[0];
    if (found !== undefined && text.endsWith('\n')) {
      command.stdout.resume();
      return found;
    }
  }
  return assert.fail(`npm start ended without an address. It printed:\n${text}`);
}
