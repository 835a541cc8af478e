import assert from 'node:assert/strict';
import { isPackageName } from '../../../kernel/contract/packageManagers.js';
import { fitCalls, inspectionOf, withInspection } from '../../../src/cellText/fitCalls.js';
import { maskedCode, namesIn } from '../../../src/cellText/maskedCode.js';
import { staleCells, type NotebookCellState, toRun } from '../../../src/cellText/staleCells.js';

describe('what is code in a cell', () => {
  it('is neither comment nor text nor pattern, and stays at its place', () => {
    const code = 'a /* b */ + "c\\"c" // d\n+ `e ${f + `g ${h}`} i` + /j[/]k/.l / m / n';
    const masked = maskedCode(code);
    assert.equal(masked.length, code.length);
    assert.equal(masked.replace(/\s+/g, ' '), 'a + + f + h + .l / m / n');
    assert.deepEqual([...namesIn(code)], ['a', 'f', 'h', 'm', 'n']);
  });

  it('has names where they are no members', () => {
    assert.deepEqual([...namesIn('x.y?.z([...w], { v: u })')], ['x', 'w', 'v', 'u']);
  });

  it('may be unfinished', () => {
    for (const code of ['"a', '`a ${b', '/* a', 'x = /a', '}', '`${'])
      assert.equal(maskedCode(code).length, code.length);
  });
});

describe('calls of fit', () => {
  const inspections = (code: string) => fitCalls(code).map(inspectionOf);
  const lastLines = (code: string) => inspections(code).map((text) => text.split('\n').slice(-2));

  it('are found with the names that they are given', () => {
    const code = `const history = await fit({
      model, // the net
      data: textLanes(training, { batchSize: 4, sequenceLength }),
      loss: (output, target) => crossEntropy(output, target),
      optimizer, steps: 100, clipNorm: 1,
      chart: { title: 'data: "x", loss' },
    });`;
    assert.deepEqual(lastLines(code), [
      [
        'const [batch] = textLanes(training, { batchSize: 4, sequenceLength });',
        'inspect(model, batch!, { loss: (output, target) => crossEntropy(output, target), clipNorm: 1 })',
      ],
    ]);
    assert.deepEqual(lastLines('fit({ model: net, data, loss })'), [
      ['const [batch] = data;', 'inspect(net, batch!, { loss })'],
    ]);
    assert.deepEqual(lastLines('fit({ model, data: (epoch) => shuffled(epoch) })'), [
      ['const [batch] = await ((epoch) => shuffled(epoch))(0);', 'inspect(model, batch!)'],
    ]);
  });

  it('may be given options from elsewhere', () => {
    const [text] = inspections('run = fit(training(100)); await run');
    assert.match(text ?? '', /const trained = training\(100\);/);
    assert.match(inspections('fit({ ...common, steps: 3 })')[0] ?? '', /trained = \{ \.\.\.common/);
  });

  it('in functions and blocks are inspected in front of their statement, with names that are known there', () => {
    const code = `import { fit } from 'unroll';
const rates = [1, 2]
for (const lr of rates) {
  const title = 'a } b'
  const optimizer = new SGD(model.parameters(), { lr })
  const run = await fit({ model, data: batches, loss: mse, optimizer });
}`;
    const [call] = fitCalls(code);
    const { code: changed, at } = withInspection(code, call!);
    assert.equal(
      changed,
      `import { display, inspect } from 'unroll';\n${code.replace(
        '  const run',
        `  {
    // One batch of what fit trains on, forward and back through time.
    const [batch] = batches;
    display(inspect(model, batch!, { loss: mse }));
  }
  const run`,
      )}`,
    );
    assert.match(changed.slice(at), /^\{\n {4}\/\/ One batch/);
    assert.deepEqual(withInspection(changed, fitCalls(changed)[0]!), { code: changed, at });
  });

  it('say in what they stand', () => {
    const statements: Record<string, string> = {
      'const a = 1\nawait fit(o)': 'below',
      'const [a, b] = await Promise.all([fit(o), fit(p)])': 'below',
      'const runs = { first: fit(o) }': 'below',
      'await Promise.all([rates.map((r) => r + 1), fit(o)])': 'below',
      'for await (const report of fit(o)) { show(report) }': 'below',
      'if (a) { b }\nfit(o)': 'below',
      'if (ready) { await fit(o) }': 'await fit(o) }',
      'async function train(net: Net): Promise<void> { go(); return fit(o) }': 'return fit(o) }',
      'const train = async (net) => {\n  const text = "x"\n  await fit(o)\n}': 'await fit(o)\n}',
      'class A { async train() { const run =\n await fit(o) } }': 'const run =\n await fit(o) } }',
      'rates.map(async (lr) => { await log(x)\n  .then(fit(o)) })':
        'await log(x)\n  .then(fit(o)) })',
      'switch (a) { case 1: await fit(o) }': 'await fit(o) }',
      'const train = (net) => fit(o)': 'bare',
      'await Promise.all(rates.map((lr) => fit({ model: make(lr) })))': 'bare',
      'for (const lr of rates) await fit(o)': 'bare',
      'while (more()) await fit(o)': 'bare',
    };
    for (const [code, expected] of Object.entries(statements)) {
      const [call] = fitCalls(code);
      assert.ok(call, code);
      const { statement, isBare } = call;
      const found = statement === undefined ? 'below' : code.slice(statement);
      assert.equal(isBare === true ? 'bare' : found, expected, code);
    }
  });

  it('are calls of ours', () => {
    for (const code of [
      '// fit({ model, data })',
      'new StandardScaler().fit(rows)',
      'function fit(a) {}',
      'import { fit } from "unroll"',
      'fit(',
      'fit()',
      'const outfit = benefit({ model })',
    ])
      assert.deepEqual(fitCalls(code), [], code);
  });
});

describe('stale cells', () => {
  /** Runs cells by index; `edit` changes code without running. */
  class Notebook {
    readonly cells: NotebookCellState[];
    constructor(...codes: string[]) {
      this.cells = codes.map((code) => ({ code }));
    }
    run(index: number, ...sets: string[]): void {
      const cell = this.cells[index]!;
      cell.run = toRun(this.cells, index, cell.code, sets);
    }
    edit(index: number, code: string): void {
      this.cells[index]!.code = code;
    }
    get stale(): string[] {
      return staleCells(this.cells).map((one) => (one ? `${one.reason} ${String(one.cell)}` : ''));
    }
  }

  function ran(): Notebook {
    const notebook = new Notebook('const a = 1', 'const b = a + 1', 'b', 'other');
    notebook.run(0, 'a');
    notebook.run(1, 'b');
    notebook.run(2);
    notebook.run(3);
    return notebook;
  }

  it('are none where nothing changed, also after the same code ran again', () => {
    const notebook = ran();
    assert.deepEqual(notebook.stale, ['', '', '', '']);
    notebook.run(0, 'a');
    assert.deepEqual(notebook.stale, ['', '', '', '']);
  });

  it('read what an edited cell set, or a cell that read it', () => {
    const notebook = ran();
    notebook.edit(0, 'const a = 2');
    assert.deepEqual(notebook.stale, ['', 'edited 0', 'stale 1', '']);
    notebook.run(0, 'a');
    assert.deepEqual(notebook.stale, ['', 'ranAgain 0', 'stale 1', '']);
    notebook.run(1, 'b');
    assert.deepEqual(notebook.stale, ['', '', 'ranAgain 1', '']);
    notebook.run(2);
    assert.deepEqual(notebook.stale, ['', '', '', '']);
  });

  it('are up to date again when the edit is taken back', () => {
    const notebook = ran();
    notebook.edit(0, 'const a = 2');
    notebook.edit(0, 'const a = 1');
    assert.deepEqual(notebook.stale, ['', '', '', '']);
  });

  it('go by the nearest cell above that set the name', () => {
    const notebook = new Notebook('let x = 1', 'x = 2', 'x');
    notebook.run(0, 'x');
    notebook.run(1, 'x');
    notebook.run(2);
    notebook.edit(0, 'let x = 5');
    assert.deepEqual(notebook.stale, ['', 'edited 0', 'stale 1']);
    notebook.cells.splice(0, 2);
    assert.deepEqual(notebook.stale, ['']);
  });
});

describe('names of packages', () => {
  it('are what npm takes and a shell reads as one word', () => {
    for (const name of ['lodash', '@scope/name', 'd3-dsv', 'a.b_c', '3d'])
      assert.ok(isPackageName(name), name);
    for (const name of [
      'a b',
      'a;b',
      '-g',
      '~',
      '../x',
      '@a/b/c',
      '$(x)',
      'A',
      '',
      'a'.repeat(215),
    ])
      assert.ok(!isPackageName(name), name);
  });
});
