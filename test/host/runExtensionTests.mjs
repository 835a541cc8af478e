/**
 * Runs the extension tests in a real VS Code, through `@vscode/test-electron`, in one of two hosts: the
 * downloaded desktop, or the browser workbench. The bundles must be built.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TestRunFailedError, runTests } from '@vscode/test-electron';
import { stopAll, stopAllOnSignals } from '../../scripts/run/supervised.mjs';
import { failWith } from '../../scripts/setup/narrate.mjs';
import { chooseHost } from './chooseHost.mjs';

const launcher = process.platform === 'win32' ? 'launcher.cmd' : 'launcher.mjs';
const root = path.resolve(import.meta.dirname, '../..');
/** Tests write into a folder of their own, which VS Code has open. */
const workspace = mkdtempSync(path.join(os.tmpdir(), 'unroll-workspace-'));

async function cleanUp() {
  await stopAll();
  rmSync(workspace, { recursive: true, force: true, maxRetries: 5 });
}

stopAllOnSignals(cleanUp);
try {
  const desktop = await chooseHost();
  await runTests({
    vscodeExecutablePath: path.join(import.meta.dirname, launcher),
    extensionDevelopmentPath: root,
    extensionTestsPath: path.join(root, 'out', 'extensionTests', 'index.cjs'),
    // The launcher gives VS Code a profile of its own.
    reuseMachineInstall: true,
    launchArgs: [workspace],
    extensionTestsEnv: desktop === undefined ? {} : { UNROLL_DESKTOP: desktop },
  });
} catch (error) {
  // The tests have said what failed; anything else is news.
  if (error instanceof TestRunFailedError) process.exitCode = 1;
  else failWith(error);
} finally {
  await cleanUp();
}
process.exit();
