/**
 * The packages that the notebook's project depends on, as a program, so that completion can offer what they export
 * before any cell imports them. VS Code's TypeScript service has the same for files.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** A project with more has so many declarations that reading them would be felt. */
const mostPackages = 20;

/** By project and options: the notebooks of a project share one. */
const known = new Map<string, ts.Program | undefined>();

/** @returns undefined where there is no `package.json`, or none of its packages has declarations. */
export function dependencyProgram(
  folder: string,
  options: ts.CompilerOptions,
): ts.Program | undefined {
  const manifest = ts.findConfigFile(folder, (name) => ts.sys.fileExists(name), 'package.json');
  if (manifest === undefined) return undefined;
  const key = JSON.stringify([manifest, options]);
  if (!known.has(key)) known.set(key, createProgram(manifest, options));
  return known.get(key);
}

/** Packages were added, removed or brought up to date. */
export function forgetDependencyPrograms(): void {
  known.clear();
}

function createProgram(manifest: string, options: ts.CompilerOptions): ts.Program | undefined {
  const names = dependenciesOf(manifest).slice(0, mostPackages);
  const from = join(dirname(manifest), 'cell.ts');
  const rootNames = names.flatMap((name) => {
    const { resolvedModule } = ts.resolveModuleName(name, from, options, ts.sys);
    const file = resolvedModule?.resolvedFileName;
    return file !== undefined && /\.d\.[cm]?ts$/.test(file) ? [file] : [];
  });
  if (rootNames.length === 0) return undefined;
  return ts.createProgram(rootNames, { ...options, lib: [], noLib: true, types: [] });
}

function dependenciesOf(manifest: string): string[] {
  try {
    const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    return Object.keys(dependencies ?? {});
  } catch (error) {
    // It is being edited.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
