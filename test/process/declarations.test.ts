import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

describe('names that cells declare', () => {
  let kernel: TestKernel;
  before(() => {
    kernel = new TestKernel();
  });
  after(() => kernel.dispose());

  /** Ways to declare `x`, and what `x` is after it. */
  const declarations: [string, string][] = [
    ['const x = 1', '1'],
    ['let x = 2', '2'],
    ['var x = 3', '3'],
    ['function x() { return 4 }', '[Function: x]'],
    ['class x { y = 5 }', '[class x]'],
    ['enum x { A = 6 }', "{ '6': 'A', A: 6 }"],
    ['namespace x { export const y = 7 }', '{ y: 7 }'],
    ['const { x } = { x: 8 }', '8'],
    ['import { sep as x } from "node:path"', "'/'"],
    ['if (true) { var x = 9 }', '9'],
  ];
  const moreDeclarations: [string, string][] = [
    ['const [, ...x] = [0, 10]', '[ 10 ]'],
    ['import x = require("node:path"); var { sep: x } = { sep: 11 }', '11'],
    ['export const x = 12', '12'],
    ['export default class x { z = 13 }', '[class x]'],
    ['for (var x = 0; x < 14; x++);', '14'],
    ['for (var { x } of [{ x: 15 }]);', '15'],
    ['for (var x in { key: 16 });', "'key'"],
    ['{ var [x = 17] = [] as number[] }', '17'],
    ['async function* x() {}', '[AsyncGeneratorFunction: x]'],
  ];

  it('can be declared again in every way after every other way', async () => {
    for (const [first] of declarations) {
      for (const [second, value] of declarations) {
        await kernel.value(first);
        assert.equal(await kernel.value(`${second}\n;x`), value, `${first}; ${second}`);
      }
    }
    for (const [code, value] of moreDeclarations) {
      await kernel.value(code);
      assert.equal(await kernel.value('x'), value, code);
    }
  });

  it('are seen by functions of earlier cells with their newest meaning', async () => {
    await kernel.value('const rate = 1; const read = () => rate');
    await kernel.value('const rate = 2');
    assert.equal(await kernel.value('read()'), '2');
  });

  it('keep their values when a later cell fails to declare them', async () => {
    await kernel.value('const kept = 1; let also = 2');
    const failed = await kernel.run(
      'const kept = fail(); let also = 3; function fail() { throw 1 }',
    );
    assert.equal(failed.reply.status, 'error');
    assert.equal(await kernel.value('[kept, also]'), '[ 1, 2 ]');
  });

  it('may be types, which leave nothing behind', async () => {
    await kernel.value('interface Pair { a: number } type Both = Pair & { b: string }');
    assert.equal(
      await kernel.value('const both: Both = { a: 1, b: "x" }; both satisfies Pair'),
      "{ a: 1, b: 'x' }",
    );
  });

  it('merge enums and namespaces within a cell, and start afresh in the next', async () => {
    const merged =
      'enum E { A } enum E { B = 1 } namespace E { export const c = 2 } Object.keys(E)';
    assert.equal(await kernel.value(merged), "[ '0', '1', 'A', 'B', 'c' ]");
    assert.equal(await kernel.value('enum E { Z } Object.keys(E)'), "[ '0', 'Z' ]");
  });

  it('do not take the names of other code from it', async () => {
    await kernel.value(`
      let performance = 1;
      const { setTimeout, console: window } = { setTimeout: 'mine', console: 2 };
      function fetch(): string { return fetch.name }
      class Map { static own = true }
      import { sep as process } from 'node:path';
      if (performance) { var Buffer = 3 }
      const require = 4, __dirname = 5, __unroll = 6;`);
    const mine =
      '[performance, setTimeout, window, fetch(), Map, process, Buffer, require, __dirname, __unroll]';
    const shown = (await kernel.value(mine))?.replace(/\s+/g, ' ');
    assert.equal(shown, "[ 1, 'mine', 2, 'fetch', [class Map] { own: true }, '/', 3, 4, 5, 6 ]");
    const theirs =
      'typeof globalThis.performance.now + typeof globalThis.fetch + new (globalThis.Map)([[1, 2]]).size';
    assert.equal(await kernel.value(theirs), "'functionfunction1'");
    const mixed =
      'performance++; const copy = { performance, Map: 1 }; ((Map) => [copy, Map, { Map }.Map])(7)';
    assert.equal(await kernel.value(mixed), '[ { performance: 2, Map: 1 }, 7, 7 ]');
    const { error } = await kernel.run('window()');
    assert.equal(error?.message, 'window is not a function');
    const variables = (await kernel.client.variables())?.variables;
    assert.equal(variables?.find(({ name }) => name === 'performance')?.preview, '2');
    await kernel.client.restart();
  });

  it('stay constant when declared so', async () => {
    await kernel.value(
      'const fixed = 1; import { sep as imported } from "node:path"; let free = 1',
    );
    for (const code of [
      'fixed = 2',
      'imported = 2',
      '[fixed] = [2]',
      '({ fixed } = { fixed: 2 })',
      'fixed++',
    ]) {
      const { error } = await kernel.run(`let ran = 1;\n  ${code}`);
      assert.match(
        error?.message ?? '',
        /^Cannot assign to '\w+' because it is a constant\.$/,
        code,
      );
      assert.equal(error?.frames[0]?.line, 2);
    }
    await kernel.value(
      'free = 2; { let fixed = 1; fixed = 2 } ((fixed) => { fixed = 3 })(1); free++',
    );
    assert.equal(await kernel.value('fixed'), '1');
    await kernel.value('let fixed = 5; fixed = 6');
  });

  it('work with decorators, using, private members and generics', async () => {
    const code = `
      function logged(target: any, context: ClassFieldDecoratorContext) { return (v: number) => v + 1 }
      class Box<T> { @logged value = 1; #hidden = 2; get hidden() { return this.#hidden } }
      const closed: string[] = [];
      { using file = { [Symbol.dispose ?? Symbol.for('d')]() { closed.push('closed') } } }
      [new Box<number>().value, new Box().hidden, closed]`;
    await kernel.value(`(Symbol as any).dispose ??= Symbol.for('Symbol.dispose')`);
    assert.equal(await kernel.value(code), "[ 2, 2, [ 'closed' ] ]");
  });

  it('are listed as variables with type, shape, size and cell', async () => {
    await kernel.value(
      'const weights = new Float32Array(6); const shaped = { shape: [2, 3], data: weights }',
    );
    const reply = await kernel.client.variables();
    const weights = reply?.variables.find(({ name }) => name === 'weights');
    assert.deepEqual(
      { ...weights, cell: undefined, preview: undefined },
      {
        name: 'weights',
        type: 'Float32Array',
        shape: [6],
        bytes: 24,
        cell: undefined,
        preview: undefined,
      },
    );
    assert.match(weights?.cell?.id ?? '', /^cell-\d+$/);
    const shaped = reply?.variables.find(({ name }) => name === 'shaped');
    assert.deepEqual([shaped?.shape, shaped?.bytes], [[2, 3], 24]);
  });

  it('complete, and so do members of their values', async () => {
    await kernel.value('const hiddenState = { hiddenSize: 3, hiddenNorm: 1 }');
    const names = await kernel.client.complete('let a = hiddenS', 15);
    assert.deepEqual(names, { ...names, matches: ['hiddenState'], start: 8, end: 15 });
    const members = await kernel.client.complete('hiddenState.hi', 14);
    assert.deepEqual(members?.matches, ['hiddenNorm', 'hiddenSize']);
  });
});
