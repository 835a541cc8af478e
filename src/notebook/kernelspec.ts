/** What a notebook file says of the kernel it was made for, as VS Code's `.ipynb` serializer holds it. */

export const notebookType = 'jupyter-notebook';
/** `*.nb.ts`, opened as a notebook. */
export const textNotebookType = 'unroll-text-notebook';
export const notebookTypes: readonly string[] = [notebookType, textNotebookType];
export const controllerId = 'unroll-typescript';
export const language = 'typescript';

const kernelspec = { name: 'unroll', display_name: 'TypeScript (Unroll)', language };
const languageInfo = { name: language };

type Members = Readonly<Record<string, unknown>>;

/** Whether the notebook names our kernel, or TypeScript and no kernel at all. */
export function isMadeForUs(notebook: Members): boolean {
  const { kernelspec: spec, language_info: info } = membersOf(notebook['metadata']);
  const { name } = membersOf(spec);
  if (name !== undefined) return name === kernelspec.name;
  return membersOf(info)['name'] === language || membersOf(spec)['language'] === language;
}

/** Whether the file would bring our kernel back. */
export function namesOurKernel(notebook: Members): boolean {
  const { kernelspec: spec, language_info: info } = membersOf(notebook['metadata']);
  return membersOf(spec)['name'] === kernelspec.name && membersOf(info)['name'] === language;
}

/** The notebook's metadata with our kernel in it; all else stays. */
export function withOurKernel(notebook: Members): Record<string, unknown> {
  const metadata = { ...membersOf(notebook['metadata']), kernelspec, language_info: languageInfo };
  return { ...notebook, metadata };
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
