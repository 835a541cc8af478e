/**
 * The errors of cells as diagnostics in their text, until the cell is edited or runs again. What does not parse the
 * language service marks too: then its mark stays, and ours is not shown beside it.
 */
import * as vscode from 'vscode';
import type { ErrorFrame, ErrorReport } from '../../kernel/contract/protocol.js';

export class CellDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('unroll');
  /** The text's version that ran: an error has nothing to say of a later one. */
  readonly #ran = new Map<string, number>();
  readonly #listeners = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) this.#forget(document);
    }),
    vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)),
    vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      for (const uri of uris) this.#dropMarkedElsewhere(uri);
    }),
  );

  /** The cell begins to run. */
  begin({ document }: vscode.NotebookCell): void {
    this.#forget(document);
    this.#ran.set(document.uri.toString(), document.version);
  }

  /** The cell, or something that it left behind, failed. */
  add({ document }: vscode.NotebookCell, error: ErrorReport): void {
    const id = document.uri.toString();
    const frame = error.frames.find(({ cell }) => cell?.id === id);
    if (!frame || this.#ran.get(id) !== document.version) return;
    const diagnostic = new vscode.Diagnostic(rangeOf(document, frame), headline(error));
    diagnostic.source = ours;
    diagnostic.relatedInformation = related(error, frame);
    this.#collection.set(document.uri, [...(this.#collection.get(document.uri) ?? []), diagnostic]);
    this.#dropMarkedElsewhere(document.uri);
  }

  #dropMarkedElsewhere(uri: vscode.Uri): void {
    const own = this.#collection.get(uri) ?? [];
    if (!own.some(isOfParser)) return;
    const others = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== ours);
    const left = own.filter((one) => !isOfParser(one) || !others.some((other) => same(one, other)));
    if (left.length < own.length) this.#collection.set(uri, left);
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#collection.dispose();
  }

  #forget({ uri }: vscode.TextDocument): void {
    if (this.#ran.delete(uri.toString())) this.#collection.delete(uri);
  }
}

const ours = 'Unroll';

const isOfParser = ({ message }: vscode.Diagnostic): boolean => message.startsWith('SyntaxError: ');

const same = (own: vscode.Diagnostic, other: vscode.Diagnostic): boolean =>
  own.range.start.isEqual(other.range.start) && own.message.endsWith(other.message);

function headline({ name, message }: ErrorReport): string {
  return message === '' ? name : `${name}: ${message}`;
}

function rangeOf(document: vscode.TextDocument, frame: ErrorFrame): vscode.Range {
  const { line, column, endLine, endColumn } = frame;
  const start = new vscode.Position(line - 1, column - 1);
  if (endLine !== undefined && endColumn !== undefined) {
    return new vscode.Range(start, new vscode.Position(endLine - 1, endColumn - 1));
  }
  return document.getWordRangeAtPosition(start) ?? new vscode.Range(start, start.translate(0, 1));
}

/** Where else the error has been: deeper inside, and in what caused it. */
function related(error: ErrorReport, own: ErrorFrame): vscode.DiagnosticRelatedInformation[] {
  const frames = error.frames
    .filter((frame) => frame !== own && frame.code !== undefined)
    .map((frame) => toRelated(frame, `in ${frame.function ?? 'this line'}`));
  if (!error.cause) return frames;
  const [origin] = error.cause.frames.filter(({ code }) => code !== undefined);
  const cause = origin && toRelated(origin, `caused by ${headline(error.cause)}`);
  return cause ? [...frames, cause] : frames;
}

function toRelated(
  { cell, file, line, column }: ErrorFrame,
  message: string,
): vscode.DiagnosticRelatedInformation {
  const uri = cell ? vscode.Uri.parse(cell.id) : vscode.Uri.file(file ?? '');
  const position = new vscode.Position(line - 1, column - 1);
  return new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, position), message);
}
