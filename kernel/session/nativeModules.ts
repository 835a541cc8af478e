/** Modules that Node loads: packages and its own. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isModulePackage } from './files/fileFormat.js';
import { createNamespace, type Namespace } from './files/fileModule.js';

/** Import attributes. */
export interface LoadOptions {
  with?: Record<string, string>;
}

const widened = new WeakMap<Namespace, Namespace>();

export async function importNative(url: string, options: LoadOptions): Promise<Namespace> {
  const path = url.startsWith('file:') ? fileURLToPath(url) : undefined;
  // JSON needs no attribute here.
  if (path !== undefined && (path.endsWith('.json') || options.with?.type === 'json')) {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    const named = typeof value === 'object' && !Array.isArray(value) ? { ...value } : {};
    return createNamespace({ ...named, default: value });
  }
  const namespace = (await import(url)) as Namespace;
  return path !== undefined && isCommonJs(path) ? withAllNames(namespace) : namespace;
}

const requireHere = createRequire(import.meta.url);

export function requireNative(url: string): unknown {
  return requireHere(url.startsWith('file:') ? fileURLToPath(url) : url);
}

function isCommonJs(path: string): boolean {
  const extension = extname(path);
  return extension === '.cjs' || (extension === '.js' && !isModulePackage(dirname(path)));
}

/**
 * Node guesses a CommonJS module's names from its text and misses some. Compilers and bundlers, which
 * people write their imports for, let any of them be imported.
 */
function withAllNames(namespace: Namespace): Namespace {
  const known = widened.get(namespace);
  if (known) return known;
  const exports = namespace['default'];
  const isObject =
    (typeof exports === 'object' && exports !== null) || typeof exports === 'function';
  const missed = isObject ? Object.keys(exports).filter((name) => !(name in namespace)) : [];
  const all = missed.length === 0 ? namespace : createNamespace({ ...namespace });
  for (const name of missed) {
    // Packages make members that load more only when they are read.
    Object.defineProperty(all, name, {
      enumerable: true,
      get: () => (exports as Namespace)[name],
    });
  }
  widened.set(namespace, all);
  return all;
}
