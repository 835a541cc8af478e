/** `*.nb.ts` as a notebook, opened as one by choice: cells without outputs, which are not kept. */
import * as vscode from 'vscode';
import { textNotebookType, withOurKernel } from '../notebook/kernelspec.js';
import {
  parsePercentText,
  type TextCell,
  toPercentText,
} from '../../kernel/contract/percentFormat.js';

/** What of the file is neither cell nor metadata of ours. */
interface FileMetadata {
  header?: readonly string[];
  isFirstBare?: boolean;
  hasCarriageReturns?: boolean;
}

const serializer: vscode.NotebookSerializer = {
  deserializeNotebook: (content) => toNotebookData(new TextDecoder().decode(content)),
  serializeNotebook: (data) => new TextEncoder().encode(toText(data)),
};

export function registerTextNotebooks(): vscode.Disposable {
  return vscode.workspace.registerNotebookSerializer(textNotebookType, serializer, {
    transientOutputs: true,
  });
}

export function toNotebookData(text: string): vscode.NotebookData {
  const { cells, ...file } = parsePercentText(text);
  const data = new vscode.NotebookData(cells.map(toCellData));
  data.metadata = withOurKernel({ file: file satisfies FileMetadata });
  return data;
}

/** Cells of any notebook, `.ipynb` too, whose metadata has the same form. */
export function toText({ cells, metadata }: vscode.NotebookData): string {
  const file = (metadata?.['file'] ?? {}) as FileMetadata;
  return toPercentText({ header: [], isFirstBare: false, ...file, cells: cells.map(toTextCell) });
}

function toCellData({ kind, language, text, metadata }: TextCell): vscode.NotebookCellData {
  const { Code, Markup } = vscode.NotebookCellKind;
  const cell = new vscode.NotebookCellData(kind === 'code' ? Code : Markup, text, language);
  const { attachments, ...own } = metadata;
  cell.metadata = { metadata: own, ...(attachments === undefined ? {} : { attachments }) };
  return cell;
}

function toTextCell({ kind, value, languageId, metadata = {} }: vscode.NotebookCellData): TextCell {
  const { metadata: own = {}, attachments } = metadata as {
    metadata?: Record<string, unknown>;
    attachments?: unknown;
  };
  const hasAttachments = attachments !== undefined && attachments !== null;
  return {
    kind: kind === vscode.NotebookCellKind.Code ? 'code' : 'markdown',
    language: languageId,
    text: value,
    metadata: { ...withoutVscode(own), ...(hasAttachments ? { attachments } : {}) },
  };
}

/** VS Code notes a cell's language there too, which the marker has already. */
function withoutVscode(metadata: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== 'vscode'));
}
