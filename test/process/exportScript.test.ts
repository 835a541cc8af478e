import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { inFolder, root, unroll, writeNotebook } from './commandLine.js';

const run = promisify(execFile);

async function toScript(folder: string, cells: Parameters<typeof writeNotebook>[1]) {
  const notebook = await writeNotebook(folder, cells);
  const script = join(folder, 'script.ts');
  const ended = await unroll(['export', notebook, '--to', 'script', '-o', script]);
  assert.equal(ended.code, 0, ended.stderr);
  return { notebook, script, text: await readFile(script, 'utf8') };
}

/** Cells as people write them: names again, imports everywhere, a value at the end. */
const cells = [
  `import { tensor } from 'unroll';\nimport { basename } from 'node:path';\nconst value = tensor([1, 2]);\nvalue`,
  `[1, 2].forEach((one) => console.log(one, basename('/a/b')))`,
  `import { tensor, type Tensor } from 'unroll';
const value: number = 3;
const show = (it: { value: number }) => console.log(it.value, { value }.value);
show({ value })
function inner(value: string) { return value + '!'; }
console.log(inner('x'))
{ value, text: 'object' }`,
  `interface Row { a: number }\nconst { value, ...rest } = { value: 'text', more: 1 };\nconsole.log(value.length, rest)`,
  `type Row = { b: string };\nconst row: Row = { b: value };\nlet total = 0;\nclass Thing { value = 1 }\nnew Thing().value`,
  `total += row.b.length; console.log(total, typeof value)`,
  `import { join as tensor } from 'node:path';\nconsole.log(tensor('a', 'b'))`,
];

/** What TypeScript says of the script in a project that has \`unroll\`. */
function errorsOf(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
    paths: { unroll: [join(root, 'dist/types/unroll.d.ts')] },
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

describe('a notebook exported as a script', () => {
  it('declares each name once, keeps its types, and prints what the notebook prints', () =>
    inFolder(async (folder) => {
      const { notebook, script, text } = await toScript(folder, cells);
      assert.deepEqual(errorsOf([script]), []);
      assert.match(
        text,
        /value → value2 \(cell 3\), value → value3 \(cell 4\), Row → Row2 \(cell 5\)/,
      );
      assert.match(text, /show\(\{ value: value2 \}\)/);
      assert.match(text, /const \{ value: value3, \.\.\.rest \}/);
      assert.match(text, /it\.value, \{ value: value2 \}\.value/);
      assert.match(text, /\(\{ value: value2, text: 'object' \}\);/);
      const expected = await unroll(['run', notebook]);
      const ended = await unroll(['run', script]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, expected.stdout);
    }));

  it('runs in plain Node, with the package beside it', () =>
    inFolder(async (folder) => {
      const { script, text } = await toScript(folder, cells);
      const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
      const options = { compilerOptions: { target, module, verbatimModuleSyntax: true } };
      const plain = script.replace(/ts$/, 'mjs');
      await writeFile(plain, ts.transpileModule(text, options).outputText);
      await mkdir(join(folder, 'node_modules'));
      await symlink(root, join(folder, 'node_modules/unroll'), 'junction');
      const { stdout } = await run(process.execPath, [plain]);
      assert.equal(
        stdout,
        '1 b\n2 b\n3 3\nx!\n4 { more: 1 }\n4 string\na/b\n'.replace('\na/b', `\n${join('a', 'b')}`),
      );
    }));

  it('keeps parameters, Markdown, other languages and what does not parse', () =>
    inFolder(async (folder) => {
      const { script, text } = await toScript(folder, [
        { source: 'const steps = 2;', tags: ['parameters'] },
        'const broken = ;',
        'console.log(steps, require.resolve.name)',
      ]);
      assert.match(text, /\/\/ const broken = ;/);
      assert.match(text, /Not TypeScript, and so left as comments: cell 2/);
      assert.match(text, /Only 'unroll run' has these in a module: require/);
      const ended = await unroll(['run', script, '-p', 'steps=7']);
      assert.equal(ended.stdout, '7 resolve\n', ended.stderr);
      const again = await unroll(['run', script, '--in-place']);
      assert.equal(again.code, 2);
      assert.match(again.stderr, /a text notebook keeps no outputs/);
      const over = await unroll(['export', script, '--to', 'script']);
      assert.match(over.stderr, /script\.ts' is the notebook itself/);
    }));

  it('type-checks for every example', () =>
    inFolder(async (folder) => {
      const names = JSON.parse(await readFile(join(root, 'examples/course.json'), 'utf8')) as {
        name: string;
      }[];
      const notebooks = names.map(({ name }) => join(root, 'examples', `${name}.ipynb`));
      const ended = await unroll(['export', ...notebooks, '--to', 'script', '-o', `${folder}/`]);
      assert.equal(ended.code, 0, ended.stderr);
      const files = ended.stdout.trim().split('\n');
      assert.equal(files.length, notebooks.length);
      assert.deepEqual(errorsOf(files), []);
    })).timeout(120_000);
});

describe('a notebook exported as Markdown', () => {
  it('has code in fences, outputs as text, and pictures in files beside it', () =>
    inFolder(async (folder) => {
      const notebook = await writeNotebook(folder, [
        "import { display, html, svg, vegaLite } from 'unroll';\nconsole.log('```', '\\u001b[31mred\\u001b[0m');",
        "await display(vegaLite({ title: 'A chart', mark: 'point', data: { values: [{ x: 1 }] }, encoding: { x: { field: 'x' } } }));",
        "await display(svg('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'));\nawait display(html('<b>x</b>\\n\\n<script>1</script><i>y</i>'));",
        "throw new TypeError('wrong')",
      ]);
      await unroll(['run', notebook, '--in-place']);
      const ended = await unroll(['export', notebook, '--to', 'markdown']);
      assert.equal(ended.code, 0, ended.stderr);
      const text = await readFile(join(folder, 'notebook.md'), 'utf8');
      assert.match(text, /^```ts\nimport|^````ts\nimport/);
      assert.match(text, /\n````text\n``` red\n````\n/);
      assert.match(text, /!\[[^\]]*\]\(notebook_files\/cell-2-1\.svg\)/);
      assert.match(text, /!\[[^\]]*\]\(notebook_files\/cell-3-1\.svg\)/);
      assert.match(text, /\n<b>x<\/b>\n<i>y<\/i>\n/);
      assert.match(text, /```text\nTypeError: wrong/);
      const svg = await readFile(join(folder, 'notebook_files/cell-2-1.svg'), 'utf8');
      assert.match(svg, /^<svg [^>]*><style>svg\{color/);
    }));
});

describe('unroll export', () => {
  it('says what is wrong with its options', async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [['a.ipynb'], /expected --to html\|script\|markdown, got none/],
      [['a.ipynb', '--to', 'pdf'], /got 'pdf'/],
      [['a.ipynb', '--to', 'html', '-t', '3'], /export: there is no option --timeout/],
      [['--to', 'html'], /export: expected a notebook, got none/],
      [['-', '--to', 'html'], /expected --output for standard input/],
      [['none.ipynb', '--to', 'html'], /ENOENT/],
    ];
    for (const [args, message] of wrong) {
      const ended = await unroll(['export', ...args]);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, message);
    }
  });
});
