/** A cell's breakpoints in one session: which text of the cell they are set in, and that they follow it when it runs. */
import * as vscode from 'vscode';

const setWithinMs = 1000;

export class CellBreakpoints {
  /** In which file they were set last, by the cell's URI. */
  readonly #files = new Map<string, string>();
  readonly #waiting = new Set<() => void>();

  /** @returns the file that they were in before, for another text: it is to have none any more */
  set(cell: string, file: string): string | undefined {
    const before = this.#files.get(cell);
    this.#files.set(cell, file);
    for (const go of this.#waiting) go();
    return before === file ? undefined : before;
  }

  /**
   * VS Code sets breakpoints when they change, not when the text of a cell does. Before an edited cell runs it is made to
   * set them again, by a breakpoint that comes and goes.
   *
   * @param file Stands for the text that is about to run.
   */
  async renew({ document }: vscode.NotebookCell, file: string | undefined): Promise<void> {
    const uri = document.uri.toString();
    const before = this.#files.get(uri);
    if (before === undefined || before === file) return;
    const position = new vscode.Location(document.uri, new vscode.Position(0, 0));
    const passing = new vscode.SourceBreakpoint(position, false);
    const isSet = () => this.#files.get(uri) === file;
    vscode.debug.addBreakpoints([passing]);
    await this.#until(isSet);
    vscode.debug.removeBreakpoints([passing]);
  }

  async #until(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (isSo()) end();
      };
      const timer = setTimeout(end, setWithinMs);
      this.#waiting.add(look);
    });
  }
}
