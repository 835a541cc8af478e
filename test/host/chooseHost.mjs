import { desktopObstacle, ensureDesktop } from '../../scripts/setup/desktop.mjs';
import { SetupError, say } from '../../scripts/setup/narrate.mjs';

/**
 * Which VS Code the extension tests run in. UNROLL_TEST_HOST=desktop|workbench decides; without it the
 * desktop is taken where it can be had, else the browser workbench, and why is said.
 * @returns the path of a desktop VS Code's program; undefined for the browser workbench
 */
export async function chooseHost() {
  const wanted = process.env.UNROLL_TEST_HOST;
  if (wanted === 'workbench') return undefined;
  if (wanted === 'desktop') return ensureDesktop();
  if (wanted !== undefined) {
    throw new SetupError(`UNROLL_TEST_HOST is "${wanted}", expected "desktop" or "workbench".`);
  }
  const obstacle = await desktopObstacle();
  if (obstacle !== undefined) return workbenchBecause(obstacle);
  try {
    return await ensureDesktop();
  } catch (error) {
    return workbenchBecause(`the desktop VS Code could not be set up: ${error.message}`);
  }
}

function workbenchBecause(reason) {
  say(`Testing in the browser workbench: ${reason}`);
  return undefined;
}
