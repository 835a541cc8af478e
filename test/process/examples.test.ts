import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { parseNotebook } from '../../kernel/cli/parseNotebook.js';
import { inFolder, outputsOf, readValid, root, unroll } from './commandLine.js';

interface Example {
  name: string;
  title: string;
  sentence: string;
  claim: string;
  /** Parameters of the run here. */
  short: Record<string, unknown>;
}

const folder = join(root, 'examples');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const course = JSON.parse(read('examples/course.json')) as Example[];

describe('the examples', () => {
  it('are all in the course, each with its sentence, its picture and its line in the readme', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ipynb'));
    assert.deepEqual(course.map(({ name }) => `${name}.ipynb`).sort(), files.sort());
    const readme = read('examples/README.md');
    for (const { name, title, sentence, claim } of course) {
      assert.ok(title && sentence.endsWith('.') && claim.endsWith('.'), name);
      assert.match(read(`media/examples/${name}.svg`), /^<svg /);
      assert.ok(readme.includes(`(${name}.ipynb)`), `examples/README.md has no line of ${name}`);
    }
  });

  it('are saved without outputs, with their parameters in one cell that comes first', () => {
    for (const { name, short } of course) {
      const { cells } = parseNotebook(read(`examples/${name}.ipynb`), name);
      const code = cells.filter((cell) => cell.cell_type === 'code');
      assert.ok(
        code.every(({ outputs, execution_count: count }) => !outputs?.length && count === null),
        `${name} has outputs`,
      );
      assert.deepEqual(code[0]!.metadata['tags'], ['parameters'], name);
      const source = [code[0]!.source].flat().join('');
      for (const key of Object.keys(short)) assert.match(source, new RegExp(`const ${key}\\b`));
    }
  });

  it('have no type errors', function () {
    this.timeout(120_000);
    const sources = new Map(
      course.map(({ name }) => [
        join(tmpdir(), `${name}.ts`),
        parseNotebook(read(`examples/${name}.ipynb`), name)
          .cells.filter((cell) => cell.cell_type === 'code')
          .map(({ source }) => `${[source].flat().join('')};\n`)
          .join('')
          .concat('export {};'),
      ]),
    );
    const options: ts.CompilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      skipLibCheck: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2024,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { unroll: [join(root, 'dist/types/unroll.d.ts')] },
    };
    const base = ts.createCompilerHost(options);
    const host: ts.CompilerHost = {
      ...base,
      fileExists: (file) => sources.has(file) || base.fileExists(file),
      readFile: (file) => sources.get(file) ?? base.readFile(file),
      getSourceFile: (file, version, ...rest) => {
        const source = sources.get(file);
        return source === undefined
          ? base.getSourceFile(file, version, ...rest)
          : ts.createSourceFile(file, source, version);
      },
    };
    const program = ts.createProgram([...sources.keys()], options, host);
    // A name may be declared by several cells.
    const redeclared = [2300, 2451];
    const problems = ts
      .getPreEmitDiagnostics(program)
      .filter(({ code }) => !redeclared.includes(code));
    assert.equal(
      ts.formatDiagnostics(problems, {
        getCanonicalFileName: (file) => file,
        getCurrentDirectory: () => tmpdir(),
        getNewLine: () => '\n',
      }),
      '',
    );
  });

  for (const { name, short } of course)
    it(`${name} runs from start to end, and holds what it claims of a short run`, function () {
      this.timeout(5 * 60_000);
      return inFolder(async (temporary) => {
        const file = join(temporary, 'out.ipynb');
        const parameters = Object.entries(short).flatMap(([key, value]) => [
          '--param',
          `${key}=${JSON.stringify(value)}`,
        ]);
        const args = ['run', join(folder, `${name}.ipynb`), '--output', file, ...parameters];
        const ended = await unroll(args);
        assert.equal(ended.code, 0, ended.stderr);
        const shown = outputsOf(await readValid(file)).flat();
        const tables = shown.filter((one) => 'data' in one && 'text/markdown' in one.data);
        assert.ok(tables.length > 0, 'it ends with a table');
        const warnings = shown.filter((one) => 'name' in one && one.name === 'stderr');
        assert.deepEqual(warnings, []);
      });
    });
});
