/**
 * What a debugger sees of a cell: a file that exists nowhere, whose name stands for the cell and its text. So a front
 * end knows the file of the text that its user sees, and a cell that was edited since is another file.
 */

/** @param cellId The cell's, as in `CellReference`. */
export function cellSourceName(cellId: string, source: string): string {
  return `cell-${hash(`${cellId}\n${source}`)}.ts`;
}

/** 64 bits of FNV-1a, in two halves with different bases: enough to tell the cells of a session apart. */
function hash(text: string): string {
  let [low, high] = [0x811c9dc5, 0x050c5d1f];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 13);
  }
  return [low, high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}
