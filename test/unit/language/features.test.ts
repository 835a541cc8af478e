import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CompletionItem, WorkspaceEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { complete, completeDetails } from '../../../kernel/language/complete.js';
import { diagnose } from '../../../kernel/language/diagnose.js';
import { hover, signatureHelp } from '../../../kernel/language/explain.js';
import {
  formatting,
  quickFixes,
  refactorEdits,
  refactorings,
} from '../../../kernel/language/fixes.js';
import { definitions, highlights, references } from '../../../kernel/language/navigate.js';
import {
  foldings,
  inlayHints,
  symbols,
  tokenLegend,
  tokens,
} from '../../../kernel/language/outline.js';
import { rename } from '../../../kernel/language/rename.js';
import { emptyFolder, TestNotebook } from './notebook.js';

/** `cell:line:column`, from 1; a file by its name. */
function show(
  notebook: TestNotebook,
  uri: string,
  { start }: { start: { line: number; character: number } },
) {
  const cell = notebook.program.cells.all.findIndex(({ document }) => document.uri === uri);
  const name = cell < 0 ? path.posix.basename(uri) : `${cell + 1}`;
  return `${name}:${start.line + 1}:${start.character + 1}`;
}

function applied(notebook: TestNotebook, { changes = {} }: WorkspaceEdit): string[] {
  return notebook.program.cells.all.map(({ document }) => {
    return TextDocument.applyEdits(document, changes[document.uri] ?? []);
  });
}

function names(notebook: TestNotebook, cell: number, text: string): CompletionItem[] {
  const at = notebook.at(cell, text, 'end');
  notebook.program.cells.focus(at[0].document.uri);
  return complete(notebook.program, notebook.cell(cell), at[1], undefined)?.items ?? [];
}

const labels = (items: CompletionItem[]) => items.map(({ label }) => label);

describe('completion', () => {
  it('offers names of earlier cells, not of later ones, and nothing of ours', () => {
    const notebook = new TestNotebook([
      'const early = 1; let late0 = 1;',
      'ea',
      'const eaten = 2;',
    ]);
    const found = labels(names(notebook, 1, 'ea'));
    assert.ok(found.includes('early'));
    assert.ok(!found.includes('eaten'));
    assert.deepEqual(
      found.filter((one) => one.includes('unroll-cell')),
      [],
    );
  });

  it('offers members with their doc comment', () => {
    const notebook = new TestNotebook([
      'const options = {\n  /** Per step. */\n  rate: 1,\n};',
      'options.',
    ]);
    const [rate] = names(notebook, 1, 'options.');
    assert.equal(rate?.label, 'rate');
    const details = completeDetails(notebook.program, rate);
    assert.deepEqual(details.documentation, { kind: 'markdown', value: 'Per step.' });
    assert.match(details.detail!, /rate: number/);
  });

  it('imports what unroll exports, once, at the cell’s start', () => {
    const notebook = new TestNotebook(['const a = 1;', 'a;\nnew GRU']);
    const found = names(notebook, 1, 'new GRU').filter(({ label }) => label === 'GRU');
    assert.equal(found.length, 1);
    assert.equal(found[0]!.labelDetails?.description, 'unroll');
    const { additionalTextEdits: edits = [], documentation } = completeDetails(
      notebook.program,
      found[0]!,
    );
    assert.match(JSON.stringify(documentation), /gated/i);
    const text = TextDocument.applyEdits(notebook.cell(1).document, edits);
    assert.equal(text, `import { GRU } from 'unroll';\na;\nnew GRU`);
  });

  it('imports from Node and from a package that the project depends on', () => {
    const folder = emptyFolder();
    const types = path.join(folder, 'node_modules/small-package');
    mkdirSync(types, { recursive: true });
    writeFileSync(
      path.join(types, 'package.json'),
      '{"name":"small-package","version":"1.0.0","types":"index.d.ts"}',
    );
    writeFileSync(path.join(types, 'index.d.ts'), 'export declare function smallFunction(): void;');
    writeFileSync(path.join(folder, 'package.json'), '{"dependencies":{"small-package":"1.0.0"}}');
    const notebook = new TestNotebook(['smallFunc', 'existsSyn'], folder);
    notebook.program.prepareImports();
    const from = (items: CompletionItem[], label: string) =>
      items.filter((one) => one.label === label).map((one) => one.labelDetails?.description);
    assert.deepEqual(from(names(notebook, 0, 'smallFunc'), 'smallFunction'), ['small-package']);
    assert.ok(from(names(notebook, 1, 'existsSyn'), 'existsSync').includes('node:fs'));
  });
});

describe('hover and signature help', () => {
  it('say what a name of another cell is, without the import that we wrote', () => {
    const notebook = new TestNotebook(['/** How fast. */ const rate = 1;', 'rate']);
    const { contents } = hover(notebook.program, ...notebook.at(1, 'rate'))!;
    assert.deepEqual(contents, {
      kind: 'markdown',
      value: '```typescript\nconst rate: 1\n```\n\nHow fast.',
    });
  });

  it('tell the parameters of a call', () => {
    const notebook = new TestNotebook([
      '/** @param n How often. */ function f(n: number, s = "") { return s; }',
      'f(1, ',
    ]);
    const help = signatureHelp(notebook.program, ...notebook.at(1, 'f(1, ', 'end'))!;
    assert.equal(help.signatures[0]!.label, 'f(n: number, s?: string): string');
    assert.equal(help.activeParameter, 1);
  });
});

describe('a name’s declaration and uses', () => {
  const notebook = new TestNotebook([
    `import { LSTM } from 'unroll';\nlet step = 0; class Box { size = 1 }`,
    'step += 1;\nnew Box().size;',
    'const step = "x";',
    'step; LSTM;',
    'export const out = { step };',
    'out;',
  ]);
  const defined = (cell: number, text: string) =>
    definitions(notebook.program, ...notebook.at(cell, text)).map((one) =>
      show(notebook, one.targetUri, one.targetSelectionRange),
    );
  const used = (cell: number, text: string) =>
    references(notebook.program, ...notebook.at(cell, text), true)
      .map((one) => show(notebook, one.uri, one.range))
      .sort();

  it('is in the cell that declared it last', () => {
    assert.deepEqual(defined(1, 'step'), ['1:2:5']);
    assert.deepEqual(defined(3, 'step'), ['3:1:7']);
    assert.deepEqual(defined(1, 'size'), ['1:2:27']);
    assert.deepEqual(defined(4, 'step'), ['3:1:7']);
  });

  it('is in the declarations of unroll', () => {
    const [place] = defined(3, 'LSTM');
    assert.match(place!, /^\w+\.d\.ts:/);
  });

  it('is each of a function’s declarations, once', () => {
    const { program } = new TestNotebook([
      `import { readFile } from 'node:fs/promises';`,
      'readFile;',
    ]);
    const found = definitions(program, program.cells.all[1]!, { line: 0, character: 2 });
    const lines = found.map((one) => one.targetSelectionRange.start.line);
    assert.ok(lines.length > 1);
    assert.deepEqual(lines, [...new Set(lines)]);
  });

  it('are found in all cells, also where one assigns to it', () => {
    assert.deepEqual(used(0, 'step'), ['1:2:5', '2:1:1']);
    assert.deepEqual(used(1, 'step'), ['1:2:5', '2:1:1']);
    assert.deepEqual(used(3, 'step'), ['3:1:7', '4:1:1', '5:1:22']);
    assert.deepEqual(used(1, 'size'), ['1:2:27', '2:2:11']);
  });

  it('are marked in their cell', () => {
    const found = highlights(notebook.program, ...notebook.at(1, 'step'));
    assert.equal(found.length, 1);
  });

  it('get a new name in all cells, up to where it is declared again', () => {
    const edit = (cell: number, text: string) =>
      applied(notebook, rename(notebook.program, ...notebook.at(cell, text), 'z')).join('|');
    assert.equal(
      edit(1, 'step'),
      `import { LSTM } from 'unroll';\nlet z = 0; class Box { size = 1 }|z += 1;\nnew Box().size;|const step = "x";|step; LSTM;|export const out = { step };|out;`,
    );
    assert.equal(
      edit(4, 'step').split('|').slice(2).join('|'),
      'const z = "x";|z; LSTM;|export const out = { z };|out;'.replace('{ z }', '{ step: z }'),
    );
    assert.match(edit(1, 'size'), /Box \{ z = 1 \}\|step \+= 1;\nnew Box\(\).z;/);
    assert.match(edit(5, 'out'), /export const z = \{ step \};\|z;$/);
    assert.match(edit(3, 'LSTM'), /^import \{ LSTM as z \} from 'unroll';.*step; z;/s);
  });

  it('of a local variable stay in their function', () => {
    const local = new TestNotebook(['const n = 1;', 'function f(n: number) { return n; } f(n);']);
    const found = rename(local.program, ...local.at(1, 'n: number'), 'm');
    assert.deepEqual(applied(local, found), [
      'const n = 1;',
      'function f(m: number) { return m; } f(n);',
    ]);
  });

  it('of unroll keep their names', () => {
    const fixed = new TestNotebook([`import { tensor } from 'unroll'; tensor([1]).backward();`]);
    assert.throws(() => rename(fixed.program, ...fixed.at(0, 'backward'), 'forth'), {
      name: 'RenameError',
    });
  });
});

describe('a cell’s outline', () => {
  const notebook = new TestNotebook([
    'const other = 1;',
    '// one\nclass Model {\n  size = other;\n  run() {\n    return 1;\n  }\n}\nfunction train(n: number) {\n  return n;\n}\ntrain(2);',
  ]);
  const cell = notebook.cell(1);

  it('has its symbols, and nothing of other cells', () => {
    const found = symbols(notebook.program, cell).map(({ name, children = [] }) => [
      name,
      ...children.map((one) => one.name),
    ]);
    assert.deepEqual(found, [['Model', 'run', 'size'], ['train']]);
  });

  it('folds its blocks', () => {
    const found = foldings(notebook.program, cell).map((one) => [one.startLine, one.endLine]);
    assert.deepEqual(found, [
      [1, 5],
      [3, 4],
      [7, 8],
    ]);
  });

  it('has the kinds of its names', () => {
    const { data } = tokens(notebook.program, cell);
    assert.deepEqual(data.slice(0, 5), [1, 6, 5, tokenLegend.tokenTypes.indexOf('class'), 1]);
  });

  it('has hints where they are asked for', () => {
    const all = { start: { line: 0, character: 0 }, end: { line: 10, character: 9 } };
    const hints = inlayHints(notebook.program, cell, all, {
      includeInlayParameterNameHints: 'all',
    });
    assert.deepEqual(
      hints.map(({ label, position }) => [label, position.line]),
      [['n:', 10]],
    );
    assert.deepEqual(inlayHints(notebook.program, cell, all, {}), []);
  });
});

describe('what is wrong', () => {
  const fixesOf = (notebook: TestNotebook, cell: number) => {
    const module = notebook.cell(cell);
    return quickFixes(notebook.program, module, diagnose(notebook.program, module));
  };

  it('has quick fixes: a spelling, an import', () => {
    const notebook = new TestNotebook(['const history = [1];', 'histori.length; new LSTM();']);
    const fixes = fixesOf(notebook, 1);
    const spelling = fixes.find(({ title }) => title.includes("'history'"));
    assert.equal(applied(notebook, spelling!.edit!)[1], 'history.length; new LSTM();');
    const imports = fixes.filter(({ title }) => title.includes('from "unroll"'));
    assert.equal(imports.length, 1, fixes.map(({ title }) => title).join());
    assert.equal(
      applied(notebook, imports[0]!.edit!)[1],
      `import { LSTM } from 'unroll';\nhistori.length; new LSTM();`,
    );
  });

  it('has fixes in the cell that declares, and none that would import a cell', () => {
    const notebook = new TestNotebook(['class C { a = 1 }', 'new C().b; late;', 'const late = 1;']);
    const fixes = fixesOf(notebook, 1);
    const added = fixes.find(({ title }) => title.includes("Declare property 'b'"));
    assert.match(applied(notebook, added!.edit!)[0]!, /b: any;/);
    assert.deepEqual(
      fixes.filter(({ title }) => title.includes('unroll-cell')),
      [],
    );
  });

  it('can be put into a function of its own', () => {
    const notebook = new TestNotebook(['const a = 1;', 'const b = a + 2;']);
    const module = notebook.cell(1);
    const range = { start: { line: 0, character: 10 }, end: { line: 0, character: 15 } };
    const [first] = refactorings(notebook.program, module, range, undefined).filter(({ kind }) =>
      kind?.startsWith('refactor.extract.function'),
    );
    const { edit } = refactorEdits(notebook.program, first!);
    assert.match(applied(notebook, edit!)[1]!, /function newFunction\(\) \{/);
  });

  it('is laid out where nobody else does it', () => {
    const notebook = new TestNotebook(['const a=1;', 'if(a){\nconsole.log( a )}\n{ a }']);
    const module = notebook.cell(1);
    const edits = formatting(notebook.program, module, { tabSize: 2, insertSpaces: true });
    assert.equal(
      TextDocument.applyEdits(module.document, edits),
      'if (a) {\n  console.log(a)\n}\n{ a }',
    );
  });
});
