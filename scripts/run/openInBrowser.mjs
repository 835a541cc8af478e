import { spawn } from 'node:child_process';
import { findOnPath } from '../setup/runCommand.mjs';

/**
 * Shows the address in the user's browser, where there is one to see.
 * @returns whether a browser was asked to
 */
export function openInBrowser(address) {
  const opener = findOpener();
  if (opener === undefined) return false;
  // Not one of ours to end: the browser may be the user's own, opened long before.
  const child = spawn(opener, [address], { stdio: 'ignore', detached: true });
  child.on('error', (error) => console.error(`${opener}: ${error.message}`));
  child.unref();
  return true;
}

function findOpener() {
  if (process.env.CI !== undefined) return undefined;
  if (process.platform === 'darwin') return findOnPath('open');
  const display = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  return display !== undefined && display !== '' ? findOnPath('xdg-open') : undefined;
}
