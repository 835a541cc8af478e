/**
 * Which notebooks had a kernel when their window was reloaded or closed, or its extension host died: kernels go with
 * it, while the notebook comes back with its outputs, as if its variables were still there.
 */
import type * as vscode from 'vscode';

const key = 'unroll.notebooksWithKernel';

export const lostWithWindow =
  'A fresh kernel was started: the variables of earlier cells are gone, since the window was reloaded or closed.\n';

export class FormerKernels {
  /** Had a kernel in the window's earlier life, and have run nothing since. */
  readonly #lost: Set<string>;
  readonly #running = new Set<string>();

  constructor(
    /** The workspace's: it outlives the window. */
    private readonly memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#lost = new Set(memory.get<string[]>(key, []));
  }

  /**
   * The notebook gets a kernel.
   * @returns whether one that it had was lost with the window
   */
  started({ uri }: vscode.NotebookDocument): boolean {
    const wasLost = this.#lost.delete(uri.toString());
    this.#running.add(uri.toString());
    this.#remember();
    return wasLost;
  }

  /** The notebook was closed or left our kernel: whoever opens it again expects no variables. */
  ended({ uri }: vscode.NotebookDocument): void {
    const address = uri.toString();
    const wasKnown = [this.#lost.delete(address), this.#running.delete(address)].includes(true);
    if (wasKnown) this.#remember();
  }

  /** Saved or renamed, with its kernel. */
  moved(from: vscode.NotebookDocument, to: vscode.NotebookDocument): void {
    if (!this.#running.delete(from.uri.toString())) return;
    this.#running.add(to.uri.toString());
    this.#remember();
  }

  #remember(): void {
    this.memory.update(key, [...this.#lost, ...this.#running]).then(undefined, (error: unknown) => {
      this.log.warn(`Which notebooks have a kernel could not be noted: ${String(error)}`);
    });
  }
}
