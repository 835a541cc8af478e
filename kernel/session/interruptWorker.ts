/**
 * Runs in a thread of its own and reads the control pipe, because a busy main thread reads nothing.
 *
 * An interrupt first asks: a main thread that answers is not executing anything, and stops the cell
 * itself. One that does not answer is terminated, wherever it is. When the pipe ends the host is gone,
 * and so must this process be, however busy it is.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { ControlMessage } from '../contract/protocol.js';
import {
  type InterruptWorkerData,
  type InterruptWorkerMessage,
  type MainThreadMessage,
  request,
  word,
} from './interruptState.js';

/** A free main thread answers within a few milliseconds, also on a loaded machine within this. */
const answerWithinMs = 80;
/** Longer than the session gives a stopped cell for its `finally` blocks. */
const unwindWithinMs = 700;
/** A main thread that is free notices the end of its channel by itself and leaves in order. */
const leaveWithinMs = 500;

const { shared, controlFd } = workerData as InterruptWorkerData;
const state = new Int32Array(shared);
/** Connected once, while the main thread waits for it, and not in the middle of a cell. */
const session = new Session();
session.connectToMainThread();
tell({ type: 'connected' });
let running: string | null = null;
parentPort?.on('message', (message: MainThreadMessage) => {
  if (message.type === 'running') running = message.request;
  else {
    // Node waits at its end for a session that is still connected.
    session.disconnect();
    tell({ type: 'left' });
  }
});

const pipe = new Socket({ fd: controlFd, readable: true, writable: false });
const lines = createInterface({ input: pipe });
lines.on('line', (line) => {
  const message = JSON.parse(line) as ControlMessage;
  void interrupt(message);
});
pipe.on('error', () => pipe.destroy());
pipe.on('close', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), leaveWithinMs);
});

function tell(message: InterruptWorkerMessage): void {
  parentPort?.postMessage(message);
}

async function interrupt({ parent }: ControlMessage, attempts = 3): Promise<void> {
  const before = Atomics.compareExchange(state, word.request, request.none, request.asked);
  // One is under way; it stops what this one would.
  if (before !== request.none) return;
  tell({ type: 'asked', ...(parent === undefined ? {} : { parent }) });
  const meant = running;
  if (!(await isAnswered())) {
    await force(parent);
  } else if (meant !== null && attempts > 1) {
    // A cell that catches what stops it, over and over, holds the main thread after all.
    await sleep(unwindWithinMs);
    if (running === meant) await interrupt({ type: 'interrupt', parent: meant }, attempts - 1);
  }
}

async function isAnswered(): Promise<boolean> {
  const deadline = performance.now() + answerWithinMs;
  while (performance.now() < deadline) {
    if (Atomics.load(state, word.request) !== request.asked) return true;
    await sleep(5);
  }
  return false;
}

/** Terminates what the main thread executes, unless another request runs by now. */
async function force(parent: string | undefined): Promise<void> {
  while (parent === undefined || running === parent) {
    if (mayForce()) {
      session.post('Runtime.terminateExecution', () => {
        Atomics.compareExchange(state, word.request, request.forced, request.hit);
        tell({ type: 'hit' });
      });
      return;
    }
    if (Atomics.load(state, word.request) !== request.asked) return;
    await sleep(1);
  }
}

/** Sets `forced` unless the kernel is at work or has answered. */
function mayForce(): boolean {
  if (Atomics.load(state, word.kernelWork) > 0) return false;
  const before = Atomics.compareExchange(state, word.request, request.asked, request.forced);
  if (before !== request.asked) return false;
  // The main thread may have begun such work in between; it then waits for this to be decided.
  if (Atomics.load(state, word.kernelWork) === 0) return true;
  Atomics.compareExchange(state, word.request, request.forced, request.asked);
  return false;
}
