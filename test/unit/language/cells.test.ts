import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { hover } from '../../../kernel/language/explain.js';
import { emptyFolder, TestNotebook } from './notebook.js';

/** What the name is said to be where it stands in the cell. */
function typeAt(notebook: TestNotebook, cell: number, text: string): string {
  const shown = hover(notebook.program, ...notebook.at(cell, text));
  const { value } = shown!.contents as { value: string };
  return value.split('\n')[1]!;
}

describe('types across cells', () => {
  const cases: [string, string[]][] = [
    ['see what earlier cells declared', ['const a = 1;', 'a.toFixed(a)']],
    [
      'import once for all that follow',
      [`import { LSTM } from 'unroll';`, '1', 'new LSTM({ inputSize: 2, hiddenSize: 3 })'],
    ],
    [
      'import a default, a namespace and a type',
      [
        `import fs, * as whole from 'node:fs'; import type { Stats } from 'node:fs';`,
        `const s: Stats = fs.statSync('.'); whole.existsSync('.');`,
      ],
    ],
    [
      'declare a constant, a class and a type again',
      [
        'const x = 1; class C { a = 1 } type T = number; interface I { i: number }',
        'const x = "text"; class C { b = 2 } type T = string; interface I { j: number }',
        'x.toUpperCase(); new C().b; const t: T = "t"; const i: I = { j: 1 };',
      ],
    ],
    [
      'assign to a variable of another cell',
      ['let total = 0;', 'total += 1; [total] = [3]; total++;', 'total.toFixed()'],
    ],
    [
      'narrow such a variable where it is assigned',
      ['let n: number | undefined;', 'n = 3; n.toFixed();'],
    ],
    [
      'await at the top level',
      ['const v = await Promise.resolve(1);', 'for await (const o of [v]) o.toFixed();'],
    ],
    [
      'use functions before they are declared, in one cell',
      ['twice(2); function twice(n: number) { return 2 * n; }', 'twice(1)'],
    ],
    [
      'have generics, enums and namespaces',
      [
        'function first<T>(xs: T[]): T | undefined { return xs[0]; } enum E { A, B } namespace N { export const n = 1; export type M = number; }',
        'const f: number | undefined = first([E.A, E.B]); const m: N.M = N.n;',
      ],
    ],
    [
      'export',
      [
        'export const a = 1; export class C {} const b = 2; export { b, b as c };',
        'a + b; new C();',
      ],
    ],
    [
      'go on behind a cell that does not parse',
      ['const a = 1;', 'const b = ; const c = (', 'a.toFixed(); b; c;'],
    ],
    ['end in an object literal', ['const a = 1, b = 2;', '{ a, b }', '{ a: 1, b: { c: 2 } }']],
    [
      'fill an array that another cell declared',
      ['let losses = [];', 'losses.push(1); losses[0].toFixed();'],
    ],
    [
      'use using and satisfies',
      [
        'const o = { a: 1 } satisfies Record<string, number>; { using d = { [Symbol.dispose]() {} }; d; }',
        'o.a',
      ],
    ],
    [
      'use Node and its globals',
      [
        `import { readFile } from 'node:fs/promises';`,
        'process.argv; Buffer.from("a"); await fetch("x"); require("os"); __dirname; setTimeout(() => {}, 1)',
      ],
    ],
    [
      'take a pattern apart',
      ['const { a, b: [c], ...d } = { a: 1, b: [2], e: 3 };', 'a + c + d.e'],
    ],
    [
      'hide a global',
      ['const name = 1; const status = 2; const process = 3;', 'name + status + process'],
    ],
    [
      'declare with var inside a block',
      ['if (true) { var v = 1; } for (var i = 0; i < 2; i++);', 'v + i'],
    ],
  ];
  for (const [name, sources] of cases)
    it(`that ${name} have no error`, () => {
      const found = new TestNotebook(sources).allErrors();
      const expected = sources.map((source) => (source.includes('const b = ;') ? found[1] : []));
      assert.deepEqual(found, expected);
    });

  const wrong: [name: string, sources: string[], expected: (string[] | RegExp)[]][] = [
    [
      'a wrong type of another cell’s constant',
      ['const a = 1;', 'a.toUpperCase()'],
      [[], ["1:3 toUpperCase: 2339 Property 'toUpperCase' does not exist on type '1'."]],
    ],
    [
      'a name of a later cell',
      ['later;', 'const later = 1;'],
      [["1:1 later: 2304 Cannot find name 'later'."], []],
    ],
    [
      'a constant that is assigned to',
      ['const a = 1;', 'a = 2;'],
      [[], ["1:1 a: 2632 Cannot assign to 'a' because it is a constant."]],
    ],
    [
      'a value of the wrong type for a variable',
      ['let a = 1;', 'a = "b";'],
      [[], ["1:1 a: 2322 Type 'string' is not assignable to type 'number'."]],
    ],
    [
      'what a name is not since it was declared again',
      ['const x = 1;', 'const x = "b";', 'x.toFixed()'],
      [[], [], /^1:3 toFixed: 2551 .* does not exist on type '"b"'/],
    ],
    [
      'two types of one name by their cells',
      ['class P { private a = 1 } const p = new P();', 'class P { private a = 2 } const q: P = p;'],
      [[], /^1:33 q: 2322 Type 'P \(cell 1\)' is not assignable to type 'P \(cell 2\)'/],
    ],
    [
      'a wrong option',
      [`import { LSTM } from 'unroll'; new LSTM({ inputSize: 2, hiddenSize: 'a' });`],
      [/^1:57 hiddenSize: 2322 Type 'string' is not assignable to type 'number'/],
    ],
    [
      'an option that there is not',
      [`import { LSTM } from 'unroll'; new LSTM({ inputSize: 2, hiddenSize: 1, depth: 2 });`],
      [/^1:72 depth: 2353 .*'depth' does not exist in type 'LSTMOptions'/],
    ],
    [
      'a module that is not there',
      [`import { a } from './nowhere';`],
      [/^1:19 '.\/nowhere': 2307 Cannot find module/],
    ],
    [
      'what does not parse, at its place',
      ['const a = 1;\nconst b = ;'],
      [['2:11 ;: 1109 Expression expected.']],
    ],
  ];
  for (const [name, sources, expected] of wrong)
    it(`name ${name}`, () => {
      const found = new TestNotebook(sources).allErrors();
      expected.forEach((one, index) => {
        if (Array.isArray(one)) assert.deepEqual(found[index], one);
        else assert.match(found[index]!.join('\n'), one);
      });
    });

  it('follow cells that are edited, inserted, moved and removed', () => {
    const notebook = new TestNotebook(['const a = 1;', 'a.toFixed()']);
    assert.deepEqual(notebook.allErrors(), [[], []]);
    notebook.edit(0, 'const a = "b";');
    assert.equal(notebook.errors(1).length, 1);
    notebook.insert(1, 'const a = 2;');
    assert.deepEqual(notebook.allErrors(), [[], [], []]);
    notebook.move(1, 2);
    assert.deepEqual(
      notebook.allErrors().map(({ length }) => length),
      [0, 1, 0],
    );
    notebook.move(2, 0);
    assert.equal(typeAt(notebook, 2, 'a'), 'const a: "b"');
    notebook.remove(1);
    assert.deepEqual(notebook.allErrors(), [[], []]);
    notebook.remove(0);
    assert.deepEqual(notebook.allErrors(), [["1:1 a: 2304 Cannot find name 'a'."]]);
  });
});

describe('two notebooks in one folder', () => {
  it('have each their own cells, whatever the other’s are', () => {
    const folder = emptyFolder();
    const first = new TestNotebook(['const rate = 2;', 'rate.toFixed(1)'], folder);
    assert.deepEqual(first.allErrors(), [[], []]);
    const second = new TestNotebook(['const rate = "fast";', 'rate.toUpperCase()'], folder);
    assert.deepEqual(second.allErrors(), [[], []]);
    second.edit(1, 'rate.toFixed(1)');
    first.edit(1, 'rate.toUpperCase()');
    assert.equal(second.errors(1).length, 1);
    assert.equal(first.errors(1).length, 1);
  });

  it('answer after one of them rested', () => {
    const folder = emptyFolder();
    const first = new TestNotebook(['const rate = 2;', 'rate.toUpperCase()'], folder);
    const second = new TestNotebook(['const rate = "fast";', 'rate.toUpperCase()'], folder);
    assert.equal(first.errors(1).length, 1);
    first.program.rest();
    assert.equal(second.errors(1).length, 0);
    assert.equal(first.errors(1).length, 1);
  });
});

describe('a cell that is taken away', () => {
  it('and put back with another text is looked at again', () => {
    const notebook = new TestNotebook(['1', 'const a = 1;']);
    assert.deepEqual(notebook.errors(1), []);
    const { uri } = notebook.cell(1).document;
    notebook.remove(1);
    notebook.insert(1, 'const a: string = 1;', uri);
    assert.equal(notebook.errors(1).length, 1);
  });
});

describe('a file that changes', () => {
  it('concerns a notebook that reads it, and one that came or went concerns all', () => {
    const folder = emptyFolder();
    const fileName = path.join(folder, 'own.ts');
    const config = path.join(folder, 'base.json');
    writeFileSync(fileName, 'export const size = 3;');
    writeFileSync(config, '{ "compilerOptions": { "strict": true } }');
    writeFileSync(path.join(folder, 'tsconfig.json'), '{ "extends": "./base.json" }');
    const { program } = new TestNotebook(['import { size } from "./own"; size.toFixed()'], folder);
    program.service.getProgram();
    const isConcerned = (name: string, isNewOrGone = false) =>
      program.filesChanged([{ fileName: path.join(folder, name), isNewOrGone }]);
    assert.equal(isConcerned('history.json'), false);
    assert.equal(isConcerned('own.ts'), true);
    assert.equal(isConcerned('base.json'), true);
    assert.equal(isConcerned('package.json'), true);
    assert.equal(isConcerned('new.ts', true), true);
  });
});
