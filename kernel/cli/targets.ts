/** Where the results of a run go. */
import { statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { type RunArguments, UsageError } from './arguments.js';

export interface Target {
  notebook: string;
  output: string | undefined;
  html: string | undefined;
  /** The page runs no script. */
  isStatic: boolean;
  /** For what cells print beyond what a notebook holds; made when it is needed. Undefined: nothing is kept. */
  files: string | undefined;
}

/** @throws UsageError where two notebooks would write the same file, or several share one */
export function toTargets({ notebooks, output, html, inPlace, isStatic }: RunArguments): Target[] {
  const isSingle = notebooks.length === 1;
  const seen = new Set<string>();
  const place = (option: string, path: string | undefined, name: string): string | undefined => {
    if (path === undefined) return undefined;
    const isFolder = isFolderPath(path);
    if (!isFolder && !isSingle)
      throw new UsageError(`${option}: expected a folder for several notebooks, got '${path}'`);
    const file = isFolder ? join(path, name) : path;
    if (seen.has(resolve(file)))
      throw new UsageError(`${option}: two notebooks would be written to '${file}'`);
    seen.add(resolve(file));
    return file;
  };
  return notebooks.map((notebook) => {
    const name = nameOf(notebook);
    if (inPlace && isText(notebook))
      throw new UsageError(
        `--in-place: a text notebook keeps no outputs, so '${notebook}' needs --output with an .ipynb`,
      );
    const written = inPlace ? notebook : place('--output', output, `${name}.ipynb`);
    const page = place('--html', html, `${name}.html`);
    return { notebook, output: written, html: page, isStatic, files: filesBeside(written ?? page) };
  });
}

/** A notebook in an ordinary TypeScript file. */
export const isText = (file: string): boolean => /\.[cm]?ts$/.test(file);

/** `train` of `folder/train.ipynb` and of `folder/train.nb.ts`. */
export const nameOf = (notebook: string): string =>
  basename(notebook, extname(notebook)).replace(/(?<=.)\.nb$/, '');

export function isFolderPath(path: string): boolean {
  if (/[/\\]$/.test(path)) return true;
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function filesBeside(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return join(resolve(dirname(file)), `${basename(file, extname(file))}_files`);
}

/** How a file that is written names those beside it, wherever it is moved together with them. */
export const namedFrom = (file: string, folder: string): string =>
  relative(resolve(dirname(file)), folder).replaceAll('\\', '/');
