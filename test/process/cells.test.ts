import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

describe('a cell', () => {
  let kernel: TestKernel;
  before(() => {
    kernel = new TestKernel();
  });
  after(() => kernel.dispose());

  it('is answered by busy, output, one reply and idle, all with its id', async () => {
    const { events, reply } = await kernel.run('console.log(1)');
    const types = events.map((event) => event.type);
    assert.deepEqual(types, ['status', 'stream', 'executeReply']);
    assert.ok(events.every((event) => event.parent === reply.parent));
    assert.equal(reply.status, 'ok');
    assert.ok(reply.durationMs >= 0);
  });

  it('shows the value of its last expression, with or without semicolon', async () => {
    assert.equal(await kernel.value('1 + 1'), '2');
    assert.equal(await kernel.value('const twice: number = 4; twice * 2;'), '8');
    assert.equal(await kernel.value('"text"'), "'text'");
    assert.equal(await kernel.value('new Map([["a", 1]])'), "Map(1) { 'a' => 1 }");
  });

  it('shows nothing for undefined, void, a declaration or a loop', async () => {
    for (const code of ['undefined', 'void 3', 'const x = 3', 'for (const i of [1]) i', '']) {
      assert.equal(await kernel.value(code), undefined, code);
    }
  });

  it('that is an object literal means the object', async () => {
    assert.equal(await kernel.value('{ a: 1, b: [2] }'), '{ a: 1, b: [ 2 ] }');
    assert.equal(await kernel.value('{}'), '{}');
    assert.equal(await kernel.value('{ let inner = 1; inner + 1 }'), undefined);
  });

  it('keeps stdout, stderr, displays, results in order', async () => {
    const { order } = await kernel.run(`
      const host = (globalThis as any)[Symbol.for('unroll.notebook')];
      console.log('a'); console.error('b'); console.log('c'); console.log('d');
      host.display({ 'text/plain': 'picture' }, { displayId: 'p' });
      process.stdout.write('e');
      host.clearOutput(true);
      'end'`);
    assert.deepEqual(order, [
      'stdout a',
      'stderr b',
      'stdout c\nd',
      'display',
      'stdout e',
      'clearOutput',
      "result 'end'",
    ]);
  });

  it('awaits at its top', async () => {
    const { order } = await kernel.run(`
      const later = (n: number) => new Promise<number>((resolve) => setTimeout(() => resolve(n), 5));
      let sum = 0;
      for await (const n of [later(1), later(2)]) sum += n;
      sum += await later(3);
      console.log(sum);
      await later(sum)`);
    assert.deepEqual(order, ['stdout 6', 'result 6']);
  });
});
