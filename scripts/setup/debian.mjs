/** System packages: installed where that is ours to do (Debian, as root), else asked for. */
import { readFileSync } from 'node:fs';
import { SetupError, step } from './narrate.mjs';
import { runCommand } from './runCommand.mjs';

/** Ubuntu calls itself debian-like, but its chromium package is a stub for a snap: not meant here. */
function isDebianAsRoot() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * @param packages what apt-get would install
 * @param missing the sentence for people who install it themselves
 */
export async function installDebianPackages(packages, missing) {
  if (!isDebianAsRoot()) throw new SetupError(missing);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step(`Installing ${packages.join(', ')} (apt-get)`, async () => {
    await runCommand('apt-get', ['update'], { env });
    await runCommand('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
  });
}
