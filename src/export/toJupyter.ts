/** An open notebook, with what it shows right now, as the text of an `.ipynb` file (nbformat 4.5). */
import * as vscode from 'vscode';

const stdout = 'application/vnd.code.notebook.stdout';
const stderr = 'application/vnd.code.notebook.stderr';
const error = 'application/vnd.code.notebook.error';

export function toJupyter(notebook: vscode.NotebookDocument): string {
  const cells = notebook.getCells().map(toCell);
  const metadata = { language_info: { name: 'typescript' } };
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells });
}

function toCell({ kind, document, metadata, outputs, executionSummary }: vscode.NotebookCell) {
  const { metadata: own = {}, attachments } = metadata as {
    metadata?: object;
    attachments?: object | null;
  };
  const source = document.getText();
  if (kind === vscode.NotebookCellKind.Markup)
    return { cell_type: 'markdown', metadata: own, source, ...(attachments && { attachments }) };
  const { languageId } = document;
  if (languageId === 'raw') return { cell_type: 'raw', metadata: own, source };
  const other = languageId === 'typescript' ? {} : { vscode: { languageId } };
  return {
    cell_type: 'code',
    metadata: { ...own, ...other },
    source,
    execution_count: executionSummary?.executionOrder ?? null,
    outputs: outputs.map(toOutput),
  };
}

function toOutput({ items }: vscode.NotebookCellOutput) {
  const failed = items.find(({ mime }) => mime === error);
  if (failed) {
    const { name, message, stack } = JSON.parse(textOf(failed)) as Partial<Error>;
    const traceback = (stack ?? `${name ?? 'Error'}: ${message ?? ''}`).split('\n');
    return { output_type: 'error', ename: name ?? 'Error', evalue: message ?? '', traceback };
  }
  const text = (stream: string) => items.filter(({ mime }) => mime === stream).map(textOf);
  for (const [name, stream] of [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const)
    if (text(stream).length > 0)
      return { output_type: 'stream', name, text: text(stream).join('') };
  const data = Object.fromEntries(items.map((item) => [item.mime, contentOf(item)]));
  return { output_type: 'display_data', data, metadata: {} };
}

/** JSON as the value, text as text, all else as base64. */
function contentOf(item: vscode.NotebookCellOutputItem): unknown {
  const { mime, data } = item;
  if (/^application\/(.*\+)?json$/.test(mime)) return JSON.parse(textOf(item)) as unknown;
  if (mime.startsWith('text/') || mime === 'image/svg+xml') return textOf(item);
  return Buffer.from(data).toString('base64');
}

const textOf = ({ data }: vscode.NotebookCellOutputItem): string => new TextDecoder().decode(data);
