/**
 * What the main thread and the interrupt worker agree on, in shared memory.
 *
 * `request` is where an interrupt stands:
 *
 *   none ─worker─> asked ─main─> none            the main thread was free and stopped the cell itself
 *                  asked ─worker─> forced        it did not answer: its execution is being terminated
 *                         forced ─main─> hit     it ran into the termination
 *                         forced ─worker─> hit   V8 reports that the termination is over
 *                  hit ─main─> none              it stopped the cell and is ready for more
 *
 * `kernelWork` counts the kernel's own work that must not be torn (compiling, sending): the worker does
 * not force while it is above zero, and the main thread does not begin such work while `forced`.
 */
export const word = { request: 0, kernelWork: 1 } as const;

export const request = { none: 0, asked: 1, forced: 2, hit: 3 } as const;

export interface InterruptWorkerData {
  shared: SharedArrayBuffer;
  controlFd: number;
}

/** What the worker says to the main thread; `parent` is the request that is meant, if one is named. */
export type InterruptWorkerMessage =
  { type: 'connected' } | { type: 'asked'; parent?: string } | { type: 'hit' } | { type: 'left' };

/** What the main thread says to the worker: which request runs now, or that the process is to end. */
export type MainThreadMessage = { type: 'running'; request: string | null } | { type: 'leave' };
