import { hasTag, sourceOf, type Notebook, type NotebookCell } from './nbformat.js';

/** A parameter cannot be given to this notebook. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

/**
 * Gives values to a notebook's parameters, as papermill does: a cell tagged `injected-parameters` goes in
 * behind the cell tagged `parameters` and declares them anew. A value is JSON where it parses as such, else text.
 *
 * @throws ParameterError if the notebook has no such cell, or the cell does not declare the name
 * Source: https://papermill.readthedocs.io/en/latest/usage-parameterize.html
 */
export function injectParameters(
  notebook: Notebook,
  parameters: ReadonlyMap<string, string>,
  file: string,
): void {
  if (parameters.size === 0) return;
  const index = notebook.cells.findIndex((cell) => hasTag(cell, 'parameters'));
  const cell = notebook.cells[index];
  if (!cell)
    throw new ParameterError(`${file}: no cell is tagged 'parameters', so none can be given`);
  const source = sourceOf(cell);
  const lines = [...parameters].map(([name, value]) => {
    if (!declares(source, name))
      throw new ParameterError(
        `${file}: the notebook has no parameter '${name}': the cell tagged 'parameters' does not declare it`,
      );
    return `const ${name} = ${toLiteral(value)};`;
  });
  const injected: NotebookCell = {
    id: 'injected-parameters',
    cell_type: 'code',
    metadata: { tags: ['injected-parameters'] },
    source: `// Parameters\n${lines.join('\n')}`,
    execution_count: null,
    outputs: [],
  };
  const earlier = notebook.cells.findIndex((one) => hasTag(one, 'injected-parameters'));
  if (earlier >= 0) notebook.cells.splice(earlier, 1, injected);
  else notebook.cells.splice(index + 1, 0, injected);
}

/** Alone (`const a = 1`) or among others (`let a = 1, b: number = 2`). */
function declares(source: string, name: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  const declaration = `(?<![\\w$.])(?:const|let|var)\\s(?:[^;]*?,)?\\s*${escaped}(?![\\w$])\\s*[=:]`;
  return new RegExp(declaration).test(source);
}

function toLiteral(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    // Not JSON: the text itself is meant.
    return JSON.stringify(value);
  }
}
