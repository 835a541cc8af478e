/**
 * Which requests an interrupt can still stop. Interrupts come on a pipe of their own, so one may be here
 * before the request that it means has come or begun; that then ends as soon as it begins.
 */
export class StoppableRequests {
  /** Requests that came, or whose interrupt came first; `ended` ones need not be stopped. */
  readonly #states = new Map<string, 'waiting' | 'stopped' | 'running' | 'ended'>();

  /** It is in the queue. */
  came(id: string): void {
    if (!this.#states.has(id)) this.#states.set(id, 'waiting');
  }

  /** An interrupt means it, which does not run now. @returns whether that is still to begin */
  stop(id: string): boolean {
    const state = this.#states.get(id);
    if (state === undefined || state === 'waiting') this.#states.set(id, 'stopped');
    return this.#states.get(id) === 'stopped';
  }

  /** @returns `stopped` where it must not run */
  begins(id: string): 'running' | 'stopped' {
    if (this.#states.get(id) === 'stopped') return 'stopped';
    this.#states.set(id, 'running');
    return 'running';
  }

  ends(id: string): void {
    this.#states.set(id, 'ended');
  }
}
