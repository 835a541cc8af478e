import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelDebugger } from './kernelDebugger.js';
import { TestKernel } from './kernelClient.js';

describe('a cell that a debugger holds', () => {
  let kernel: TestKernel;
  let inspector: KernelDebugger;
  beforeEach(async () => {
    kernel = new TestKernel();
    await kernel.value(
      'let kept = 1; const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));',
    );
    const { url } = (await kernel.client.debug('open'))!;
    inspector = await KernelDebugger.attach(url!);
  });
  afterEach(() => kernel.dispose());

  const places: [string, string][] = [
    ['before its first await', 'kept = 2; debugger; kept = 3; console.log("went on")'],
    ['after an await', 'await wait(2); kept = 2; debugger; kept = 3; console.log("went on")'],
    [
      'in a function that catches everything',
      'kept = 2; try { (() => { debugger; kept = 3; })() } catch { kept = 4 } finally { kept = 5 }',
    ],
    ['in a timer', 'setTimeout(() => { kept = 2; debugger; kept = 3 }, 2); await wait(9999)'],
  ];
  for (const [where, code] of places) {
    it(`is stopped where it stands, ${where}, whatever the debugger asks meanwhile`, async () => {
      const held = inspector.next('Debugger.paused');
      const running = kernel.run(code);
      await held;
      let isOver = false;
      const asking = (async () => {
        while (!isOver) {
          await inspector.send('Runtime.evaluate', { expression: '[1, 2].map(String).join()' });
          await sleep(1);
        }
      })();
      await sleep(50);
      kernel.client.interrupt(kernel.lastId);
      const { reply, error, stdout } = await running;
      isOver = true;
      await asking;
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, 'Interrupted');
      assert.equal(stdout, '');
      assert.equal(await kernel.value('kept'), '2');
    });
  }
});
