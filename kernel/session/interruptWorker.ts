/**
 * Runs in a thread of its own and reads the control pipe, because a busy main thread reads nothing. It asks
 * the main thread what an interrupt means there (`interruptGate.ts`), again and again until the request is
 * over. When the pipe ends the host is gone, and so must this process be, however busy it is.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { MessageError, parseControl } from '../contract/parseRequest.js';
import type { ControlMessage } from '../contract/protocol.js';
import {
  askKey,
  askUrl,
  type InterruptWorkerData,
  type InterruptWorkerMessage,
  verdict,
} from './interruptGate.js';
import { watchMemory } from './memoryWatch.js';

/** A cell that was told to stop, or hit, may have more code that runs. */
const lookAgainAfterMs = 30;
/** A termination hits within microseconds, or never. */
const hitsWithinMs = 100;
/** A request that does not end by then has its process replaced by the front end. */
const giveUpAfterMs = 10_000;
/** A main thread that is free notices the end of its channel by itself and leaves in order. */
const leaveWithinMs = 500;

const { gate, controlFd } = workerData as InterruptWorkerData;
const state = new Int32Array(gate);
/** Connected once, while the main thread waits for it, and not in the middle of a cell. */
const session = new Session();
session.connectToMainThread();
tell({ type: 'connected' });
void watchMemory(session);
// The one message that comes is a `LeaveMessage`.
parentPort?.on('message', () => {
  // Node waits at its end for a session that is still connected.
  session.disconnect();
  tell({ type: 'left' });
});

/** Requests whose interrupt is under way; null: whatever runs. */
const underWay = new Set<string | null>();
/** Those of them that are to hit at once, whatever trains. */
const urgent = new Set<string | null>();
let lastAsk: Promise<unknown> = Promise.resolve();

const pipe = new Socket({ fd: controlFd, readable: true, writable: false });
const lines = createInterface({ input: pipe });
lines.on('line', (line) => {
  const message = read(line);
  if (!message) return;
  const { parent = null, now = false } = message;
  if (now) urgent.add(parent);
  if (underWay.has(parent)) return;
  underWay.add(parent);
  void interrupt(parent).finally(() => {
    underWay.delete(parent);
    urgent.delete(parent);
  });
});
pipe.on('error', () => pipe.destroy());
pipe.on('close', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), leaveWithinMs);
});

function read(line: string): ControlMessage | undefined {
  try {
    return parseControl(line);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    tell({ type: 'refused', reason: error.message });
    return undefined;
  }
}

function tell(message: InterruptWorkerMessage): void {
  parentPort?.postMessage(message);
}

async function interrupt(parent: string | null): Promise<void> {
  const began = performance.now();
  let tryingSince = began;
  while (performance.now() - began < giveUpAfterMs) {
    const asking = lastAsk.then(() => ask(parent, began, tryingSince));
    lastAsk = asking;
    const answer = await asking;
    // An interrupt of whatever runs is done when it has hit or there was nothing.
    if (answer === verdict.over || (parent === null && answer !== verdict.later)) return;
    const tried = performance.now() - tryingSince;
    await sleep(answer === verdict.later ? pauseMs(tried) : lookAgainAfterMs);
    if (answer !== verdict.later) tryingSince = performance.now();
  }
}

/** Between two tries: kernel work and Node's own code end within microseconds, a step of training may not. */
function pauseMs(tried: number): number {
  return tried < 300 ? 1 : 15;
}

/** @returns the verdict of the main thread; it comes when that next looks, in code or out of it */
async function ask(parent: string | null, began: number, tryingSince: number): Promise<number> {
  const now = performance.now();
  const waited = urgent.has(parent) ? giveUpAfterMs : now - began;
  const values = [parent, waited, now - tryingSince].map((value) => JSON.stringify(value));
  const call = `globalThis[Symbol.for(${JSON.stringify(askKey)})](${values.join(', ')})`;
  Atomics.store(state, 0, verdict.asked);
  session.post('Runtime.evaluate', { expression: `${call}\n//# sourceURL=${askUrl}` }, () => {
    // It has answered long before, unless it could not (its stack was full, say).
    Atomics.compareExchange(state, 0, verdict.asked, verdict.later);
  });
  const answer = await changed();
  if (answer !== verdict.terminate) return answer;
  return (await terminate()) ? answer : verdict.later;
}

/**
 * Ends what the main thread runs. It waits for the order meanwhile, and nothing else may be sent with it.
 *
 * @returns whether it hit
 */
async function terminate(): Promise<boolean> {
  const hit = new Promise<true>((resolve) => {
    // What a debugger holds ends where it stands. An order to V8 alone would hit what the debugger evaluates next, and
    // nothing would end the cell; where nothing is held, this does nothing.
    session.post('Debugger.resume', { terminateOnResume: true });
    session.post('Runtime.terminateExecution', () => resolve(true));
  });
  // Unless the main thread has given up waiting for it.
  Atomics.compareExchange(state, 0, verdict.terminate, verdict.ordered);
  if (await Promise.race([hit, sleep(hitsWithinMs, false)])) return true;
  // A call out of Node's native code swallowed it, and V8 takes no other order before it has reported this
  // one: it does when an evaluation is ended.
  await new Promise<void>((resolve) => {
    session.post('Runtime.evaluate', { expression: 'for (;;);', timeout: 1 }, () => resolve());
  });
  return false;
}

async function changed(): Promise<number> {
  for (;;) {
    // In slices, so that the end of the pipe is noticed while the main thread is in a system call.
    Atomics.wait(state, 0, verdict.asked, 20);
    const answer = Atomics.load(state, 0);
    if (answer !== verdict.asked) return answer;
    await sleep(1);
  }
}
