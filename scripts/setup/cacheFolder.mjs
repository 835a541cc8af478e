/** Where the set-up keeps what every checkout on this machine can share. */
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** UNROLL_CACHE, or the folder that this platform has for caches; made when missing. */
export function cacheFolder() {
  const folder = process.env.UNROLL_CACHE ?? path.join(platformCaches(), 'unroll');
  mkdirSync(folder, { recursive: true });
  return path.resolve(folder);
}

function platformCaches() {
  const home = os.homedir();
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches');
  if (process.platform === 'win32') {
    return process.env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local');
  }
  // The XDG base directory specification: a relative path is to be ignored.
  const xdg = process.env.XDG_CACHE_HOME;
  return xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache');
}
