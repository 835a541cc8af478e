#!/usr/bin/env node
/**
 * The program that `@vscode/test-electron` takes for VS Code: understands the arguments it passes, opens a
 * window in one of the two hosts, lets the tests see and use it through the bridge, and exits with the
 * code of the test run. UNROLL_DESKTOP holds the path of a desktop VS Code; without it the browser
 * workbench is used.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stopAll, stopAllOnSignals } from '../../scripts/run/supervised.mjs';
import { SetupError, failWith } from '../../scripts/setup/narrate.mjs';
import { startBridge } from './bridge.mjs';
import { startDesktopHost } from './desktopHost.mjs';
import { leaveDiagnosis, pictureFolder, timeLimitSeconds } from './diagnosis.mjs';
import { startWorkbenchHost } from './workbenchHost.mjs';

const size = { width: 1400, height: 900 };
/** Before every line that mocha prints: the console of VS Code has many speakers. */
const testMark = '[tests] ';

const args = process.argv.slice(2);
const { values, positionals } = parseArgs({
  args,
  // Desktop VS Code takes many flags more, which mean nothing here.
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
  },
});

const dataFolder = mkdtempSync(path.join(os.tmpdir(), 'unroll-host-'));
const consoleLines = [];
let host;

async function run() {
  let setPage;
  const page = new Promise((resolve) => (setPage = resolve));
  const bridge = await startBridge(() => page, pictureFolder());
  const env = { ...bridge.env, UNROLL_TEST_MARK: testMark };
  try {
    const opening = openHost({ size, env, dataFolder, onConsole: hear });
    opening.then((opened) => setPage((host = opened).page)).catch(() => {});
    return await Promise.race([opening.then(({ ended }) => ended), timeLimit()]);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    console.error(error.message);
    const log = [...consoleLines, "VS Code's server:", host?.log() ?? 'was not up'].join('\n');
    await leaveDiagnosis(host?.page, log);
    return 1;
  } finally {
    await bridge.close();
  }
}

function openHost(run) {
  const desktop = process.env.UNROLL_DESKTOP;
  if (desktop !== undefined) return startDesktopHost(desktop, args, run);
  return startWorkbenchHost({
    ...run,
    folder: positionals[0],
    extension: values.extensionDevelopmentPath,
    tests: values.extensionTestsPath,
  });
}

/** What the tests say goes to stdout, all else that VS Code says into the log. */
function hear(text) {
  const at = text.indexOf(testMark);
  if (at >= 0) console.log(text.slice(at + testMark.length));
  else consoleLines.push(text);
}

async function timeLimit() {
  const seconds = timeLimitSeconds();
  await sleep(seconds * 1000, undefined, { ref: false });
  throw new Error(
    `The tests in VS Code did not end within ${seconds} s (UNROLL_TEST_TIMEOUT): the run is given up.`,
  );
}

async function cleanUp() {
  await host?.close();
  await stopAll();
  rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
}

for (const stream of [process.stdout, process.stderr]) {
  // Whoever read it is gone. That is no reason to leave without cleaning up.
  stream.on('error', () => {});
}
stopAllOnSignals(cleanUp);
try {
  process.exitCode = await run();
} catch (error) {
  failWith(error);
} finally {
  await cleanUp();
}
// All that was started is gone by now: nothing is left to wait for.
process.exit();
