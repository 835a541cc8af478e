/**
 * The door between notebook functions (`display`, `clearOutput`, `input`, …), which live in the library,
 * and the session that runs the notebook. The two are bundled apart, so the session leaves its half on
 * `globalThis` under a registered symbol; outside a notebook nothing is there.
 */
import type { Json, MimeBundle } from '../contract/mime.js';

export interface NotebookHost {
  /** A value as the media that show it: its own display method's, else its bounded inspection as text. */
  toBundle(value: unknown): MimeBundle | Promise<MimeBundle>;
  /** Show a value. The same `displayId` again replaces the earlier output in place. */
  display(
    data: MimeBundle,
    options?: { displayId?: string; metadata?: Record<string, Json> },
  ): void;
  /** Which run of which cell asks. */
  execution(): string;
  /** Empty the cell's output, now or (`wait`) when the next output comes. */
  clearOutput(wait: boolean): void;
  /** Ask the user for a line of text; null where the question was dismissed. */
  input(prompt: string, password: boolean): Promise<string | null>;
  /**
   * Aborted when the user stops the cell that asks. Long work (training) listens to it and ends at its
   * next safe point; work of a timer or of an earlier cell is not meant and gets a signal of its own.
   */
  interruption(): AbortSignal;
  /**
   * Announces a run of `fit`. From then on the user can pause, steer and stop it, and stopping the cell that
   * asks ends it at its next step.
   *
   * @returns to be called whenever the run's status or settings have changed
   */
  training(run: SteeredRun): () => void;
  /**
   * Takes the requests that pictures send to a target, from now on in place of an earlier handler. It runs no
   * code of the user's; what it throws is told to the picture.
   */
  answer(target: string, handler: (request: Json) => Json): void;
}

/** A training run, as the session sees it. */
export interface SteeredRun {
  readonly status: 'running' | 'paused' | 'done' | 'stopped' | 'failed';
  readonly settings: { readonly lr: number; readonly clipNorm: number | undefined };
  /** Steps done, of so many. */
  progress(): { step: number; totalSteps: number };
  pause(): void;
  resume(): void;
  change(changes: { lr?: number; clipNorm?: number | null }): void;
  /** Ends at the next step boundary. */
  stop(): void;
  /** Its step was terminated. */
  abandon(reason: Error): void;
}

export const notebookHostKey = Symbol.for('unroll.notebook');

/** The session's half, or undefined outside a notebook. */
export function notebookHost(): NotebookHost | undefined {
  return (globalThis as { [notebookHostKey]?: NotebookHost })[notebookHostKey];
}
