import assert from 'node:assert/strict';
import { changeset, parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';
import { parseGraph, parseLoss } from '../../../kernel/contract/parsePayload.js';
import { toGraphLayout } from '../../../media/graph/layout.js';
import { toGraphRows } from '../../../media/graph/rows.js';
import { toGraphSpec } from '../../../media/graph/spec.js';
import { defaultOptions, type LossOptions, toLines } from '../../../media/loss/lines.js';
import { toLossDrawing } from '../../../media/loss/rows.js';
import { toLossSignals, toLossSpec } from '../../../media/loss/spec.js';
import { toTheme } from '../../../media/theme.js';
import {
  closedLoader,
  ClosedLoaderError,
  type Row,
  type VegaLiteSpec,
} from '../../../media/vegaView.js';
import { goldenPayload } from './goldenPayloads.js';

const theme = toTheme('light', () => '');

type Logger = NonNullable<NonNullable<Parameters<typeof compile>[1]>['logger']>;

/** Compiles without a warning and draws without a page; expressions run through the interpreter. */
async function draw(spec: VegaLiteSpec, data: Record<string, Row[]>, signals: object = {}) {
  const complaints: string[] = [];
  const logger: Logger = {
    level: () => logger,
    error: (...texts) => complain(texts),
    warn: (...texts) => complain(texts),
    info: () => logger,
    debug: () => logger,
  };
  const complain = (texts: unknown[]) => {
    complaints.push(texts.join(' '));
    return logger;
  };
  const compiled = compile(spec, { logger }).spec;
  const view = new View(parse(compiled, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: 'none',
    logger,
  });
  for (const [name, value] of Object.entries(signals)) view.signal(name, value);
  for (const [name, rows] of Object.entries(data)) view.change(name, changeset().insert(rows));
  const svg = await view.toSVG();
  view.finalize();
  return { svg, complaints, compiled: JSON.stringify(compiled) };
}

async function drawLoss(name: string, options: Partial<LossOptions> = {}, unit?: string) {
  const payload = parseLoss(goldenPayload(name));
  const chosen = { ...defaultOptions, ...options };
  const drawing = toLossDrawing(payload, toLines(payload, chosen), chosen, {
    width: 700,
    height: 240,
  });
  return draw(
    toLossSpec(unit ?? payload.unit, chosen, theme),
    drawing.data,
    toLossSignals(drawing),
  );
}

/** The drawn elements of a mark; the lines of one layer have a group each. */
function pathsOf(svg: string, mark: string): string[] {
  const groups = svg.matchAll(
    new RegExp(`<g class="mark-[a-z]+ role-mark ${mark}_marks[^>]*>(.*?)</g>`, 'gs'),
  );
  return [...groups].flatMap(([, inside]) =>
    [...inside!.matchAll(/<(?:path|line|text)[^>]*>/g)].map(([tag]) => tag),
  );
}

describe('loader of pictures', () => {
  const ways: Record<string, (address: string) => Promise<unknown>> = {
    load: (address) => closedLoader.load(address),
    sanitize: (address) => closedLoader.sanitize(address, { context: 'href' }),
    http: (address) => closedLoader.http(address, {}),
    file: (address) => closedLoader.file(address),
  };
  for (const [way, open] of Object.entries(ways)) {
    it(`refuses to ${way} anything`, async () => {
      for (const address of ['https://example.com/x.json', 'file:///etc/passwd', 'data:,1', '']) {
        await assert.rejects(open(address), ClosedLoaderError);
      }
    });
  }
});

describe('loss specification', () => {
  for (const name of ['loss-running', 'loss-done', 'loss-failed', 'loss-empty']) {
    for (const options of [{}, { x: 'seconds' as const, y: 'log' as const, smoothing: 0.8 }]) {
      it(`draws ${name} ${JSON.stringify(options)} without a complaint of Vega's`, async () => {
        const { complaints, svg } = await drawLoss(name, options);
        assert.deepEqual(complaints, []);
        assert.doesNotMatch(svg, /NaN|undefined/);
      });
    }
  }

  it('draws a line per series, smoothed with the measured one behind', async () => {
    const { svg } = await drawLoss('loss-done', { smoothing: 0.8 });
    assert.equal(pathsOf(svg, 'curves').length, 2);
    assert.equal(pathsOf(svg, 'measured').length, 1);
    assert.equal(pathsOf(svg, 'baselines').length, 2);
  });

  it('breaks a line where values are not finite', async () => {
    const { svg } = await drawLoss('loss-failed');
    assert.equal(pathsOf(svg, 'gaps').length, 1);
    const steps = /d="([^"]*)"/.exec(pathsOf(svg, 'curves')[0]!)![1]!.split('L').length;
    assert.equal(steps, 88);
  });

  it('writes final values and names as text', async () => {
    const { svg } = await drawLoss('loss-done');
    for (const text of ['training 1.774', 'bigram entropy 2.470', 'lr 0.003 → 0.001']) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
  });

  it('is the same for every state of a run, so that the view is kept', () => {
    const specOf = (name: string) => {
      const payload = parseLoss(goldenPayload(name));
      return JSON.stringify(toLossSpec(payload.unit, defaultOptions, theme));
    };
    assert.equal(specOf('loss-running'), specOf('loss-done'));
  });

  it('takes nothing of the payload for an expression, an address or markup', async () => {
    const unit = '"+alert(1)+" <img src=x onerror=alert(1)> datum.value';
    const { svg, compiled } = await drawLoss('loss-done', {}, unit);
    assert.ok(svg.includes('&lt;img src=x onerror=alert(1)&gt;'));
    assert.equal(
      compiled.split(JSON.stringify(unit)).length,
      2,
      'the unit stands once, as a title',
    );
    assert.doesNotMatch(compiled, /"(url|href|image)"/);
  });
});

describe('graph specification', () => {
  const rowsOf = (name: string, expanded?: { layer: number; t: number }) => {
    const payload = parseGraph(goldenPayload(name));
    return toGraphRows(payload, toGraphLayout(payload, { width: 700, firstStep: 0, expanded }));
  };

  it('draws a box per cell, an arrow head per edge and texts, without a complaint', async () => {
    const rows = rowsOf('graph-lstm', { layer: 1, t: 2 });
    const { svg, complaints, compiled } = await draw(toGraphSpec(theme), rows);
    assert.deepEqual(complaints, []);
    assert.doesNotMatch(svg, /NaN|undefined/);
    assert.equal(pathsOf(svg, 'boxes').length, 4 * 8);
    assert.equal(pathsOf(svg, 'operations').length, 12);
    assert.equal(pathsOf(svg, 'heads').length, rows.heads.length);
    assert.equal(pathsOf(svg, 'glyphTexts').length, 12);
    assert.doesNotMatch(compiled, /"(url|href|image)"/);
  });

  it('has a line for every edge', async () => {
    const rows = rowsOf('graph-lstm');
    const { svg } = await draw(toGraphSpec(theme), rows);
    assert.equal(pathsOf(svg, 'lines').length, new Set(rows.lines.map(({ edge }) => edge)).size);
  });

  it('shows hostile texts as text', async () => {
    const payload = parseGraph({
      ...(goldenPayload('graph-gru') as object),
      inputs: ['<a>', '"+x+"', '</'],
    });
    const rows = toGraphRows(payload, toGraphLayout(payload, { width: 700, firstStep: 0 }));
    const { svg } = await draw(toGraphSpec(theme), rows);
    assert.ok(svg.includes('>&lt;a&gt;<'));
  });
});
