import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CellStop } from '../../../src/notebook/cellStop.js';

function createStop() {
  const log: string[] = [];
  const kernel = { interrupt: () => log.push('interrupt') };
  const stop = new CellStop(
    () => void kernel.interrupt(),
    () => log.push('replace'),
  );
  return { stop, log };
}

describe('CellStop', () => {
  it('interrupts, and replaces the process where that has no effect', async () => {
    const { stop, log } = createStop();
    stop.ask();
    assert.deepEqual(log, ['interrupt']);
    await sleep(2500);
    assert.deepEqual(log, ['interrupt', 'replace']);
  }).timeout(10_000);

  it('leaves the process alone once the cell is over', async () => {
    const { stop, log } = createStop();
    stop.ask();
    stop.over();
    stop.ask();
    await sleep(2500);
    assert.deepEqual(log, ['interrupt']);
  }).timeout(10_000);

  it('replaces the process at the second stop, but not at a double click', async () => {
    const { stop, log } = createStop();
    stop.ask();
    stop.ask();
    assert.deepEqual(log, ['interrupt']);
    await sleep(800);
    stop.ask();
    assert.deepEqual(log, ['interrupt', 'replace']);
    stop.over();
  });

  it('interrupts again a cell that was stopped before the kernel began with it', () => {
    const { stop, log } = createStop();
    stop.began();
    stop.ask();
    stop.began();
    stop.over();
    assert.deepEqual(log, ['interrupt', 'interrupt']);
  });
});
