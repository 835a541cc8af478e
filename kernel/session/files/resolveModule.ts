/**
 * What an import means: a file of the workspace, which the kernel compiles, or something that Node loads.
 *
 * Names that are no paths go through `paths` and `baseUrl` of the importing file's `tsconfig.json` first.
 * Files are found as TypeScript finds them: without their extension, as a folder's `index`, and `x.js`
 * where the source is `x.ts`.
 */
import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';
import { DataNotFoundError, isMissing, isPath, ModuleNotFoundError } from '../moduleErrors.js';
import type { TsConfig } from './tsconfigs.js';

export type Target = { kind: 'file'; path: string } | { kind: 'native'; url: string };

export interface ResolveContext {
  /** URL of the bundle that `unroll` means. */
  libraryUrl: string;
  configOf: (folder: string) => TsConfig | undefined;
}

const libraryName = 'unroll';
/** What comes along for examples: files in a folder beside the library's bundle. */
const dataPrefix = 'unroll/data/';
const typescriptExtensions = ['.ts', '.tsx', '.mts', '.cts'];
const ownExtensions = [...typescriptExtensions, '.js', '.jsx', '.mjs', '.cjs', '.json'];
/** Extension as imported → those of sources that it may be compiled from. */
const sources: Record<string, string[]> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/**
 * @param parent Path of the file that imports.
 * @throws {ModuleNotFoundError}
 */
export function resolveModule(specifier: string, parent: string, context: ResolveContext): Target {
  const folder = dirname(parent);
  if (specifier === libraryName) return { kind: 'native', url: context.libraryUrl };
  if (isDataFile(specifier)) {
    return { kind: 'native', url: pathToFileURL(dataFile(specifier, context.libraryUrl)).href };
  }
  if (isBuiltin(specifier)) {
    return { kind: 'native', url: specifier.startsWith('node:') ? specifier : `node:${specifier}` };
  }
  if (isPath(specifier)) {
    const found = findFile(pathOf(specifier, folder));
    if (found === undefined) throw new ModuleNotFoundError(specifier, folder);
    return toTarget(found);
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return { kind: 'native', url: specifier };
  let problem: unknown;
  try {
    const mapped = findMapped(specifier, context.configOf(folder));
    if (mapped !== undefined) return toTarget(mapped);
  } catch (error) {
    // A package needs no tsconfig.json. Where there is none either, that is what is wrong.
    problem = error;
  }
  try {
    return resolvePackage(specifier, parent);
  } catch (error) {
    throw problem ?? error;
  }
}

export const isDataFile = (specifier: string): boolean => specifier.startsWith(dataPrefix);

/** The path of `unroll/data/…`. @throws {DataNotFoundError} */
export function dataFile(specifier: string, libraryUrl: string): string {
  const data = new URL('data/', libraryUrl);
  const url = new URL(specifier.slice(dataPrefix.length), data);
  const path = fileURLToPath(url);
  if (!url.href.startsWith(data.href) || !isFile(path))
    throw new DataNotFoundError(specifier, data);
  return path;
}

function resolvePackage(specifier: string, parent: string): Target {
  let url: string;
  try {
    url = resolveImport(specifier, pathToFileURL(parent).href);
  } catch (error) {
    throw isMissing(error, specifier) ? new ModuleNotFoundError(specifier, dirname(parent)) : error;
  }
  if (!url.startsWith('file:')) return { kind: 'native', url };
  const found = existingFile(fileURLToPath(url));
  // The resolver takes a file at its word.
  if (found === undefined) throw new ModuleNotFoundError(specifier, dirname(parent));
  return toTarget(found, url);
}

/** Packages are Node's, unless they are TypeScript or link to a folder of the workspace. */
export function toTarget(path: string, url = pathToFileURL(path).href): Target {
  const extension = extname(path);
  const isInstalled = /[\\/]node_modules[\\/]/.test(path);
  const isOurs = isInstalled
    ? typescriptExtensions.includes(extension)
    : ownExtensions.includes(extension);
  return isOurs ? { kind: 'file', path } : { kind: 'native', url };
}

function pathOf(specifier: string, folder: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier.replace(/[?#].*$/, ''));
  const path = decodeURI(specifier.replace(/[?#].*$/, ''));
  return isAbsolute(path) ? path : resolve(folder, path);
}

function findMapped(specifier: string, config: TsConfig | undefined): string | undefined {
  if (!config) return undefined;
  for (const candidate of mappedPaths(specifier, config)) {
    const found = findFile(candidate);
    if (found !== undefined) return found;
  }
  return config.baseUrl === undefined ? undefined : findFile(join(config.baseUrl, specifier));
}

/** An exact pattern comes first, then the one with the longest text before its `*`. */
function mappedPaths(specifier: string, { paths }: TsConfig): string[] {
  const exact = paths.find(([pattern]) => pattern === specifier);
  if (exact) return exact[1];
  const matches = paths.flatMap(([pattern, targets]) => {
    const [before = '', after] = pattern.split('*');
    const fits =
      after !== undefined &&
      specifier.length >= before.length + after.length &&
      specifier.startsWith(before) &&
      specifier.endsWith(after);
    if (!fits) return [];
    const matched = specifier.slice(before.length, specifier.length - after.length);
    return [{ before, targets: targets.map((target) => target.replace('*', () => matched)) }];
  });
  matches.sort((a, b) => b.before.length - a.before.length);
  return matches[0]?.targets ?? [];
}

/** The file that a path without its extension, of a folder or of compiled code stands for. */
function findFile(path: string): string | undefined {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const compiledFrom = (sources[extension] ?? []).map((one) => stem + one);
  return [
    ...compiledFrom,
    path,
    ...ownExtensions.map((one) => path + one),
    ...ownExtensions.map((one) => join(path, `index${one}`)),
  ].find(isFile);
}

/** A package says what it means: its compiled file is not taken for the source beside it. */
export function existingFile(path: string): string | undefined {
  return isFile(path) ? path : findFile(path);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
