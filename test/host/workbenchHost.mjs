/** The browser workbench as a test host: VS Code's server, and a Chromium that Playwright drives. */
import { chromium } from 'playwright-core';
import { startVscodeServer } from '../../scripts/run/vscodeServer.mjs';
import { workbenchAddress } from '../../scripts/run/workbenchAddress.mjs';
import { ensureBrowser } from '../../scripts/setup/browser.mjs';
import { ensureWorkbench } from '../../scripts/setup/workbench.mjs';

const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
];

/**
 * @param run `folder`, `extension`, `tests` (paths), `size` of the window, `env` for the extension host,
 *   `dataFolder` to write in, `onConsole` for each text that VS Code logs, `asksForTrust` (else every folder is trusted)
 * @returns `{ page, ended, log(), close() }`; `ended` resolves to the tests' exit code and rejects when
 *   something breaks under them
 */
export async function startWorkbenchHost(run) {
  const { size, env, dataFolder, onConsole, asksForTrust, ...opened } = run;
  const workbench = await ensureWorkbench();
  const executablePath = await ensureBrowser();
  const server = await startVscodeServer(workbench, {
    ...{ dataFolder, smokeTest: true, asksForTrust, env },
  });
  const browser = await chromium.launch({
    executablePath,
    args: browserFlags,
    // The launcher ends it, and then cleans up: Playwright would exit first.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = await browser.newPage({ viewport: size });
  const ended = new Promise((resolve, reject) => {
    page.on('crash', () => reject(new Error("The workbench's page crashed during the tests.")));
    browser.on('disconnected', () => reject(new Error('The browser ended during the tests.')));
    server.ended.then(
      (code) => reject(new Error(`VS Code's server ended with ${code} during the tests.`)),
      reject,
    );
    page.exposeFunction('codeAutomationExit', (code) => resolve(code)).catch(reject);
  });
  // Nobody listens once the tests are over, and then the browser and the server are ended by us.
  ended.catch(() => {});
  await page.exposeFunction('codeAutomationLog', (type, args) => onConsole(toText(type, args)));
  const address = workbenchAddress({ port: server.port, ...opened });
  onConsole(`The workbench is at ${address}`);
  await page.goto(address);
  return {
    page,
    ended,
    log: server.log,
    close: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

function toText(type, args) {
  const texts = args.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return `[${type}] ${texts.join(' ')}`;
}
