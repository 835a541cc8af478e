/** A Chrome, Chromium or Edge for the tests: the one named, an installed one, or (Debian, root) apt's. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { SetupError } from './narrate.mjs';
import { findOnPath } from './runCommand.mjs';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'msedge',
];

const applications = [
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Chromium.app/Contents/MacOS/Chromium',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

const programFiles = [
  'Google/Chrome/Application/chrome.exe',
  'Chromium/Application/chrome.exe',
  'Microsoft/Edge/Application/msedge.exe',
];

/** @returns the path of the browser's program */
export async function ensureBrowser() {
  const named = process.env.UNROLL_BROWSER;
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new SetupError(`UNROLL_BROWSER is ${named}, but there is no such file.`);
  }
  const found = findBrowser();
  if (found !== undefined) return found;
  await installDebianPackages(['chromium'], missingSentence());
  const installed = findBrowser();
  if (installed === undefined) throw new SetupError(missingSentence());
  return installed;
}

function findBrowser() {
  return usualPlaces().find((file) => existsSync(file)) ?? findByName();
}

function findByName() {
  for (const name of names) {
    const file = findOnPath(name);
    if (file !== undefined) return file;
  }
  return undefined;
}

function usualPlaces() {
  const { HOME = '', ProgramFiles, 'ProgramFiles(x86)': x86, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') {
    return ['/Applications', path.join(HOME, 'Applications')].flatMap((folder) =>
      applications.map((name) => path.join(folder, name)),
    );
  }
  if (process.platform === 'win32') {
    return [ProgramFiles, x86, LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) => programFiles.map((name) => path.join(folder, name)));
  }
  return [];
}

function missingSentence() {
  const how = {
    darwin: 'Install Google Chrome, Chromium or Microsoft Edge in /Applications',
    win32: 'Install Google Chrome or Microsoft Edge',
    linux:
      'Install one: `sudo apt-get install chromium` (Debian), `sudo dnf install chromium` (Fedora), or Google Chrome (Ubuntu, others)',
  }[process.platform];
  return `The tests in VS Code need Chrome, Chromium or Edge, and none was found on PATH or in the usual places. ${how ?? 'Install Chromium'}, or set UNROLL_BROWSER to the program's path.`;
}
