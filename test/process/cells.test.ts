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

  /** What ends in braces, and what it shows. */
  const objects: [string, string | undefined][] = [
    ['{ a: 1, b: [2] }', '{ a: 1, b: [ 2 ] }'],
    ['{}', '{}'],
    ['// why\n{ a: 1 } // end', '{ a: 1 }'],
    ['/* why */ { a: 1, b: 2 };', '{ a: 1, b: 2 }'],
    ['{ f() { return 1 }, ["g" + 1]: await Promise.resolve(2) }', '{ f: [Function: f], g1: 2 }'],
    ['{ a: 1 }.a', '1'],
    ['{ a: 1 }, 3', '3'],
    ['const loss = 1\n{ loss }', '{ loss: 1 }'],
    ['let step = 2;\n{ loss, step }', '{ loss: 1, step: 2 }'],
    ['{ let inner = 1; inner + 1 }', undefined],
    ['{ Math.abs(1) }', undefined],
    ['let none = 1;\n{ }', undefined],
  ];
  it('that ends in an object literal means the object; a block stays a block', async () => {
    for (const [code, value] of objects) assert.equal(await kernel.value(code), value, code);
  });

  it('may end in a comment of any kind', async () => {
    for (const comment of ['// c', '\n// c', '\n/* c */', ' /*! c */', '\n/*! c */ // d\n\n']) {
      assert.equal(await kernel.value(`1 + 1${comment}`), '2', comment);
      assert.equal(await kernel.value(`await Promise.resolve(3)${comment}`), '3', comment);
      assert.equal(await kernel.value(`const c = await 4${comment}`), undefined, comment);
      assert.equal((await kernel.run(`throw 5${comment}`)).error?.name, 'ThrownValue', comment);
    }
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
