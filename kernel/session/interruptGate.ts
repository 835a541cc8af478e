/**
 * What the interrupt worker and the main thread say to each other while an interrupt is decided.
 *
 * V8 handles an inspector's message in the middle of running code, on the main thread. So the worker asks
 * there (`globalThis[askKey]`), and the main thread decides with what it executes still on its stack:
 *
 *   none ─worker─> asked ─main─> later       nothing that may be ended is running: ask again
 *                        ─main─> noted       the main thread was free, and stops the cell in its next turn
 *                        ─main─> over        the request that is meant has ended
 *                        ─main─> terminate   the code on the stack is to end: the main thread waits
 *   terminate ─worker─> ordered              `Runtime.terminateExecution` is next in its queue: it goes on
 *
 * What ends is then what was looked at: nothing runs between the decision and the termination.
 */
export const verdict = {
  none: 0,
  asked: 1,
  later: 2,
  noted: 3,
  over: 4,
  terminate: 5,
  ordered: 6,
} as const;

/** Where the main thread answers. */
export const askKey = 'unroll.interrupt';

/**
 * @param parent The request that is meant, or null: whatever runs.
 * @param waitedMs Since the interrupt came; very long where it is to hit at once.
 * @param triedMs Since it was first tried, or tried again, to hit the code that runs.
 */
export type Ask = (parent: string | null, waitedMs: number, triedMs: number) => void;

/** The script's name in the stack: what stands above it is the decision itself. */
export const askUrl = 'node:unroll-interrupt';

export interface InterruptWorkerData {
  /** One `Int32`, a `verdict`. */
  gate: SharedArrayBuffer;
  controlFd: number;
}

export type InterruptWorkerMessage =
  | { type: 'connected' }
  | { type: 'left' }
  /** A line on the control pipe that is no message. */
  | { type: 'refused'; reason: string };

/** The process is to end. */
export interface LeaveMessage {
  type: 'leave';
}
