/** Whether processes are still there. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param state Of the process, for the message. */
export async function assertGone(pid: number, state = ''): Promise<void> {
  const deadline = Date.now() + 5000;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
  assert.ok(!isAlive(pid), `process ${String(pid)} is still there ${state}`);
}
