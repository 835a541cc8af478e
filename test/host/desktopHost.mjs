/** Desktop VS Code as a test host: Playwright looks at its window through the debugging port. */
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { eachLine } from '../../scripts/run/eachLine.mjs';
import { writeQuietSettings } from '../../scripts/run/quietSettings.mjs';
import { startSupervised } from '../../scripts/run/supervised.mjs';
import { needsVirtualDisplay } from '../../scripts/setup/desktop.mjs';

const windowWithin = 60_000;
const pollEvery = 250;
/** What a VS Code terminal leaves in the environment would make the new one join the old. */
const ofAnotherVscode = /^(VSCODE_|ELECTRON_)/;

/**
 * @param executable VS Code's program
 * @param args what test-electron passes to it
 * @param run as for `startWorkbenchHost`
 * @returns the same as `startWorkbenchHost`
 */
export async function startDesktopHost(executable, args, { size, env, dataFolder, onConsole }) {
  const port = await freePort();
  const userData = path.join(dataFolder, 'user-data');
  writeQuietSettings(path.join(userData, 'User'));
  const [command, ...before] = needsVirtualDisplay()
    ? ['xvfb-run', '--auto-servernum', '--server-args=-screen 0 1600x1100x24', executable]
    : [executable];
  const inherited = Object.entries(process.env).filter(([name]) => !ofAnotherVscode.test(name));
  const vscode = startSupervised(
    command,
    [
      ...[...before, ...args, `--remote-debugging-port=${port}`],
      `--user-data-dir=${userData}`,
      `--extensions-dir=${path.join(dataFolder, 'extensions')}`,
    ],
    { env: { ...Object.fromEntries(inherited), ...env }, output: 'pipe' },
  );
  eachLine(vscode.stdout, onConsole);
  eachLine(vscode.stderr, onConsole);
  const { browser, page } = await findWindow(port, vscode.ended);
  await page.setViewportSize(size);
  return {
    page,
    ended: vscode.ended,
    log: () => '',
    close: async () => {
      await browser.close();
      await vscode.stop();
    },
  };
}

async function findWindow(port, ended) {
  let gone;
  const onGone = (code) => (gone = code ?? 1);
  ended.then(onGone, onGone);
  const until = Date.now() + windowWithin;
  let last;
  while (Date.now() < until && gone === undefined) {
    try {
      const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
      const pages = browser.contexts().flatMap((context) => context.pages());
      const page = pages.find((one) => one.url().includes('workbench'));
      if (page !== undefined) return { browser, page };
      await browser.close();
    } catch (error) {
      last = error;
    }
    await sleep(pollEvery);
  }
  const what =
    gone === undefined ? 'showed no window' : `ended with ${gone} before it had a window`;
  throw new Error(`Desktop VS Code ${what}. The last look at its debugging port: ${last?.message}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
