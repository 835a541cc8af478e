import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { inFolder, root, unroll, writeNotebook } from './commandLine.js';
import { openBrowser } from './openBrowser.js';

const pictures = `import { display, html, inspect, LSTM, randn, unrolledGraph, vegaLite } from 'unroll';
const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
await display(vegaLite({ title: '</script><script>window.ran = 1</script>', mark: 'bar', data: { values: [{ x: 1, y: 2 }] },
  encoding: { x: { field: 'x' }, y: { field: 'y', type: 'quantitative' }, tooltip: { field: 'y' } } }));
await display(html('<b>bold</b><script>window.ran = 2</script><img src=x onerror="window.ran = 3">'));
await display(unrolledGraph(lstm, randn([3, 1, 2])));
await display(inspect(lstm, { input: randn([4, 1, 2]) }, { loss: (output) => output.sum() }));
`;
const training = `import { Adam, fit, Linear, mse, randn } from 'unroll';
const line = new Linear({ inFeatures: 1, outFeatures: 1 });
const x = randn([8, 1]);
await fit({ model: line, data: [{ input: x, target: x }], loss: mse, optimizer: new Adam(line.parameters(), { lr: 0.1 }), steps: 20 });`;

const looks = [
  `import { inspect, LSTM } from 'unroll';
const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
inspect(lstm, { input: randn([6, 1, 2]) }, { loss: (output) => output.select(0, -1).sum() })`,
];
const pictureFolder = join(
  root,
  process.env['UNROLL_UPDATE_PICTURES'] === '1' ? 'docs/pictures' : 'test-results',
);

/** A notebook that was run, and pages of it. */
describe('an exported page in a browser', () => {
  let browser: Browser;
  before(async () => (browser = await openBrowser()));
  after(() => browser.close());

  /** What the page asked for besides itself, and said. */
  async function open(
    file: string,
    scheme: 'light' | 'dark',
  ): Promise<{ page: Page; asked: string[] }> {
    const page = await browser.newPage({ colorScheme: scheme });
    const asked: string[] = [];
    const address = pathToFileURL(file).href;
    page.on('request', (request) => {
      if (!/^data:/.test(request.url()) && request.url() !== address) asked.push(request.url());
    });
    page.on('pageerror', (error) => asked.push(String(error)));
    await page.goto(address);
    return { page, asked };
  }

  it('draws live pictures from the data in it, and loads and runs nothing else', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [pictures, training]);
      const ran = await unroll(['run', file, '--in-place']);
      assert.equal(ran.code, 0, ran.stderr);
      const target = join(folder, 'page.html');
      const ended = await unroll(['export', file, '--to', 'html', '-o', target]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, `${target}\n`);
      for (const scheme of ['light', 'dark'] as const) {
        const { page, asked } = await open(target, scheme);
        await page.locator('.live svg').nth(2).waitFor();
        assert.equal(await page.locator('figure').count(), 4);
        assert.equal(await page.locator('figure > .live').count(), 4);
        assert.equal(await page.locator('.drawing:visible').count(), 0);
        assert.ok(await page.locator(`body.vscode-${scheme}`).count());
        assert.equal(await page.evaluate('window.ran'), undefined);
        // The image with `onerror` has an address of its own, which is no file.
        assert.deepEqual(
          asked.filter((one) => !one.endsWith('/x')),
          [],
        );
        await page.close();
      }
    }));

  it('looks as the notebook does, in light and dark', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [training, ...looks]);
      const target = join(folder, 'page.html');
      await unroll(['run', file, '--html', target]);
      for (const scheme of ['light', 'dark'] as const) {
        const { page } = await open(target, scheme);
        await page.locator('.live svg').nth(1).waitFor();
        await page.waitForTimeout(500);
        await page.screenshot({
          path: join(pictureFolder, `export-page-${scheme}.png`),
          fullPage: true,
        });
        await page.close();
      }
    }));

  it('lets the reader change the scale of a loss curve, read points and walk through a trace', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [pictures, training]);
      const target = join(folder, 'page.html');
      const ended = await unroll(['run', file, '--html', target]);
      assert.equal(ended.code, 0, ended.stderr);
      const { page } = await open(target, 'light');
      const loss = page.locator('figure', { hasText: 'Smoothing' });
      await loss.locator('svg').first().waitFor();
      const drawn = await loss.locator('svg').first().innerHTML();
      await loss.getByText('Log', { exact: true }).click();
      await page.waitForFunction(
        (old) => ![...document.querySelectorAll('svg')].some((svg) => svg.innerHTML === old),
        drawn,
      );
      await loss
        .locator('svg')
        .first()
        .hover({ position: { x: 200, y: 80 } });
      assert.match(await loss.locator('.tooltip').innerText(), /training/);
      const trace = page.locator('figure[data-mime*="trace"]');
      const stopped = /stop \d+ of \d+/;
      const stop = async () => stopped.exec(await trace.innerText())?.[0];
      const first = await stop();
      assert.ok(first);
      await trace.locator('[data-move="next"]').click();
      await page.waitForFunction((old) => !document.body.innerText.includes(old), first);
      await page.close();
    }));

  it('leaves drawings where script may not run, and has none with --static', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [pictures]);
      const target = join(folder, 'page.html');
      await unroll(['run', file, '--html', target]);
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(pathToFileURL(target).href);
      assert.equal(await page.locator('.drawing:visible > svg').count(), 3);
      await context.close();
      await unroll(['run', file, '--html', target, '--static']);
      assert.doesNotMatch(await readFile(target, 'utf8'), /<script/);
    }));

  it('has no script where no picture needs it', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, ['console.log(1)']);
      const target = join(folder, 'page.html');
      await writeFile(target, 'an earlier page');
      await unroll(['run', file, '--html', target]);
      const text = await readFile(target, 'utf8');
      assert.doesNotMatch(text, /<script|script-src/);
      assert.ok(text.length < 20_000, `${text.length} characters`);
    }));
});
