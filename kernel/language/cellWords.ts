/** TypeScript's texts as a notebook's reader needs them: no file of ours in them. */
import type { NotebookProgram } from './notebookProgram.js';

const qualified = /(?:typeof )?import\("([^"]*unroll-cell-\d+)"\)(?:\.([\p{ID_Continue}$]+))?/gu;
const quoted = /(["'])[^"']*?(unroll-cell-\d+)\1/gu;

/** `import("…/unroll-cell-3").Point` → `Point (cell 2)`, counted from 1 over the notebook's TypeScript cells. */
export function inCellWords(program: NotebookProgram, text: string): string {
  if (!text.includes('unroll-cell-')) return text;
  const cellOf = (path: string) => {
    const name = `${path.slice(path.lastIndexOf('/') + 1)}.ts`;
    const index = program.cells.all.findIndex(({ fileName }) => fileName.endsWith(`/${name}`));
    return `cell ${index + 1}`;
  };
  return text
    .replace(qualified, (_, path: string, name?: string) =>
      name === undefined ? cellOf(path) : `${name} (${cellOf(path)})`,
    )
    .replace(quoted, (_, __, path: string) => cellOf(path));
}
