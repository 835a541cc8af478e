import assert from 'node:assert/strict';
import { lossMime, type LossPayload } from '../../kernel/contract/mime.js';
import { type CellRun, TestKernel } from './kernelClient.js';
import { trainingCell } from './training.js';

describe('stopping a cell that trains', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(trainingCell);
  });
  after(() => kernel.dispose());

  const lastChart = ({ events }: CellRun) =>
    events.flatMap((one) => (one.type === 'display' ? [one.data[lossMime]] : [])).at(-1) as
      LossPayload | undefined;

  it('ends it at its next step, and what waits for it gets the history', async () => {
    const stopped = await kernel.runAndInterrupt(
      'announces = true; const kept = await fit(training(100_000)); const after = 1; await sleep(1e6)',
    );
    assert.equal(stopped.error?.name, 'Interrupted');
    assert.match(stopped.error.message, /training ended after step \d+ of 100000, its history/);
    const chart = lastChart(stopped);
    assert.equal(chart?.status, 'stopped');
    assert.ok(chart.series[0]!.step.length > 0);
    assert.equal(
      await kernel.value('[kept.loss.length === kept.step.at(-1), after]'),
      '[ true, 1 ]',
    );
    assert.ok(stopped.reply.durationMs < 2000, `took ${String(stopped.reply.durationMs)} ms`);
  });

  it('ends the cell even where nothing follows the training', async () => {
    const { reply, error } = await kernel.runAndInterrupt(
      'announces = true; run = fit({ ...training(100_000), chart: false }); await run;',
    );
    assert.equal(reply.status, 'error');
    assert.equal(error?.name, 'Interrupted');
    assert.equal(await kernel.value('run.status'), "'stopped'");
  });

  it('ends a loop over its steps, and no second training begins', async () => {
    const { error } = await kernel.runAndInterrupt(`
      announces = true; let begun = 0;
      for (;;) { begun++; for await (const report of fit({ ...training(100_000), chart: false })) run = report; }`);
    assert.equal(error?.name, 'Interrupted');
    assert.equal(await kernel.value('[begun <= 2, run.step > 0]'), '[ true, true ]');
  });

  it('terminates a step that takes too long, and the curve says that it was stopped', async () => {
    const stopped = await kernel.runAndInterrupt(
      'stepMs = 60_000; announces = true; run = fit(training(5)); await run',
    );
    await kernel.value('stepMs = 1');
    assert.equal(stopped.error?.name, 'Interrupted');
    assert.ok(stopped.reply.durationMs < 2500, `took ${String(stopped.reply.durationMs)} ms`);
    assert.equal(lastChart(stopped)?.status, 'stopped');
    assert.equal(await kernel.value('run.status'), "'stopped'");
  });

  /** What does not end at a step boundary: code that computes for a minute, and a callback that waits for ever. */
  const slow: [string, string][] = [
    ['computes', 'announces = true; stepMs = 60_000; run = fit(training(5)); await run'],
    [
      'waits',
      `const onStepEnd = () => { console.log('started'); return new Promise<void>(() => {}); };
       await fit({ ...training(5), callbacks: [{ onStepEnd }] })`,
    ],
  ];
  for (const [what, code] of slow) {
    it(`ends a step that ${what} at the second stop, at once, and keeps variables`, async () => {
      await kernel.value('let kept = 41;');
      let stopped: CellRun;
      let secondAt = 0;
      try {
        stopped = await kernel.run(code, (event) => {
          if (event.type !== 'stream' || !event.text.includes('started')) return;
          kernel.client.interrupt();
          setTimeout(() => {
            secondAt = performance.now();
            kernel.client.interrupt(undefined, true);
          }, 100);
        });
      } finally {
        await kernel.value('stepMs = 1');
      }
      const took = performance.now() - secondAt;
      assert.equal(stopped.error?.name, 'Interrupted');
      // Sooner than the time that a step has.
      assert.ok(secondAt > 0 && took < 1000, `took ${String(took)} ms`);
      assert.equal(await kernel.value('kept'), '41');
    });
  }

  it('leaves training in the background alone', async () => {
    await kernel.value('run = fit({ ...training(100_000), chart: false }); 0');
    const { error } = await kernel.runAndInterrupt('console.log("started"); await sleep(1e6)');
    assert.equal(error?.name, 'Interrupted');
    const going =
      'const before = run.history.step.length; await sleep(60); run.history.step.length > before';
    assert.equal(await kernel.value(going), 'true');
    kernel.client.steer({ action: 'stop' });
    assert.equal(await kernel.value('(await run).loss.length > 0 && run.status'), "'stopped'");
  });
});

describe('timers of earlier cells', () => {
  let kernel: TestKernel;
  before(() => (kernel = new TestKernel()));
  after(() => kernel.dispose());

  it('are listed with their cells, and can be cleared', async () => {
    await kernel.value(
      'let a = 0; setInterval(() => { a++ }, 5); setTimeout(() => { a = -1e6 }, 60_000); 0',
    );
    await kernel.value(
      "import { setInterval as every } from 'node:timers'; let b = 0; every(() => { b++ }, 7); 0",
    );
    await kernel.value('setTimeout(() => {}, 1); await new Promise((go) => setTimeout(go, 20))');
    const listed = (await kernel.client.timers())?.timers ?? [];
    assert.deepEqual(
      listed.map(({ kind, delay, cell }) => [kind, delay, cell.executionCount]),
      [
        ['interval', 5, 1],
        ['timeout', 60_000, 1],
        ['interval', 7, 2],
      ],
    );
    const left = (await kernel.client.timers([listed[0]!.id]))?.timers;
    assert.deepEqual(left, listed.slice(1));
    const still =
      'const [x, y] = [a, b]; await new Promise((go) => setTimeout(go, 50)); [a === x, b > y]';
    assert.equal(await kernel.value(still), '[ true, true ]');
    assert.deepEqual((await kernel.client.timers('all'))?.timers, []);
    assert.equal(await kernel.value(still), '[ true, false ]');
  });
});
