import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { PacedWork } from '../../../src/notebook/outputs/pacedWork.js';

describe('PacedWork', () => {
  it('does once what was asked for many times in one go', async () => {
    let done = 0;
    const paced = new PacedWork(
      async () => {
        done++;
        await sleep(1);
      },
      () => 5,
    );
    for (let i = 0; i < 1000; i++) paced.request();
    await sleep(100);
    assert.equal(done, 1);
  });

  it('does what is asked for while it works afterwards, and never two at a time', async () => {
    let latest = 0;
    let seen = 0;
    let atOnce = 0;
    let most = 0;
    const paced = new PacedWork(
      async () => {
        seen = latest;
        most = Math.max(most, ++atOnce);
        await sleep(20);
        atOnce--;
      },
      () => 1,
    );
    for (latest = 1; latest < 20; latest++) {
      paced.request();
      await sleep(3);
    }
    paced.request();
    await sleep(200);
    assert.equal(seen, 20);
    assert.equal(most, 1);
  });

  it('starts at once what was asked for when it is flushed, and nothing otherwise', async () => {
    let done = 0;
    const paced = new PacedWork(
      () => {
        done++;
        return Promise.resolve();
      },
      () => 60_000,
    );
    paced.flush();
    assert.equal(done, 0);
    paced.request();
    paced.flush();
    paced.flush();
    assert.equal(done, 1);
    await sleep(1);
    paced.request();
    await sleep(50);
    assert.equal(done, 1, 'the interval has not passed');
    paced.flush();
    assert.equal(done, 2);
  });

  it('forgets what was asked for when it is disposed', async () => {
    let done = 0;
    const paced = new PacedWork(
      () => {
        done++;
        return Promise.resolve();
      },
      () => 1,
    );
    paced.request();
    paced.dispose();
    await sleep(50);
    assert.equal(done, 0);
  });
});
