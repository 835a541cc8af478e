import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CellEvent } from '../../kernel/client/kernelClient.js';
import { lossMime, type LossPayload } from '../../kernel/contract/mime.js';
import { type CellRun, TestKernel } from './kernelClient.js';
import { trainingCell } from './training.js';

describe('a paused training', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(trainingCell);
  });
  after(() => kernel.dispose());

  /** Runs the cell and pauses its training once that has made a few steps. */
  async function runPaused(code: string): Promise<{ id: string; run: Promise<CellRun> }> {
    let isPaused: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (isPaused = resolve));
    const run = kernel.run(code, (event) => {
      if (event.type === 'training' && event.status === 'running' && event.step === 0)
        setTimeout(() => kernel.client.steer({ action: 'pause' }), 40);
      if (event.type === 'status' && event.state === 'paused') isPaused();
    });
    const id = kernel.lastId;
    await Promise.race([
      paused,
      run.then(({ error }) => assert.fail(`it was not paused: ${error?.stack ?? 'it ended'}`)),
    ]);
    return { id, run };
  }

  const charts = (events: CellEvent[]) =>
    events.flatMap((one) =>
      one.type === 'display' ? [one.data[lossMime] as unknown as LossPayload] : [],
    );

  it('lets other cells run, and goes on when it is resumed', async () => {
    const { id, run } = await runPaused('run = fit(training(300)); await run; console.log("end")');
    assert.equal(await kernel.value('run.status'), "'paused'");
    const before = await kernel.value('run.history.step.length');
    // The loss and the weights may be looked at, which stay as they are.
    const look =
      '[run.history.loss.at(-1), ...model.parameters().flatMap(({ data }) => [...data])].join()';
    const seen = await kernel.value(look);
    assert.match(seen ?? '', /^'\d[^,]*,-?\d/);
    await kernel.run('await sleep(50); console.log("beside")');
    assert.equal(await kernel.value(look), seen);
    assert.equal(await kernel.value('run.history.step.length'), before);
    kernel.client.steer({ action: 'resume' });
    const { reply, stdout, events } = await run;
    assert.equal(reply.status, 'ok');
    assert.equal(reply.executionCount, 2);
    // What it said is its own, and what the others said is theirs.
    assert.equal(stdout, 'end\n');
    assert.ok(events.every(({ parent }) => parent === id));
    assert.equal(await kernel.value('run.history.step.length'), '300');
    const shown = charts(events);
    assert.ok(shown.some(({ paused }) => paused === true));
    assert.equal(shown.at(-1)?.paused, undefined);
    assert.equal(shown.at(-1)?.status, 'done');
  });

  it('takes a changed learning rate and clipping at its next step, marked on the curve', async () => {
    const { run } = await runPaused('optimizer.lr = 0.01; run = fit(training(120)); await run');
    kernel.client.steer({ action: 'change', lr: 0.001 });
    kernel.client.steer({ action: 'change', clipNorm: 0.5 });
    const step = Number(await kernel.value('run.history.step.length'));
    kernel.client.steer({ action: 'resume' });
    const { events } = await run;
    const rates = await kernel.value('JSON.stringify([...new Set(run.history.lr)])');
    assert.equal(rates, "'[0.01,0.001]'");
    assert.equal(await kernel.value('run.history.lr.indexOf(0.001)'), String(step));
    assert.deepEqual(charts(events).at(-1)?.marks, [
      { step: step + 1, text: 'lr 0.01 → 0.001' },
      { step: step + 1, text: 'clip off → 0.5' },
    ]);
  });

  it('notes what another cell changed on the optimiser itself', async () => {
    const { run } = await runPaused('optimizer.lr = 0.01; run = fit(training(120)); await run');
    await kernel.value('optimizer.lr = 0.002');
    kernel.client.steer({ action: 'resume' });
    assert.match(charts((await run).events).at(-1)?.marks?.[0]?.text ?? '', /^lr 0.01 → 0.002$/);
  });

  it('is stopped like a running one, with its history', async () => {
    const { id, run } = await runPaused(
      'const kept = await fit(training(100_000)); await sleep(1e6)',
    );
    kernel.client.interrupt(id);
    assert.equal((await run).error?.name, 'Interrupted');
    assert.equal(await kernel.value('kept.step.length > 0'), 'true');
  });

  it('is not touched when a cell beside it is stopped', async () => {
    const { run } = await runPaused('run = fit({ ...training(150), chart: false }); await run');
    for (const code of [
      'console.log("started"); while (true);',
      'console.log("started"); await sleep(1e6)',
    ])
      assert.equal((await kernel.runAndInterrupt(code)).error?.name, 'Interrupted');
    assert.equal(await kernel.value('run.status'), "'paused'");
    kernel.client.steer({ action: 'resume' });
    assert.equal((await run).reply.status, 'ok');
    assert.equal(await kernel.value('run.history.step.length'), '150');
  });

  it('that is resumed while a cell runs goes on beside it, and new cells wait for both', async () => {
    const { run } = await runPaused(
      'run = fit({ ...training(150), chart: false }); await run; "first"',
    );
    const ends: string[] = [];
    const note = (name: string) => (one: CellRun) => (ends.push(name), one);
    const beside = kernel.run('await sleep(30); "beside"').then(note('beside'));
    await sleep(5);
    kernel.client.steer({ action: 'resume' });
    const next = kernel.run('run.history.step.length').then(note('next'));
    const first = run.then(note('first'));
    assert.equal((await beside).result, "'beside'");
    assert.equal((await first).result, "'first'");
    assert.equal((await next).result, '150');
    assert.equal(ends.at(-1), 'next');
  });

  it('ends with an error where the kernel dies, as a cell beside it does', async () => {
    const own = new TestKernel();
    await own.value(trainingCell);
    const run = own.run('await fit(training(1e6))', (event) => {
      if (event.type === 'training' && event.status === 'running')
        own.client.steer({ action: 'pause' });
    });
    while ((await own.run('1')).reply.status !== 'ok');
    const beside = own.run('process.abort()');
    const behind = own.run('2');
    assert.equal((await run).error?.name, 'KernelDiedError');
    assert.equal((await beside).error?.name, 'KernelDiedError');
    assert.equal((await behind).reply.status, 'aborted');
    await own.dispose();
  });
});
