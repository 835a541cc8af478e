/**
 * Orders to go on that the debugger has not answered. A cell may end before it has; a session that ends then loses the
 * answer, and whoever pressed the button reads "Unable to resume".
 */

/** Of the Debug Adapter Protocol. */
interface Message {
  seq?: number;
  request_seq?: number;
  type?: string;
  command?: string;
}

const orders = ['continue', 'next', 'stepIn', 'stepOut'];

export class Resumptions {
  /** By session and the order's number. */
  readonly #unanswered = new Set<string>();
  readonly #waiting = new Set<() => void>();

  asked(session: string, { command = '', seq }: Message): void {
    if (orders.includes(command)) this.#unanswered.add(`${session} ${String(seq)}`);
  }

  answered(session: string, { type, request_seq: asked }: Message): void {
    if (type === 'response') this.#forget((one) => one === `${session} ${String(asked)}`);
  }

  /** The session has ended: it answers no more. */
  ended(session: string): void {
    this.#forget((one) => one.startsWith(`${session} `));
  }

  /** Resolves when all are answered. */
  async settled(): Promise<void> {
    if (this.#unanswered.size === 0) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #forget(isMeant: (order: string) => boolean): void {
    for (const order of this.#unanswered) if (isMeant(order)) this.#unanswered.delete(order);
    if (this.#unanswered.size > 0) return;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }
}
