/**
 * Messages that belong to no cell, from pictures to what made them: the front end opens a comm for a target with
 * a request, the handler of that target answers it with one message, and the comm is closed.
 *
 * A handler runs as soon as the event loop is free: at once while nothing runs or a cell awaits something
 * (training does, between steps), else when the cell's code lets go.
 */
import type { Json } from '../contract/mime.js';
import type { CommMessage, KernelEvent } from '../contract/protocol.js';

export type AnswerRequest = (request: Json) => Json;

export class Comms {
  readonly #handlers = new Map<string, AnswerRequest>();

  constructor(private readonly emit: (event: KernelEvent) => void) {}

  /** Later handlers of a target replace earlier ones. */
  answer(target: string, handler: AnswerRequest): void {
    this.#handlers.set(target, handler);
  }

  /** A target without a handler gets the answer that Jupyter prescribes: the comm is closed. */
  handle({ phase, commId, target, data }: CommMessage): void {
    if (phase !== 'open') return;
    const handler = target === undefined ? undefined : this.#handlers.get(target);
    const close = (reason: Json) =>
      this.emit({ type: 'comm', commId, phase: 'close', data: reason });
    if (!handler) {
      close(null);
      return;
    }
    try {
      this.emit({ type: 'comm', commId, phase: 'message', data: handler(data) });
      close(null);
    } catch (error) {
      close({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
