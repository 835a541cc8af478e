/**
 * Keeps the process within its cap, from the interrupt worker's thread: the main thread may be busy, and what
 * fills the memory is mostly outside of V8's heap, whose limit does not see it.
 */
import type { Session } from 'node:inspector';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryEndMark, memoryLimitVariable, type MemoryEnd } from '../contract/protocol.js';

/** Where the main thread collects garbage and tells its largest variables, as JSON. */
export const largestKey = 'unroll.largest';

const lookEveryMs = 200;
/** A main thread that is in native code cannot tell. */
const tellsWithinMs = 1500;
/** Buffers that were collected are given back by another thread. */
const freedWithinMs = 100;
/** After a collection that helped, garbage may come up to the cap again. */
const restMs = 1000;

export async function watchMemory(session: Session): Promise<void> {
  const limit = Number(process.env[memoryLimitVariable] ?? 0) * 2 ** 20;
  if (!(limit > 0)) return;
  for (;;) {
    await sleep(lookEveryMs, undefined, { ref: false });
    if (process.memoryUsage.rss() < limit) continue;
    const largest = await Promise.race([askForLargest(session), sleep(tellsWithinMs, [])]);
    await sleep(freedWithinMs);
    const usedBytes = process.memoryUsage.rss();
    if (usedBytes >= limit) end({ usedBytes, largest });
    await sleep(restMs, undefined, { ref: false });
  }
}

function askForLargest(session: Session): Promise<string[]> {
  const expression = `globalThis[Symbol.for(${JSON.stringify(largestKey)})]()`;
  return new Promise((resolve) => {
    session.post('Runtime.evaluate', { expression, returnByValue: true }, (error, answer) => {
      const value: unknown = error ? undefined : answer.result.value;
      resolve(typeof value === 'string' ? (JSON.parse(value) as string[]) : []);
    });
  });
}

function end(report: MemoryEnd): void {
  // Not the worker's own stderr, which the main thread would have to write.
  writeSync(2, `\n${memoryEndMark}${JSON.stringify(report)}\n`);
  process.kill(process.pid, 'SIGKILL');
}
