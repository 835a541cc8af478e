import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CellStop } from '../../../src/notebook/cellStop.js';

function createStop(trains = false) {
  const log: string[] = [];
  const stop = new CellStop(
    (now) => log.push(now ? 'interrupt now' : 'interrupt'),
    () => trains,
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

  it('of a cell that trains terminates it at the second stop, and replaces the process at the third', async () => {
    const { stop, log } = createStop(true);
    stop.ask();
    await sleep(800);
    stop.ask();
    stop.ask();
    assert.deepEqual(log, ['interrupt', 'interrupt now']);
    await sleep(800);
    stop.ask();
    assert.deepEqual(log, ['interrupt', 'interrupt now', 'replace']);
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
