import type { Json } from '../contract/mime.js';
import type { CommMessage } from '../contract/protocol.js';

/** What came of a request. `unknown`: nobody takes requests for the target; `ended`: there is no kernel (any more). */
export type CommOutcome =
  | { kind: 'answer'; data: Json }
  | { kind: 'failed'; message: string }
  | { kind: 'unknown' }
  | { kind: 'ended' };

/** Requests of pictures that wait for the kernel's answer, each on a comm of its own. */
export class CommRequests {
  readonly #waiting = new Map<string, (outcome: CommOutcome) => void>();
  #asked = 0;

  ask(target: string, data: Json, send: (message: CommMessage) => void): Promise<CommOutcome> {
    const commId = `request-${String(++this.#asked)}`;
    return new Promise((resolve) => {
      this.#waiting.set(commId, resolve);
      send({ type: 'comm', commId, phase: 'open', target, data });
    });
  }

  /** @returns whether it belongs to a request */
  receive({ commId, phase, data }: CommMessage): boolean {
    const resolve = this.#waiting.get(commId);
    if (!resolve) return commId.startsWith('request-');
    this.#waiting.delete(commId);
    resolve(phase === 'message' ? { kind: 'answer', data } : toFailure(data));
    return true;
  }

  /** The process has ended. */
  settle(): void {
    for (const resolve of this.#waiting.values()) resolve({ kind: 'ended' });
    this.#waiting.clear();
  }
}

function toFailure(data: Json): CommOutcome {
  const error =
    typeof data === 'object' && data !== null && !Array.isArray(data) ? data['error'] : undefined;
  return typeof error === 'string' ? { kind: 'failed', message: error } : { kind: 'unknown' };
}
