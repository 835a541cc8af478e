import assert from 'node:assert/strict';
import type { VariableSummary } from '../../kernel/contract/protocol.js';
import { TestKernel } from './kernelClient.js';

describe('the list of variables', () => {
  let kernel: TestKernel;
  before(() => {
    kernel = new TestKernel();
  });
  after(() => kernel.dispose());
  const list = async (): Promise<VariableSummary[]> =>
    (await kernel.client.variables())?.variables ?? [];
  const one = async (name: string): Promise<VariableSummary | undefined> =>
    (await list()).find((variable) => variable.name === name);

  type Row = [code: string, type: string, preview: string, shape?: number[], bytes?: number];
  const values: Row[] = [
    ['3.5', 'number', '3.5'],
    ['-0', 'number', '-0'],
    ['"text"', 'string', "'text'", undefined, 8],
    ['12n', 'bigint', '12n'],
    ['null', 'null', 'null'],
    ['undefined', 'undefined', 'undefined'],
    ['Symbol("s")', 'symbol', 'Symbol(s)'],
    ['function named() {}', 'function', '[function named]'],
    ['class Named {}', 'class', '[class Named]'],
    ['[1, "a", [2, [3]]]', 'Array', "[1, 'a', [2, Array(1)]]", [3], 3 * 8 + 2 + 2 * 8 + 8],
    ['[1, , 3]', 'Array', '[1, <empty>, 3]', [3], 24],
    ['{ a: 1, b: { c: {} } }', 'Object', '{ a: 1, b: { c: Object } }'],
    ['new Map([["k", 1]])', 'Map', "Map(1) { 'k' => 1 }", undefined, 2],
    ['new Set([1, 2])', 'Set', 'Set(2) { 1, 2 }'],
    ['new Date(0)', 'Date', '1970-01-01T00:00:00.000Z'],
    ['new RangeError("far")', 'RangeError', 'RangeError: far'],
    ['/a+/', 'RegExp', '/a+/'],
    ['Promise.resolve(1)', 'Promise', 'Promise'],
    ['new Float32Array([0.1, 2])', 'Float32Array', 'Float32Array(2) [0.1, 2]', [2], 8],
    ['new ArrayBuffer(16)', 'ArrayBuffer', 'ArrayBuffer', undefined, 16],
    ['new (class Point { x = 1; #y = 2; get z() { return 3 } })()', 'Point', 'Point { x: 1 }'],
    [
      'tensor([[1, 2, 3], [4, 5, 6]])',
      'Tensor',
      'Tensor float32 [2, 3] [1, 2, 3, 4, 5, 6]',
      [2, 3],
      24,
    ],
    [
      '{ weights: zeros([10]), again: [] }',
      'Object',
      '{ weights: Tensor float32 [10] [0, 0, 0, 0, 0, 0, … 4 more], again: [] }',
      undefined,
      40,
    ],
  ];
  it('has type, preview, shape and bytes of every kind of value', async () => {
    await kernel.value('import { tensor, zeros, LSTM } from "unroll"');
    for (const [code, type, preview, shape, bytes] of values) {
      await kernel.value(`const subject: unknown = (${code})`);
      const { name, cell, ...found } = (await one('subject')) ?? {};
      const expected = { type, preview, ...(shape && { shape }), ...(bytes && { bytes }) };
      assert.deepEqual(found, expected, code);
      assert.equal(name, 'subject');
      assert.match(cell?.id ?? '', /^cell-/);
    }
    await kernel.value('const model = new LSTM({ inputSize: 3, hiddenSize: 4 })');
    const model = await one('model');
    assert.equal(model?.type, 'LSTM');
    assert.ok((model.bytes ?? 0) >= 4 * 144 && (model.bytes ?? 0) < 1000, 'its parameters');
  });

  it('is in one bounded line each, whatever they hold', async () => {
    await kernel.value(
      'const long = "line\\n".repeat(1000); const wide = Object.fromEntries(Array.from({ length: 50 }, (_, i) => ["member" + i, long]))',
    );
    for (const { preview } of await list()) {
      assert.ok(preview.length <= 120 && !preview.includes('\n'), preview);
    }
  });

  it('names the cell that set them last, by declaration or assignment', async () => {
    const { reply } = await kernel.run(
      'let first = 1; let second = 1; let third = 1; function later() { third = 2 }',
    );
    const declared = reply.executionCount;
    await kernel.value(
      'const local = (second: number) => { second = 5 }; first++; { let third = 3; third = 4 }',
    );
    await kernel.value('({ second } = { second: 7 })');
    const cells = new Map((await list()).map(({ name, cell }) => [name, cell?.index]));
    const at = declared - 1;
    assert.deepEqual(
      ['first', 'second', 'third'].map((name) => cells.get(name)),
      [at + 1, at + 2, at],
    );
  });

  it('leaves out names that have no value yet', async () => {
    await kernel.run('const never = (() => { throw new Error("no") })()');
    assert.equal(await one('never'), undefined);
    await kernel.value('let performance = 4');
    assert.equal((await one('performance'))?.preview, '4');
  });

  it('runs no code of the user’s to be made', async () => {
    const run = await kernel.run(`
      const ran: string[] = []; const note = (what: string) => { ran.push(what); console.log(what); return 1 };
      const getters = { get shape() { return note('shape') }, get data() { return note('data') }, get then() { return note('then') } };
      const trapped = new Proxy([1], new Proxy({}, { get: (_, trap) => note('trap ' + String(trap)) && undefined }));
      class Hostile { static get name() { return note('name') as any } static [Symbol.hasInstance]() { return !!note('instance') }
        get [Symbol.toStringTag]() { return note('tag') as any } [Symbol.for('nodejs.util.inspect.custom')]() { return note('inspect') }
        toJSON() { return note('json') } toString() { return note('string') as any } [Symbol.iterator]() { return note('iterator') as any } }
      const hostile = new Hostile();
      class Loud extends Map { override get size() { return note('size') } override entries() { return note('entries') as any } }
      const loud = new Loud(); const inside = { hostile, trapped, list: [hostile, getters] };
      class Numbers extends Float32Array { override get length() { return note('length') } override get byteLength() { return note('bytes') } }
      const numbers = new Numbers(2);`);
    assert.equal(run.reply.status, 'ok', run.error?.stack);
    await kernel.value('ran.length = 0');
    kernel.strays.length = 0;
    const all = new Map((await list()).map((variable) => [variable.name, variable]));
    assert.equal(await kernel.value('ran'), '[]');
    assert.equal(
      all.get('getters')?.preview,
      '{ shape: <getter>, data: <getter>, then: <getter> }',
    );
    assert.deepEqual([all.get('trapped')?.type, all.get('loud')?.preview], ['Proxy', 'Loud(0) {}']);
    assert.deepEqual([all.get('numbers')?.bytes, all.get('numbers')?.shape], [8, [2]]);
  });

  it('neither copies nor walks large values', async () => {
    await kernel.value(`
      const huge = zeros([64, 1024, 1024]); const many = Array.from({ length: 500 }, () => huge);
      const items = Array.from({ length: 2_000_000 }, (_, i) => i); const text = 'abc'.repeat(10_000_000);
      const nested: any = {}; let end = nested; for (let i = 0; i < 100_000; i++) end = end.next = { i };
      const objects = Array.from({ length: 300_000 }, (_, i) => ({ i }));`);
    const before = Number(await kernel.value('process.memoryUsage().rss'));
    await kernel.value('const reading = process.cpuUsage()');
    for (let i = 0; i < 20; i++) await list();
    // The processor's time, so that a busy machine does not matter: copying this once takes longer.
    const { user } = JSON.parse(
      (await kernel.value('JSON.stringify(process.cpuUsage(reading))'))!.slice(1, -1),
    ) as { user: number };
    assert.ok(user / 20 < 50_000, `${String(user / 20)} µs for one list`);
    const after = Number(await kernel.value('process.memoryUsage().rss'));
    assert.ok(after - before < 100e6, `${String(after - before)} bytes more`);
    const all = new Map((await list()).map((variable) => [variable.name, variable]));
    assert.equal(all.get('huge')?.bytes, 64 * 1024 * 1024 * 4);
    assert.deepEqual(
      [all.get('many')?.bytes, all.get('many')?.isPartial],
      [64 * 1024 * 1024 * 4 + 500 * 8, true],
    );
    assert.equal(all.get('items')?.bytes, 16_000_000);
    assert.equal(all.get('nested')?.isPartial, undefined);
    assert.equal(all.get('objects')?.isPartial, true);
  });

  it('comes while a cell waits', async () => {
    let seen: VariableSummary[] = [];
    const code =
      'let progressed = 0; console.log("started"); for (;; progressed++) await new Promise((r) => setTimeout(r, 5))';
    const { error } = await kernel.run(code, (event) => {
      if (event.type !== 'stream') return;
      void list().then((variables) => {
        seen = variables;
        kernel.client.interrupt();
      });
    });
    assert.equal(error?.name, 'Interrupted');
    assert.ok(seen.some(({ name, type }) => name === 'progressed' && type === 'number'));
  });

  it('keeps no value alive', async () => {
    await kernel.value(
      'let held: object | null = { big: new Float64Array(1e6) }; const weak = new WeakRef(held)',
    );
    await list();
    await kernel.value('held = null; (await import("node:v8")).setFlagsFromString("--expose-gc")');
    await kernel.value(
      'await new Promise((r) => setTimeout(r, 10)); const gc = (await import("node:vm")).runInNewContext("gc"); gc()',
    );
    assert.equal(
      await kernel.value(
        'gc(); await new Promise((r) => setTimeout(r, 10)); gc(); weak.deref() === undefined',
      ),
      'true',
    );
  });
});
