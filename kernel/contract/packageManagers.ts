/** How each package manager adds a package, and which lock file says that it is the project's. */

export interface PackageManager {
  lockFile: string;
  /** Adds a package. */
  add: string;
  /** Installs those that are listed. */
  install: string;
}

/** The last is the one where no lock file is found. */
export const packageManagers: readonly PackageManager[] = [
  { lockFile: 'pnpm-lock.yaml', add: 'pnpm add', install: 'pnpm install' },
  { lockFile: 'yarn.lock', add: 'yarn add', install: 'yarn install' },
  { lockFile: 'bun.lock', add: 'bun add', install: 'bun install' },
  { lockFile: 'bun.lockb', add: 'bun add', install: 'bun install' },
  { lockFile: 'package-lock.json', add: 'npm install', install: 'npm install' },
];

/** What npm lets a package be called, and nothing that a shell would read otherwise. */
export function isPackageName(name: string): boolean {
  return (
    name.length <= 214 &&
    /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) &&
    !name.startsWith('-') &&
    !name.startsWith('~')
  );
}
