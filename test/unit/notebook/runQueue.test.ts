import assert from 'node:assert/strict';
import { RunQueue } from '../../../src/notebook/runQueue.js';

/** A queue of jobs that end when the test says so. */
function createQueue() {
  const log: string[] = [];
  const running = new Map<string, (success: boolean) => void>();
  const queue = new RunQueue<string>(
    (job) => {
      log.push(`run ${job}`);
      return new Promise((resolve) => running.set(job, resolve));
    },
    (job) => log.push(`drop ${job}`),
  );
  const end = async (job: string, success = true) => {
    running.get(job)?.(success);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, log, end };
}

describe('RunQueue', () => {
  it('runs one job at a time, in the order they came', async () => {
    const { queue, log, end } = createQueue();
    queue.add(['a', 'b']);
    queue.add(['c']);
    assert.deepEqual(log, ['run a']);
    await end('a');
    await end('b');
    assert.deepEqual(log, ['run a', 'run b', 'run c']);
  });

  it('drops the rest of the request of a job that failed, and goes on with the next request', async () => {
    const { queue, log, end } = createQueue();
    queue.add(['a', 'b', 'c']);
    queue.add(['d']);
    await end('a', false);
    assert.deepEqual(log, ['run a', 'drop b', 'drop c', 'run d']);
  });

  it('takes out a job that waits and leaves the one that runs', async () => {
    const { queue, log, end } = createQueue();
    queue.add(['a', 'b', 'c']);
    queue.drop('a');
    queue.drop('b');
    await end('a');
    assert.deepEqual(log, ['run a', 'drop b', 'run c']);
  });

  it('is idle when all is done or dropped', async () => {
    const { queue, log, end } = createQueue();
    queue.add([]);
    await queue.idle();
    queue.add(['a', 'b']);
    let isIdle = false;
    const idle = queue.idle().then(() => (isIdle = true));
    queue.dropAll();
    await end('never');
    assert.equal(isIdle, false);
    await end('a');
    await idle;
    queue.add(['c']);
    assert.deepEqual(log, ['run a', 'drop b', 'run c']);
  });

  it('runs what is added while a job is paused, but not what waits behind that', async () => {
    const { queue, log, end } = createQueue();
    queue.add(['a', 'b']);
    queue.setPaused('a', true);
    queue.add(['c']);
    queue.add(['d']);
    await end('c');
    assert.deepEqual(log, ['run a', 'run c', 'run d']);
    queue.setPaused('a', false);
    queue.add(['e']);
    await end('a');
    assert.deepEqual(log, ['run a', 'run c', 'run d', 'run b']);
    await end('b');
    await end('d');
    assert.equal(log.at(-1), 'run e');
    await end('e');
    await queue.idle();
  });
});
