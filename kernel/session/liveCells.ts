/**
 * The cells that have begun and not ended. One has the turn: the next begins when it ends. A cell whose
 * training is paused gives its turn away; when it is resumed it goes on beside whichever has the turn by then,
 * and gets it back before any new cell.
 */
import type { Execution } from './execution.js';

export class LiveCells {
  readonly #cells = new Map<string, Execution>();
  readonly #paused = new Set<Execution>();
  #running: Execution | undefined;

  /** The one that has the turn. */
  get running(): Execution | undefined {
    return this.#running;
  }

  byId(id: string): Execution | undefined {
    return this.#cells.get(id);
  }

  begin(execution: Execution): void {
    this.#cells.set(execution.id, execution);
    this.#running = execution;
  }

  end(execution: Execution): void {
    this.#cells.delete(execution.id);
    this.#paused.delete(execution);
    if (this.#running === execution) this.#passTurn();
  }

  isPaused(execution: Execution): boolean {
    return this.#paused.has(execution);
  }

  pause(execution: Execution): void {
    this.#paused.add(execution);
    if (this.#running === execution) this.#passTurn();
  }

  resume(execution: Execution): void {
    this.#paused.delete(execution);
    this.#running ??= execution;
  }

  /** To a cell that goes on beside, the oldest first; else it is free. */
  #passTurn(): void {
    const { value } = [...this.#cells.values()]
      .filter((one) => !this.#paused.has(one) && one !== this.#running)
      .values()
      .next();
    this.#running = value;
  }
}
