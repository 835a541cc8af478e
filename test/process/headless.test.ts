import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notebook } from '../../kernel/cli/nbformat.js';
import { inFolder, outputsOf, readValid, unroll, writeNotebook } from './commandLine.js';

const textsOf = (notebook: Notebook): string[] =>
  outputsOf(notebook).map((outputs) =>
    outputs
      .map((one) => {
        if (one.output_type === 'error') return one.ename;
        return one.output_type === 'stream' ? one.text.join('') : '';
      })
      .join(''),
  );

/** A notebook with any cells and metadata. */
async function writeAny(
  file: string,
  cells: readonly object[],
  metadata: object = {},
): Promise<string> {
  const complete = cells.map((cell) => ({ metadata: {}, ...cell }));
  await writeFile(
    file,
    JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata, cells: complete }),
  );
  return file;
}

const code = (source: string, metadata: object = {}) => ({
  cell_type: 'code',
  source,
  metadata,
  execution_count: null,
  outputs: [],
});

describe('unroll run, as one works with it', () => {
  it('keeps going behind a failed cell where told to, and still exits with 1', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `console.log('one')`,
        `throw new RangeError('two')`,
        `console.log('three')`,
        `undefinedName`,
        `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})`,
        `console.log('after the crash')`,
      ]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '--keep-going', '-o', output]);
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /cell 2 of .* failed: RangeError/);
      assert.match(ended.stderr, /cell 4 of .* failed: ReferenceError/);
      assert.match(ended.stderr, /cell 5 of .* failed: KernelDiedError/);
      assert.equal(ended.stdout, 'one\nthree\nafter the crash\n');
      const texts = textsOf(await readValid(output));
      assert.deepEqual(texts.slice(0, 5), [
        'one\n',
        'RangeError',
        'three\n',
        'ReferenceError',
        'KernelDiedError',
      ]);
    }));

  it('lets a cell tagged raises-exception fail, and skips cells in another language', () =>
    inFolder(async (folder) => {
      const file = await writeAny(join(folder, 'n.ipynb'), [
        code(`throw new Error('expected')`, { tags: ['raises-exception'] }),
        code(`SELECT 1`, { vscode: { languageId: 'sql' } }),
        { cell_type: 'markdown', source: '# text' },
        code(`console.log('behind')`),
      ]);
      const ended = await unroll(['run', file]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, 'behind\n');
      assert.match(ended.stderr, /Error: expected/);
    }));

  it('refuses a notebook in another language with a sentence', () =>
    inFolder(async (folder) => {
      const python = {
        kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
      };
      const file = await writeAny(join(folder, 'n.ipynb'), [code('print(1)')], python);
      const ended = await unroll(['run', file]);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /n\.ipynb: expected cells in typescript, got "python"/);
    }));

  it('runs several notebooks, each in a kernel and folder of its own, into a folder', () =>
    inFolder(async (folder) => {
      const files: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        await mkdir(join(folder, name));
        files.push(
          await writeAny(join(folder, name, `${name}.ipynb`), [
            code(
              name === 'b'
                ? `throw new Error('b fails')`
                : `console.log((globalThis as any).shared, __dirname); (globalThis as any).shared = 1; void 0`,
            ),
          ]),
        );
      }
      const stopped = await unroll([
        'run',
        ...files,
        '-o',
        `${folder}/out/`,
        '--html',
        `${folder}/pages/`,
      ]);
      assert.equal(stopped.code, 1);
      assert.equal(stopped.stdout, `undefined ${join(folder, 'a')}\n`);
      assert.deepEqual(await readdir(join(folder, 'out')), ['a.ipynb', 'b.ipynb']);
      assert.deepEqual(await readdir(join(folder, 'pages')), ['a.html', 'b.html']);
      const all = await unroll(['run', ...files, '-k', '--in-place']);
      assert.equal(all.code, 1);
      assert.equal(all.stdout.split('\n').length, 3);
      assert.deepEqual(textsOf(await readValid(files[2]!)), [`undefined ${join(folder, 'c')}\n`]);
    }));

  it('says what is wrong with where results should go, before anything runs', () =>
    inFolder(async (folder) => {
      const one = await writeNotebook(folder, [`console.log('ran')`]);
      await mkdir(join(folder, 'sub'));
      const same = await writeNotebook(join(folder, 'sub'), [`1`]);
      const cases: [string[], RegExp][] = [
        [
          ['run', one, same, '-o', join(folder, 'x.ipynb')],
          /--output: expected a folder for several notebooks/,
        ],
        [['run', one, same, '--html', folder], /--html: two notebooks would be written to/],
        [['run', one, '-o', 'x.ipynb', '--in-place'], /expected --output or --in-place, got both/],
        [['run', one, 'missing.ipynb'], /ENOENT/],
      ];
      for (const [args, message] of cases) {
        const ended = await unroll(args);
        assert.equal(ended.code, 2);
        assert.match(ended.stderr, message);
        assert.equal(ended.stdout, '');
      }
    }));

  it('knows parameters by any declaration, and takes JSON or text', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        {
          source: `let a = 1, b: number = 2;\nexport const list: number[] = [1];\nconst text = 'x', $flag = false;`,
          tags: ['parameters'],
        },
        `console.log(a, b, list, text, $flag)`,
      ]);
      const given = ['b=5', 'list=[7,8]', 'text=it\'s "so"\\n', '$flag=true'].flatMap((one) => [
        '-p',
        one,
      ]);
      const ended = await unroll(['run', file, ...given]);
      assert.equal(ended.stdout, `1 5 [ 7, 8 ] it's "so"\\n true\n`, ended.stderr);
      const none = await writeNotebook(folder, [`1`]);
      const refused = await unroll(['run', none, '-p', 'a=1']);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /no cell is tagged 'parameters', so none can be given/);
    }));

  it('names the time limit, also for what heeds no interrupt, and goes on from there', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `await new Promise(() => {})`,
        `require('node:child_process').execSync('sleep 8')`,
        `console.log('goes on')`,
      ]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '-t', '0.5', '-k', '-o', output]);
      assert.equal(ended.code, 1);
      const message =
        /CellTimeoutError: The cell took longer than 0\.5 s \(--timeout\) and was stopped(?: together with its kernel: variables are gone)?\./g;
      assert.equal(ended.stderr.match(message)?.length, 2, ended.stderr);
      assert.equal(ended.stdout, 'goes on\n');
      const [first] = outputsOf(await readValid(output));
      assert.ok(first?.[0]?.output_type === 'error' && first[0].ename === 'CellTimeoutError');
    }));

  it('is quiet where nobody watches: what cells print, and nothing else', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `import { progress } from 'unroll'; for (const i of progress(3)) ;\nconsole.log('text');`,
        `42`,
      ]);
      const ended = await unroll(['run', file]);
      assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, 'text\n42\n', '']);
    }));

  it('answers questions from standard input, and says so where there is no answer', () =>
    inFolder(async (folder) => {
      const ask = `import { input } from 'unroll';\nconsole.log(await input('name?'), '!');`;
      const file = await writeNotebook(folder, [ask, `console.log(await input('again?'))`]);
      const answered = await unroll(['run', file], (child) => child.stdin?.end('Ada\nGrace\n'));
      assert.equal(answered.stdout, 'Ada !\nGrace\n', answered.stderr);
      const refused = await unroll(['run', file], (child) => child.stdin?.end('Ada\n'));
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /InputRefusedError: input: nobody can be asked 'again\?'/);
    }));

  it('prints a flood whole and in order, and keeps what is too much beside the notebook', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `for (let i = 0; i < 200_000; i++) console.log(i);\nconsole.error('warned');\nconsole.log('end');`,
      ]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '-o', output]);
      const whole = Array.from({ length: 200_000 }, (_, i) => `${String(i)}\n`).join('');
      assert.ok(ended.stdout === `${whole}end\n`, 'stdout is complete');
      assert.equal(ended.stderr, 'warned\n');
      assert.equal(
        await readFile(join(folder, 'out_files/output-1.txt'), 'utf8'),
        `${whole}warned\nend\n`,
      );
      const [outputs] = outputsOf(await readValid(output));
      assert.equal(outputs?.length, 2);
      const [, note] = outputs;
      assert.ok(note?.output_type === 'display_data');
      assert.match(
        (note.data['text/html'] as string[]).join(''),
        /<a href="out_files\/output-1\.txt">/,
      );
      assert.deepEqual(note.metadata, {});
    }));

  it('leaves what it had reached where it is killed', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `console.log('reached'); await new Promise((go) => setTimeout(go, 5200));`,
        `console.log('now'); await new Promise(() => {});`,
      ]);
      const output = join(folder, 'out.ipynb');
      await unroll(['run', file, '-o', output], (child) => {
        child.stdout?.on('data', (text: Buffer) => {
          if (text.includes('now')) child.kill('SIGKILL');
        });
      });
      assert.equal(textsOf(await readValid(output))[0], 'reached\n');
    }));

  it('writes the same notebook again from the same seed, but for times', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        { source: `const steps = 20;`, tags: ['parameters'] },
        `import { Adam, crossEntropy, CharTokenizer, Embedding, fit, Linear, LSTM, manualSeed, Module, progress, randn, textLanes } from 'unroll';
         manualSeed(1); randn([40, 40])`,
        `const text = 'to be or not to be, that is the question. '.repeat(20);
         const tokenizer = new CharTokenizer(text);
         class Net extends Module {
           embedding = new Embedding({ numEmbeddings: tokenizer.vocabularySize, embeddingDim: 4 });
           lstm = new LSTM({ inputSize: 4, hiddenSize: 8 });
           head = new Linear({ inFeatures: 8, outFeatures: tokenizer.vocabularySize });
           forward(input: any, state?: any) {
             const { output, state: next } = this.lstm.forward(this.embedding.forward(input), state);
             return { output: this.head.forward(output), state: next };
           }
         }
         const model = new Net();
         const history = await fit({ model, data: textLanes(tokenizer.encode(text), { batchSize: 4, sequenceLength: 10 }), loss: crossEntropy, optimizer: new Adam(model.parameters(), { lr: 0.01 }), steps });
         for (const i of progress(3)) console.log(history.loss?.[i] ?? i);`,
        `console.log('last'); setTimeout(() => console.log('timer'), 5); await new Promise((go) => setTimeout(go, 50));`,
      ]);
      const written: string[] = [];
      for (const name of ['one.ipynb', 'two.ipynb']) {
        const ended = await unroll(['run', file, '-o', join(folder, name), '-p', 'steps=12']);
        assert.equal(ended.code, 0, ended.stderr);
        await readValid(join(folder, name));
        written.push(await readFile(join(folder, name), 'utf8'));
      }
      const [one, two] = written.map((text) => withoutTimes(JSON.parse(text)));
      assert.deepEqual(one, two);
      const keys = Object.keys(JSON.parse(written[0]!) as object);
      assert.deepEqual(keys, ['cells', 'metadata', 'nbformat', 'nbformat_minor']);
    }));
});

/** Seconds of a loss curve, and what a progress bar says of time. */
function withoutTimes(value: unknown, key = ''): unknown {
  if (key === 'seconds' && Array.isArray(value)) return value.length;
  if (typeof value === 'string') return value.replace(/\[\d\d:\d\d(?:&lt;|<)?[^\]]*\]/g, '[time]');
  if (Array.isArray(value)) return value.map((one) => withoutTimes(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withoutTimes(one, name)]),
  );
}

describe('unroll run --html', () => {
  it('takes in pictures beside the notebook and attachments', () =>
    inFolder(async (folder) => {
      const dot =
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
      await writeFile(join(folder, 'my dot.png'), Buffer.from(dot, 'base64'));
      const file = await writeAny(join(folder, 'n.ipynb'), [
        {
          cell_type: 'markdown',
          source: '![beside](my%20dot.png) ![attached](attachment:a.png) ![missing](gone.png)',
          attachments: { 'a.png': { 'image/png': dot } },
        },
      ]);
      const page = join(folder, 'page.html');
      const ended = await unroll(['run', file, '--html', page]);
      assert.equal(ended.code, 0, ended.stderr);
      const text = await readFile(page, 'utf8');
      assert.equal(text.split(`src="data:image/png;base64,${dot}"`).length, 3);
      assert.match(text, /<img src="gone\.png" alt="missing"\/>/);
    }));

  it('writes one page that needs nothing: charts drawn, text escaped, no script where told so, light and dark', () =>
    inFolder(async (folder) => {
      const file = await writeAny(join(folder, 'n.ipynb'), [
        {
          cell_type: 'markdown',
          source: '# A *fine* title\n\n<img src=x onerror="alert(1)"> `a<b` and **bold**',
        },
        code(`import { audio, display, html, lossChart, randn, svg, vegaLite } from 'unroll';
          console.log('\\u001b[32mgreen\\u001b[0m <i>not italic</i>'); console.error('careful');
          await display(vegaLite({ data: { values: [{ x: 1, y: 2 }, { x: 2, y: 3 }] }, mark: 'line',
            encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative', title: '<b>y</b>' } } }));
          await display(lossChart({ step: [1, 2], seconds: [1, 2], loss: [2, 1], validation: { step: [], seconds: [], loss: [] }, changes: [] } as never));
          await display(html('<b onclick="alert(1)">kept</b><script>alert(2)</script><div>never closed'));
          await display(svg('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(3)"><script>alert(4)</script></svg>'));
          await display(audio([0, 0.5, -0.5], { sampleRate: 8000 }));
          await display(vegaLite({ data: { url: 'file:///etc/passwd' }, mark: 'bar' }));
          randn([20, 20])`),
        code(`throw new Error('with <tags>')`),
      ]);
      const page = join(folder, 'page.html');
      const ended = await unroll(['run', file, '--html', page, '--static']);
      assert.equal(ended.code, 1);
      const text = await readFile(page, 'utf8');
      assert.match(text, /^<!doctype html>\n<html lang="en">/);
      assert.match(text, /<title>A fine title<\/title>/);
      assert.doesNotMatch(text, /<script|\son[a-z]+="|javascript:|<link|<iframe/i);
      assert.match(text, /http-equiv="Content-Security-Policy" content="default-src 'none'/);
      assert.match(text, /prefers-color-scheme: dark/);
      assert.equal(text.match(/<svg role="img"[^>]* class="marks"/g)?.length, 2);
      assert.match(text, /This chart cannot be drawn: .*may not load anything; it asked for file:/);
      assert.match(text, /currentColor/);
      assert.ok(!text.includes('root:'), 'a chart reads no file');
      assert.match(text, /&lt;b&gt;y&lt;\/b&gt;/);
      assert.match(text, /<span style="color:#0b8a4a">green<\/span> &lt;i&gt;not italic/);
      assert.match(text, /<pre class="stderr">careful/);
      assert.match(text, /<b>kept<\/b><div>never closed<\/div>/);
      assert.match(text, /<img src="data:image\/svg\+xml;base64,/);
      assert.match(text, /<audio controls="" preload="metadata" src="data:audio\/wav;base64,/);
      assert.match(text, /aria-label="Heat map of Tensor \[20, 20\]"/);
      assert.match(text, /<pre class="error">Error: with &lt;tags&gt;/);
      assert.match(text, /<span class="keyword">throw<\/span>/);
      const fetched = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].filter(
        ([, to]) => !to?.startsWith('data:'),
      );
      assert.deepEqual(
        fetched.map(([, to]) => to),
        ['x'],
      );
    }));
});
