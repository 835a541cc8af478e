import assert from 'node:assert/strict';
import type { MimeBundle } from '../../kernel/contract/mime.js';
import { type CellRun, TestKernel } from './kernelClient.js';

const bundlesOf = ({ events }: CellRun): MimeBundle[] =>
  events.flatMap((event) =>
    event.type === 'display' || event.type === 'result' ? [event.data] : [],
  );
const mimesOf = (bundle: MimeBundle | undefined): string[] => Object.keys(bundle ?? {});
const htmlOf = (bundle: MimeBundle | undefined): string => bundle?.['text/html'] as string;
const plainOf = (bundle: MimeBundle | undefined): string => bundle?.['text/plain'] as string;

describe('values of cells', () => {
  let kernel: TestKernel;
  const shown = async (code: string): Promise<MimeBundle | undefined> => {
    const run = await kernel.run(code);
    if (run.error) throw new Error(run.error.stack);
    return bundlesOf(run).at(-1);
  };
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`import * as u from 'unroll'; import { display } from 'unroll';`);
  });
  after(() => kernel.dispose());

  it('that are tensors show shape, element type and statistics, and stay text elsewhere', async () => {
    const bundle = await shown(
      `u.tensor([[-1, 0, 3], [NaN, 1, Infinity]], { requiresGrad: true })`,
    );
    assert.deepEqual(mimesOf(bundle), ['text/html', 'text/plain']);
    const text = htmlOf(bundle)
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    assert.match(text, /Tensor float32 \[2, 3\] · requires grad/);
    assert.match(text, /min −?-?1 max 3 mean 0\.7500 std 1\.479/);
    assert.match(text, /zeros 1 \(16\.7 %\) NaN 1 \(16\.7 %\) infinite 1 \(16\.7 %\)/);
    assert.match(text, / −?-1 0 3 NaN 1 ∞ $/);
    assert.match(plainOf(bundle), /^Tensor \[2, 3\] float32 \[\[-1, 0, 3\],/);
  });

  it('that are large tensors show a small heat map, quickly and without script', async () => {
    const bundle = await shown(`u.randn([64, 32, 512])`);
    const html = htmlOf(bundle);
    assert.match(html, /<svg role="img" aria-label="Heat map of Tensor \[64, 32, 512\]"/);
    assert.match(
      html,
      /rows: axes 0 to 1, columns: axis 2; each square is the mean of 43 × 6 numbers/,
    );
    assert.ok(html.length < 60_000, `${String(html.length)} characters`);
    assert.doesNotMatch(html, /<script|<canvas|\son\w+=/);
  });

  it('that are typed arrays, Maps, Sets and buffers are shown bounded', async () => {
    const long = await shown('Float64Array.from({ length: 1e6 }, (_, i) => Math.sin(i))');
    assert.match(htmlOf(long), /Float64Array float64 \[1000000\]/);
    assert.match(plainOf(long), /^Float64Array\(1000000\) \[[^]*999900 more items\n\]$/);
    assert.deepEqual(await shown('new Int8Array([1, -2])'), {
      'text/plain': 'Int8Array(2) [ 1, -2 ]',
    });
    const map = plainOf(await shown('new Map(Array.from({ length: 1e5 }, (_, i) => [i, { i }]))'));
    assert.match(map, /^Map\(100000\) \{\n {2}0 => \{ i: 0 \},[^]*99900 more items\n\}$/);
    assert.match(plainOf(await shown('new Set([[1], "a"])')), /^Set\(2\) \{ \[ 1 \], 'a' \}$/);
    assert.match(plainOf(await shown('Buffer.from("abc")')), /^<Buffer 61 62 63>$/);
  });

  it('that are errors show their causes', async () => {
    const text = plainOf(
      await shown(`new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) })`),
    );
    assert.match(
      text,
      /^Error: outer\n {4}at Cell \[\d+\]:1:1 \{\n {2}\[cause\]: TypeError: inner\n[^]*\[cause\]: 'root'/,
    );
    assert.doesNotMatch(text, /node:|dist\//);
    assert.match(
      plainOf(await shown(`new AggregateError([new Error('a'), new Error('b')], 'both')`)),
      /both[^]*Error: a[^]*Error: b/,
    );
  });

  const bounded: [what: string, code: string, pattern: RegExp][] = [
    [
      'cyclic',
      'const ring: any = { name: "a" }; ring.self = ring; ring',
      /^<ref \*1> \{ name: 'a', self: \[Circular \*1\] \}$/,
    ],
    [
      'of a million members',
      'const wide = Object.fromEntries(Array.from({ length: 1e6 }, (_, i) => ["k" + i, i])); wide',
      /^\{\n {2}k0: 0,[^]*k99: 99,\n {2}… 999,900 more properties\n\}$/,
    ],
    [
      'of a class with very many members',
      'class Bag { [key: string]: number } const bag = new Bag(); for (let i = 0; i < 2000; i++) bag["k" + i] = i; bag',
      /^Bag \{\n {2}k0: 0,[^]*1,900 more properties\n\}$/,
    ],
    [
      'nested too widely',
      'const row = Array(100).fill(0); const cube = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => row)); const four = Array.from({ length: 100 }, () => cube); four',
      /\[Array\]/,
    ],
    [
      'a list that holds itself',
      'const list: any[] = [1]; list.push(list, list); list',
      /^<ref \*1> \[ 1, \[Circular \*1\], \[Circular \*1\] \]$/,
    ],
    ['a long text', '"y".repeat(1e7)', /^'y{10000}'\.\.\. 9990000 more characters$/],
    [
      'a proxy that throws',
      'new Proxy({}, { get() { throw new Error("no") }, ownKeys() { throw new Error("no") } })',
      /^\{\}$/,
    ],
    [
      'printed by a method that throws',
      '({ a: 1, [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no") } })',
      /a: 1/,
    ],
    ['a getter that throws', '({ get x() { throw new Error("no") } })', /^\{ x: \[Getter\] \}$/],
  ];
  for (const [what, code, pattern] of bounded)
    it(`that are ${what} are shown bounded`, async () => {
      const text = plainOf(await shown(code));
      assert.match(text, pattern);
      assert.ok(text.length < 101_000);
    });

  it('are shown as HTML, SVG, Markdown, JSON, Vega-Lite, each with a text beside it', async () => {
    const bundles = bundlesOf(
      await kernel.run(`
        void display(u.html('<b>x</b>')); void display(u.svg('<svg/>')); void display(u.markdown('# t'));
        void display(u.json({ a: [1, { b: null }] })); void display(u.vegaLite({ mark: 'bar' }));`),
    );
    assert.deepEqual(bundles.map(mimesOf), [
      ['text/html', 'text/plain'],
      ['image/svg+xml', 'text/plain'],
      ['text/markdown', 'text/plain'],
      ['application/json', 'text/html', 'text/plain'],
      ['application/vnd.vegalite.v5+json', 'text/plain'],
    ]);
    assert.match(htmlOf(bundles[3]), /<details open><summary>\{1\}<\/summary>.*a: \[2\].*b: null/);
  });

  it('are shown by their beginning where they are very long JSON', async () => {
    const bundle = await shown(`u.json(Array.from({ length: 200_000 }, (_, i) => ({ i })))`);
    assert.deepEqual(mimesOf(bundle), ['text/html', 'text/plain']);
    assert.match(htmlOf(bundle), /\[200000\].*… 199\d{3} more/);
    assert.match(plainOf(bundle), /… \d+ more characters$/);
    assert.ok(plainOf(bundle).length < 1.1e6 && htmlOf(bundle).length < 5e5);
  });

  it('are shown as pictures from their bytes', async () => {
    const png = `Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')`;
    const bundle = await shown(`u.image(${png})`);
    assert.deepEqual(mimesOf(bundle), ['image/png', 'text/plain']);
    assert.ok(bundle?.['image/png'] instanceof Uint8Array && bundle['image/png'].length === 70);
    assert.equal(plainOf(bundle), 'PNG picture of 1 × 1 pixels');
    const sized = await shown(`u.image(${png}, { width: 40, alt: 'a "dot"' })`);
    assert.match(
      htmlOf(sized),
      /^<img src="data:image\/png;base64,iVBOR[^"]*" alt="a &quot;dot&quot;" width="40">$/,
    );
    const { error } = await kernel.run(`u.image(new Uint8Array([1, 2]))`);
    assert.match(error?.message ?? '', /^image: expected the bytes of a PNG.*got 2 other bytes$/);
  });

  it('are played as sound', async () => {
    const bundle = await shown(
      `u.audio(Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i / 5)), { sampleRate: 8000, label: 'A <tone>' })`,
    );
    assert.equal(plainOf(bundle), 'A <tone>, 1.00 s at 8000 Hz');
    assert.match(
      htmlOf(bundle),
      /A &lt;tone&gt;.*<audio controls preload="metadata" src="data:audio\/wav;base64,UklGR/,
    );
    const wav = Buffer.from(/base64,([^"]*)/.exec(htmlOf(bundle))![1]!, 'base64');
    assert.deepEqual(
      [wav.length, wav.readUInt16LE(22), wav.readUInt32LE(24)],
      [44 + 16_000, 1, 8000],
    );
    assert.equal(wav.readInt16LE(44 + 2 * 8), Math.round(Math.sin(8 / 5) * 2 ** 15));
    const stereo = await shown(`u.audio(u.tensor([[0, 1, -2], [1, 0, NaN]]), { sampleRate: 4 })`);
    const two = Buffer.from(/base64,([^"]*)/.exec(htmlOf(stereo))![1]!, 'base64');
    const samples = Array.from({ length: 6 }, (_, i) => two.readInt16LE(44 + 2 * i));
    assert.deepEqual(samples, [0, 32_767, 32_767, 0, -32_768, 0]);
  });

  const refused: [code: string, message: RegExp][] = [
    ['u.audio([0, 1])', /^audio: expected \{ sampleRate \} in samples per second, got none$/],
    ['u.audio([[0], [1, 2]], { sampleRate: 1 })', /channels of one length, got 1 and 2 samples/],
    ['u.audio("tone" as never)', /^audio: expected samples .* got string$/],
    ['u.audio([], { sampleRate: 1 })', /expected samples, got none/],
    ['u.progress(-1)', /^progress: expected a number of steps, zero or more, got -1$/],
    [
      'u.progress(null as never)',
      /^progress: expected a number or something to run over, got null$/,
    ],
    [
      'u.progress([], { name: "x" } as never)',
      /unknown option 'name', expected label, total, unit/,
    ],
  ];
  for (const [code, message] of refused)
    it(`that cannot be shown are errors with a sentence: ${code}`, async () => {
      assert.match((await kernel.run(code)).error?.message ?? 'no error', message);
    });

  it('that show themselves do so in results and displays, promises too', async () => {
    const run = await kernel.run(`
      class Chart { async [Symbol.for('Jupyter.display')]() { return { 'text/html': '<i>own</i>' } } }
      await display(new Chart()); new Chart()`);
    assert.deepEqual(bundlesOf(run), [
      { 'text/html': '<i>own</i>' },
      { 'text/html': '<i>own</i>' },
    ]);
    const wrapped = await shown(
      `new Proxy({ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': 'in a proxy' }) }, {})`,
    );
    assert.equal(plainOf(wrapped), 'in a proxy');
  });
});

describe('progress bars', () => {
  let kernel: TestKernel;
  const bars = (run: CellRun): string[] =>
    run.events.flatMap((event) => (event.type === 'display' ? [plainOf(event.data)] : []));
  const ids = (run: CellRun): Set<unknown> =>
    new Set(run.events.flatMap((event) => (event.type === 'display' ? [event.displayId] : [])));
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`
      import { progress } from 'unroll';
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));`);
  });
  after(() => kernel.dispose());

  it('follow a loop, with rate and the time that is left, and end full', async () => {
    const run = await kernel.run(`
      const seen: number[] = [];
      for (const n of progress([1, 2, 3, 4], { label: 'epochs' })) { seen.push(n); await wait(150); }
      seen.join()`);
    assert.equal(run.result, "'1,2,3,4'");
    assert.equal(ids(run).size, 1);
    const all = bars(run);
    assert.match(all[0]!, /^epochs: {3}0%\| {20}\| 0\/4 \[00:00\]$/);
    assert.ok(
      all.some((text) =>
        /^epochs: {2}50%\|█{10} {10}\| 2\/4 \[00:0\d<00:0\d, [1-6]\.\d\d it\/s\]$/.test(text),
      ),
      all.join('\n'),
    );
    assert.match(all.at(-1)!, /^epochs: 100%\|█{20}\| 4\/4 \[00:0\d, [1-6]\.\d\d it\/s\]$/);
  });

  it('of a fast loop are drawn a few times only', async () => {
    const run = await kernel.run(`let sum = 0; for (const i of progress(1_000_000)) sum += i; sum`);
    assert.equal(run.result, '499999500000');
    assert.ok(
      bars(run).length < 5 + run.reply.durationMs / 50,
      `${String(bars(run).length)} drawings`,
    );
    assert.match(bars(run).at(-1)!, /^100%.*1000000\/1000000/);
  });

  it('inside one another share one output; the inner one goes with its end', async () => {
    const run = await kernel.run(`
      for (const epoch of progress(3, { label: 'epoch' }))
        for (const batch of progress([1, 2, 3], { label: 'batch' })) await wait(120);`);
    assert.equal(ids(run).size, 1);
    const all = bars(run);
    assert.ok(
      all.some((text) =>
        /^epoch: .*1\/3 \[00:0\d<00:0\d, .* it\/s\]\nbatch: .*[12]\/3 \[00:0\d<00:0\d, .* it\/s\]$/.test(
          text,
        ),
      ),
      all.join('\n---\n'),
    );
    assert.ok(all.every((text) => text.split('\n').length <= 2));
    assert.match(all.at(-1)!, /^epoch: 100%.*3\/3[^\n]*$/);
  });

  it('behind one another have an output each, in their places', async () => {
    const run = await kernel.run(`
      for (const a of progress(2)) ; console.log('between'); for (const b of progress(2)) ;`);
    assert.equal(ids(run).size, 2);
    assert.deepEqual(
      run.order.filter((one) => one.startsWith('stdout')),
      ['stdout between'],
    );
  });

  it('run over asynchronous and endless items, and say where they were left', async () => {
    const run = await kernel.run(`
      async function* batches() { for (let i = 0; ; i++) { await wait(1); yield i; } }
      for await (const i of progress(batches(), { unit: 'batch' })) if (i === 6) break;`);
    assert.match(bars(run).at(-1)!, /^6 batch \[00:00, .*stopped\]$/);
    const sync = await kernel.run(
      `for (const x of progress(new Map([[1, 2]]))) throw new Error('inside');`,
    );
    assert.equal(sync.error?.message, 'inside');
    assert.match(bars(sync).at(-1)!, /0\/1 \[00:00.*stopped\]$/);
  });

  it('are moved by hand', async () => {
    const run = await kernel.run(`
      const bar = progress(200, { label: 'bytes', unit: 'B' });
      bar.tick(50); await wait(120); bar.update(150); bar.label = 'almost'; await wait(120); bar.tick(50); bar.finish(); bar.finish();`);
    assert.match(bars(run).at(-1)!, /^almost: 100%.*200\/200 \[00:00, \d+ B\/s\]$/);
  });

  it('draw as HTML that a screen reader understands', async () => {
    const run = await kernel.run(`for (const x of progress(2, { label: '<b>' })) ;`);
    const last = run.events.findLast((event) => event.type === 'display');
    const html = last?.data['text/html'] as string;
    assert.match(
      html,
      /role="progressbar" aria-label="&lt;b&gt;" aria-valuemin="0" aria-valuemax="2" aria-valuenow="2"/,
    );
    assert.doesNotMatch(html, /<b>/);
  });
});
