/** A desktop VS Code to test in, downloaded once into the cache folder by `@vscode/test-electron`. */
/* global AbortSignal */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.mjs';
import { withLock } from './lock.mjs';
import { SetupError, step } from './narrate.mjs';
import { findOnPath, runCommand } from './runCommand.mjs';

/** The version that the browser workbench has too. */
const version = '1.139.1';
const releases = 'https://update.code.visualstudio.com/api/releases/stable';
const answersWithin = 5_000;

/** Why no desktop VS Code can be had on this machine, as half a sentence; undefined when it can. */
export async function desktopObstacle() {
  if (needsDisplay() && !hasDisplay() && findOnPath('xvfb-run') === undefined) {
    return 'there is no display and no xvfb-run for a desktop VS Code';
  }
  if (isDownloaded()) return undefined;
  try {
    const response = await fetch(releases, { signal: AbortSignal.timeout(answersWithin) });
    return response.ok ? undefined : `VS Code's download server answered ${response.status}`;
  } catch (error) {
    return `VS Code's download server can't be reached (${error.cause?.code ?? error.name})`;
  }
}

/** Whether a window needs an X server that is not there, so that xvfb-run has to bring one. */
export function needsVirtualDisplay() {
  return needsDisplay() && !hasDisplay();
}

/** @returns the path of VS Code's program, which has shown that it runs here */
export async function ensureDesktop() {
  const { downloadAndUnzipVSCode, SilentReporter } = await import('@vscode/test-electron');
  const cachePath = desktopFolder();
  mkdirSync(cachePath, { recursive: true });
  const executable = await withLock(`desktop-${version}`, () =>
    step(`Getting desktop VS Code ${version} in ${cachePath}`, () =>
      downloadAndUnzipVSCode({ version, cachePath, reporter: new SilentReporter() }),
    ),
  ).catch((error) => {
    throw new SetupError(
      `Desktop VS Code ${version} could not be downloaded: ${error.message}. UNROLL_TEST_HOST=workbench does without it.`,
    );
  });
  if (needsVirtualDisplay() && findOnPath('xvfb-run') === undefined) {
    throw new SetupError(
      'Desktop VS Code needs a display. Install xvfb (`sudo apt-get install xvfb`), or set UNROLL_TEST_HOST=workbench.',
    );
  }
  // As plain Node it opens no window, and still fails where a system library is missing.
  await runCommand(executable, ['--eval', '0'], { env: { ELECTRON_RUN_AS_NODE: '1' } });
  return executable;
}

function desktopFolder() {
  return path.join(cacheFolder(), 'desktop');
}

/** test-electron writes is-complete when it has unpacked everything. */
function isDownloaded() {
  const folder = desktopFolder();
  const names = [
    `${process.platform}-${process.arch}`,
    `${process.platform}-${process.arch}-archive`,
  ];
  return [...names, process.platform].some((name) =>
    existsSync(path.join(folder, `vscode-${name}-${version}`, 'is-complete')),
  );
}

function needsDisplay() {
  return process.platform === 'linux';
}

function hasDisplay() {
  return Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
}
