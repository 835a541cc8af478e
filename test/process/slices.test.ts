import assert from 'node:assert/strict';
import type { SliceWish, ValueSlice } from '../../kernel/contract/valueSlice.js';
import { TestKernel } from './kernelClient.js';

const page = { path: [], at: [], view: 'page', row: 0, column: 0, rows: 100, columns: 50 } as const;

describe('a part of a variable', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value('import { arange, LSTM, tensor, zeros } from "unroll"');
  });
  after(() => kernel.dispose());

  const answerTo = (name: string, wish: Partial<SliceWish> = {}) =>
    kernel.client.slice({ ...page, path: [], at: [], name, ...wish });
  const slice = async (name: string, wish: Partial<SliceWish> = {}): Promise<ValueSlice> => {
    const found = await answerTo(name, wish);
    assert.ok(typeof found === 'object', JSON.stringify(found));
    return found;
  };

  it('of a tensor is a page of its last two axes, at an index of each axis before them', async () => {
    await kernel.value('const t = arange(0, 2 * 3 * 4 * 5).reshape([2, 3, 4, 5])');
    const first = await slice('t', { rows: 2, columns: 3 });
    assert.deepEqual(
      [first.kind, first.type, first.shape, first.at, first.totalRows, first.totalColumns],
      ['numbers', 'Tensor float32', [2, 3, 4, 5], [0, 0], 4, 5],
    );
    assert.deepEqual(first.cells, [
      [0, 1, 2],
      [5, 6, 7],
    ]);
    const other = await slice('t', { at: [1, 2], row: 3, column: 2 });
    assert.deepEqual([other.row, other.column, other.cells], [3, 2, [[117, 118, 119]]]);
    const beyond = await slice('t', { at: [9, 9], row: 99, column: 99 });
    assert.deepEqual([beyond.at, beyond.row, beyond.cells], [[1, 2], 3, [[119]]]);
  });

  it('holds what is not finite as text, and no more than a page’s cells', async () => {
    await kernel.value(
      'const odd = tensor([1, NaN, -Infinity, 0.5]); const big = zeros([3000, 3000])',
    );
    assert.deepEqual((await slice('odd')).cells, [[1], ['NaN'], ['-Infinity'], [0.5]]);
    const { cells } = await slice('big', { rows: 3000, columns: 3000 });
    assert.ok(cells.length * cells[0]!.length <= 10_000 && cells[0]!.length === 3000);
  });

  it('as an overview shows the number of greatest magnitude of each part, and statistics of all', async () => {
    await kernel.value(`
      const wide = zeros([1000, 2000]); wide.data[777 * 2000 + 1500] = -8; wide.data[0] = 2; wide.data[5] = 1;
      const line = Float64Array.of(1, 2, 3, 6); const holes = tensor([[1, NaN], [Infinity, 3]]);`);
    const { cells, statistics, totalRows } = await slice('wide', {
      ...{ view: 'overview', rows: 100, columns: 100 },
    });
    assert.deepEqual([totalRows, cells.length, cells[0]!.length], [1000, 100, 100]);
    assert.deepEqual([cells[0]![0], cells[77]![75], cells[50]![50]], [2, -8, 0]);
    assert.deepEqual([statistics?.count, statistics?.min, statistics?.max], [2_000_000, -8, 2]);
    const line = await slice('line', { view: 'overview' });
    assert.deepEqual([line.shape, line.cells], [[4], [[1, 2, 3, 6]]]);
    const { mean, deviation } = line.statistics ?? {};
    assert.deepEqual([mean, deviation], [3, Math.sqrt(3.5)]);
    const holes = await slice('holes', { view: 'overview' });
    assert.deepEqual(holes.cells, [
      [1, 'NaN'],
      ['Infinity', 3],
    ]);
    assert.deepEqual([holes.statistics?.nonFinite, holes.statistics?.mean], [2, 2]);
  });

  it('of arrays of numbers, of objects, of maps and of models is what a table shows', async () => {
    await kernel.value(`
      const ragged = [[1, 2, 3], [4]]; const rows = [{ a: 1, b: 'x' }, { b: 'y', c: [1] }];
      const counts = new Map([['e', 3], ['t', 2]]); const model = new LSTM({ inputSize: 2, hiddenSize: 3 });`);
    assert.deepEqual((await slice('ragged')).cells, [
      [1, 2, 3],
      [4, '', ''],
    ]);
    const rows = await slice('rows');
    assert.deepEqual([rows.kind, rows.columnNames], ['records', ['a', 'b', 'c']]);
    assert.deepEqual(rows.cells, [
      [1, 'x', ''],
      ['', 'y', '[1]'],
    ]);
    const counts = await slice('counts');
    assert.deepEqual(counts.columnNames, ['Key', 'Shape', 'Value']);
    assert.deepEqual(counts.cells[1], ["'t'", '', 2]);
    const model = await slice('model');
    const at = model.rowNames!.indexOf('weight_ih_l0');
    assert.deepEqual(
      [model.cells[at]?.slice(0, 2), model.opens?.[at]],
      [['Parameter', '[12, 2]'], true],
    );
    const weight = await slice('model', { path: ['weight_ih_l0'] });
    assert.deepEqual([weight.kind, weight.shape], ['numbers', [12, 2]]);
  });

  it('is a sentence where there is nothing', async () => {
    assert.equal(await answerTo('nobody'), 'There is no variable nobody.');
    assert.equal(await answerTo('model', { path: ['x', 0] }), 'model › x › 0 is not there.');
    assert.equal(await answerTo('globalThis'), 'There is no variable globalThis.');
  });

  it('runs no code of the user’s to be made', async () => {
    await kernel.value(`
      const ran: string[] = [];
      const hostile = { get data() { ran.push('data'); return 1 }, plain: 1 };
      const trapped = [new Proxy({}, { get: () => { ran.push('proxy') }, ownKeys: () => { ran.push('keys'); return [] } })];
      class Loud extends Array { get [0]() { ran.push('item'); return 1 } }
      const loud = new Loud(2);`);
    for (const name of ['hostile', 'trapped', 'loud']) await answerTo(name);
    await answerTo('hostile', { path: ['data'] });
    await answerTo('trapped', { path: [0, 'x'] });
    assert.equal(await kernel.value('ran'), '[]');
  });
});

describe('a variable that is taken away', () => {
  let kernel: TestKernel;
  before(() => {
    kernel = new TestKernel();
  });
  after(() => kernel.dispose());
  const names = async () =>
    ((await kernel.client.variables())?.variables ?? []).map(({ name }) => name);

  for (const [what, declaration] of [
    ['a let', 'let gone = 41'],
    ['a constant', 'const gone = { big: new Float64Array(100) }'],
    ['a var', 'var gone = 1'],
    ['a function', 'function gone() { return 1 }'],
    ['a class', 'class gone {}'],
    ['an import', 'import { basename as gone } from "node:path"'],
    ['an enum', 'enum gone { A }'],
  ] as const) {
    it(`is not defined any more, and may be declared again: ${what}`, async () => {
      await kernel.value(declaration);
      assert.equal(await kernel.client.forget('gone'), true);
      assert.ok(!(await names()).includes('gone'));
      const { error } = await kernel.run('gone');
      assert.deepEqual([error?.name, error?.message], ['ReferenceError', 'gone is not defined']);
      assert.equal(await kernel.value('typeof gone'), "'undefined'");
      await kernel.value('let gone = "back"');
      assert.equal(await kernel.value('gone'), "'back'");
      assert.ok((await names()).includes('gone'));
    });
  }

  it('of which a reserved name was hidden shows that again', async () => {
    await kernel.value('const fetch = 5');
    assert.equal(await kernel.client.forget('fetch'), true);
    assert.equal(await kernel.value('typeof fetch'), "'function'");
    await kernel.value('const fetch = 6');
    assert.equal(await kernel.value('fetch'), '6');
  });

  it('is let go: what it held is undefined to functions of earlier cells', async () => {
    await kernel.value('let held = new Array(3); const reads = () => held');
    await kernel.client.forget('held');
    assert.equal(await kernel.value('reads() === undefined'), 'true');
  });

  it('leaves others alone, and says where there is none', async () => {
    await kernel.value('let kept = 1');
    assert.equal(await kernel.client.forget('nobody'), false);
    assert.equal(await kernel.client.forget('kept; let evil'), false);
    assert.equal(await kernel.value('kept'), '1');
  });

  it('is among what a cell says it sets', async () => {
    await kernel.value('let kept = 1');
    const { reply } = await kernel.run('kept = 2; const fresh = 3; { let inner = 4; }');
    assert.deepEqual(reply.sets, ['kept', 'fresh']);
    assert.equal((await kernel.run('kept')).reply.sets, undefined);
  });

  it('is told how much memory the kernel has', async () => {
    assert.ok((await kernel.client.memory())! > 20e6);
  });
});
