/** An import that leads nowhere: what was looked for, from where, and what to do. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PackageManager, packageManagers } from '../contract/packageManagers.js';
import { nearestPackage } from './files/fileFormat.js';

export class ModuleNotFoundError extends Error {
  override name = 'ModuleNotFoundError';
  readonly code = 'ERR_MODULE_NOT_FOUND';

  constructor(
    readonly specifier: string,
    folder: string,
  ) {
    super(
      isPath(specifier)
        ? `There is no file '${specifier}', looked for from ${folder}.`
        : `There is no package '${packageName(specifier)}' in ${folder} or a folder above it.\n` +
            installHint(packageName(specifier), folder),
    );
  }
}

/** `unroll/data/…` names nothing that comes along. */
export class DataNotFoundError extends Error {
  override name = 'DataNotFoundError';
  readonly code = 'ERR_MODULE_NOT_FOUND';

  constructor(
    readonly specifier: string,
    data: URL,
  ) {
    const folder = fileURLToPath(data);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    super(`There is no '${specifier}'. What comes along is: ${files.join(', ') || 'nothing'}.`);
  }
}

function installHint(name: string, folder: string): string {
  const { add, install } = managerOf(folder);
  const listed = nearestPackage(folder);
  return listed && lists(listed.content, name)
    ? `${listed.file} lists it, but it is not installed. To install what is listed: ${install}`
    : `To install it: ${add} ${name}`;
}

function managerOf(folder: string): PackageManager {
  const found = packageManagers.find(({ lockFile }) => existsSync(join(folder, lockFile)));
  const parent = dirname(folder);
  if (found) return found;
  return parent === folder ? packageManagers.at(-1)! : managerOf(parent);
}

function lists(content: unknown, name: string): boolean {
  const manifest = (content ?? {}) as Record<string, unknown>;
  return ['dependencies', 'devDependencies', 'optionalDependencies'].some((member) => {
    const packages = manifest[member];
    return typeof packages === 'object' && packages !== null && Object.hasOwn(packages, name);
  });
}

/** Whether Node did not find this very module, and not one that it imports. */
export function isMissing(error: unknown, specifier: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isCode = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  if (!isCode || typeof message !== 'string') return false;
  const name = packageName(specifier);
  return message.includes(`'${specifier}'`) || message.includes(`'${name}'`) || isPath(specifier);
}

/** A module that is there, but does not export the name. */
export class MissingExportError extends SyntaxError {
  override name = 'MissingExportError';

  constructor(specifier: string, missing: string, exported: string[]) {
    const near = nearest(missing, exported);
    const shown = exported.filter((name) => name !== 'default').slice(0, 12);
    const hint =
      near === undefined
        ? ` It exports ${shown.join(', ') || 'nothing'}${exported.length > 12 ? ', …' : ''}.`
        : ` Did you mean '${near}'?`;
    super(`Module '${specifier}' exports no '${missing}'.${hint}`);
  }
}

/** The name one or two typing errors away, if there is one. */
function nearest(name: string, candidates: string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= Math.min(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return best?.candidate;
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + cost,
        swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

export function isPath(specifier: string): boolean {
  return /^(?:\.{0,2}[\\/]|\.{1,2}$|file:|[A-Za-z]:[\\/])/.test(specifier);
}

/** `@scope/name/deep` → `@scope/name` */
export function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
