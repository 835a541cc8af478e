import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

/** What the cell exercises, the cell, and the text of its result. */
type Row = [what: string, code: string, value: string | undefined];

describe('the language of cells', () => {
  let kernel: TestKernel;
  before(() => {
    kernel = new TestKernel();
  });
  after(() => kernel.dispose());
  const holds = (rows: Row[]) => async () => {
    for (const [what, code, value] of rows) {
      assert.equal(await kernel.value(code), value, `${what}: ${code}`);
    }
  };

  it(
    'is all of TypeScript',
    holds([
      [
        'enum',
        "enum Gate { Input, Forget = 'f', Output = 1 << 2 } [Gate.Output, Gate[0]]",
        "[ 4, 'Input' ]",
      ],
      ['const enum', 'const enum Fast { A = 1, B } Fast.A + Fast.B', '3'],
      ['const enum of an earlier cell', 'Fast.B', '2'],
      [
        'namespaces that merge',
        'namespace N { export const a = 1; export namespace M { export const b = 2 } } namespace N { export const c = a + 1 } N',
        '{ a: 1, M: { b: 2 }, c: 2 }',
      ],
      [
        'a namespace on a function',
        'function rate() { return rate.value } namespace rate { export const value = 3 } rate()',
        '3',
      ],
      [
        'a namespace on a class',
        'class Net { static size() { return Net.width } } namespace Net { export const width = 5 } Net.size()',
        '5',
      ],
      ['an alias of a namespace member', 'import width = Net.width; width', '5'],
      [
        'abstract classes, parameter properties, override',
        'abstract class Shape { constructor(protected readonly n: number) {} abstract area(): number } class Square extends Shape { override area() { return this.n ** 2 } } new Square(3).area()',
        '9',
      ],
      [
        'static blocks, accessors, private members',
        'class P { static #n = 0; static { P.#n = 4 } accessor x = 1; #y = 2; has(o: object) { return #y in o } static get n() { return P.#n } } [P.n, new P().x, new P().has({})]',
        '[ 4, 1, false ]',
      ],
      [
        'method decorators',
        'function twice(f: (this: any) => number, _: ClassMethodDecoratorContext) { return function (this: any) { return 2 * f.call(this) } } class D { @twice m() { return 21 } } new D().m()',
        '42',
      ],
      [
        'class decorators',
        'function tag<T extends new (...a: any[]) => object>(c: T, _: unknown) { return class extends c { tag = 1 } } @tag class E { own = 2 } ({ ...new E() })',
        '{ own: 2, tag: 1 }',
      ],
      [
        'overloads',
        'function over(a: string): string; function over(a: number): number; function over(a: any) { return a } over(3)',
        '3',
      ],
      [
        'assertions of all kinds',
        "let sure!: number; sure = <number>(3 as unknown); [sure!, 'a' satisfies string, [1] as const]",
        "[ 3, 'a', [ 1 ] ]",
      ],
      ['generics', 'const id = <const T,>(x: T): T => x; id<{ a: 1 }>({ a: 1 })', '{ a: 1 }'],
      [
        'declarations without values',
        "declare const absent: number; declare module 'm' {} declare global { interface Array<T> { extra?: T } } typeof absent",
        "'undefined'",
      ],
      [
        'type predicates and conditional types',
        'type El<T> = T extends (infer U)[] ? U : never; const isText = (x: unknown): x is El<string[]> => typeof x === "string"; isText("a")',
        'true',
      ],
    ]),
  );

  it(
    'has the newest JavaScript',
    holds([
      [
        'destructuring with defaults and rest',
        'const { a: { b: [x1, ...rest1] = [1] } = {}, ...others } = { a: { b: [1, 2, 3] }, z: 1 } as any; [x1, rest1, others]',
        '[ 1, [ 2, 3 ], { z: 1 } ]',
      ],
      [
        'defaults that wait',
        'const { late = await Promise.resolve(4), [await "key"]: k = 5 } = {} as any; [late, k]',
        '[ 4, 5 ]',
      ],
      [
        'swapping',
        'let left = 1, right = 2; [left, right] = [right, left]; [left, right]',
        '[ 2, 1 ]',
      ],
      ['generators', 'function* count() { yield* [1, 2]; return 3 } [...count()]', '[ 1, 2 ]'],
      ['using', '{ using r = { [Symbol.dispose]() { console.log("closed") } }; } 1', '1'],
      [
        'await using at the top',
        'const order: string[] = []; { await using r = { async [Symbol.asyncDispose]() { await null; order.push("closed") } }; order.push("open") } order',
        "[ 'open', 'closed' ]",
      ],
      [
        'labels, big integers, separators, optional chains',
        'let n = 0n; outer: for (;;) { for (;;) { n += 1_000n; break outer } } [n, (undefined as any)?.a.b ?? "none"]',
        "[ 1000n, 'none' ]",
      ],
      ['regular expressions with sets', '/[\\p{L}--[a-z]]/v.test("A")', 'true'],
      ['names of all alphabets', 'const π = 3, größe = 4, $ = 5; π + größe + $', '12'],
    ]),
  );

  it(
    'waits anywhere at its top',
    holds([
      [
        'for await over promises, with a pattern',
        'let sum = 0; for await (const [i, { v = 2 }] of [[1, {}], Promise.resolve([2, { v: 5 }])] as any) sum += i * v; sum',
        '12',
      ],
      [
        'for await left early closes',
        'const log: string[] = []; async function* ticks() { try { yield 1; yield 2 } finally { log.push("closed") } } for await (const t of ticks()) break; log',
        "[ 'closed' ]",
      ],
      [
        'in conditions, loops and templates',
        'let text = ""; if (await true) for (let i = await 0; i < (await 2); i++) text += `${await i}`; text',
        "'01'",
      ],
      [
        'in class fields and defaults',
        'class Late { static at = 1; value = (() => 2)() } const made = new Late(); await made.value',
        '2',
      ],
    ]),
  );

  it(
    'accepts exports',
    holds([
      ['of variables', 'export const e1 = 1, e2 = 2; e1 + e2', '3'],
      [
        'of functions, classes, enums, types',
        'export function ef() { return 1 } export class EC {} export enum EE { A } export interface EI {} export type ET = 1; [ef(), EE.A]',
        '[ 1, 0 ]',
      ],
      ['lists', 'export { e1, e2 as renamed }; export type { ET }; e1', '1'],
      ['a default', 'export default async function main() { return 7 } await main()', '7'],
    ]),
  );

  it('lets types be declared again, over and under values', async () => {
    for (const code of [
      'type T = number',
      'interface T { a: 1 }',
      'class T { v = 1 }',
      'interface T { b: 2 }',
    ]) {
      assert.equal(await kernel.value(code), undefined);
    }
    assert.equal(await kernel.value('new T()'), 'T { v: 1 }');
    assert.equal(await kernel.value('enum T { Q } T.Q'), '0');
    assert.equal(await kernel.value('type T = string; const t: T = "t"; [t, T.Q]'), "[ 't', 0 ]");
  });

  it('says that it has no JSX', async () => {
    const { error } = await kernel.run('const a = 1;\nconst b = <b id="x">{a}</b>;');
    assert.match(error?.message ?? '', /without JSX\. To show markup/);
    const { line, column, endColumn } = error?.frames[0] ?? {};
    assert.deepEqual([line, column, endColumn], [2, 11, 28]);
    assert.equal((await kernel.run('const c = 1 <;')).error?.message, 'Expression expected.');
  });

  it('may have the line ends of Windows, and a byte order mark', async () => {
    assert.equal(await kernel.value('\uFEFFconst bom = 1;\r\n// c\r\nbom\r\n'), '1');
    const { error } = await kernel.run('const one = 1;\r\n\r\n  nowhere();\r\n');
    const { line, column } = error?.frames[0] ?? {};
    assert.deepEqual([line, column], [3, 3]);
    assert.match(error?.stack ?? '', /> 3 \| {3}nowhere\(\);\n/);
  });

  it('shows a promise without what the kernel hangs on it', async () => {
    assert.equal(await kernel.value('Promise.resolve(3)'), 'Promise { 3 }');
    assert.equal(
      await kernel.value('({ p: [new Promise(() => {})] })'),
      '{ p: [ Promise { <pending> } ] }',
    );
    assert.equal((await kernel.run('console.log(Promise.resolve(1))')).stdout, 'Promise { 1 }\n');
  });
});
