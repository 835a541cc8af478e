import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { changeset, parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import type { TraceData } from '../../../kernel/contract/trace.js';
import { type Level, stopAt } from '../../../media/inspector/cursor.js';
import { toInspectorLayout } from '../../../media/inspector/layout.js';
import { keepUnchanged, toPictureRows } from '../../../media/inspector/picture.js';
import { readStop } from '../../../media/inspector/reading.js';
import { toPalette } from '../../../media/inspector/scales.js';
import type { Colouring } from '../../../media/inspector/scene.js';
import { toInspectorSpec } from '../../../media/inspector/spec.js';
import { toTraceScales } from '../../../media/inspector/traceScales.js';
import { Walk } from '../../../media/inspector/walk.js';
import { stageAdjoint } from '../../../media/inspector/stageAdjoint.js';
import { toTheme } from '../../../media/theme.js';
import { putRows } from '../../../media/vegaRows.js';
import type { Row } from '../../../media/vegaView.js';

const folder = new URL('../../../../test/golden/traces/', import.meta.url);
const rawTrace = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
const lstm = parseTrace(rawTrace('trace-lstm-truncated'));
const rnn = parseTrace(rawTrace('trace-rnn'));
const theme = toTheme('light', () => '');
const palette = toPalette(theme);
const colours = {
  palette,
  foreground: '#000001',
  muted: '#000002',
  line: '#000003',
  valueLine: '#0072b2',
  adjointLine: '#d55e00',
  background: '#ffffff',
  band: '#eeeeee',
  breakpoint: '#ff0000',
  edited: '#00aa00',
};

function rowsAt(
  trace: TraceData,
  index: number,
  {
    level = 'gate',
    colouring = 'phase',
    breakpoints = [],
    edited = [],
  }: {
    level?: Level;
    colouring?: Colouring;
    breakpoints?: number[];
    edited?: { layer: number; t: number }[];
  } = {},
) {
  const walk = new Walk(trace);
  const place = walk.at(index);
  const layer = 'layer' in place ? place.layer : trace.layers.length - 1;
  const layout = toInspectorLayout(trace, { width: 700, firstStep: 0, level, layer });
  const state = { index, place, colouring, breakpoints: new Set(breakpoints), edited };
  return { layout, rows: toPictureRows(walk, layout, toTraceScales(trace), state, colours) };
}

const placeOf = (trace: TraceData, phase: 'forward' | 'backward', layer: number, t: number) =>
  stopAt(new Walk(trace), { phase, layer, t });

describe('picture of the inspector', () => {
  for (const [name, trace] of Object.entries({ rnn, lstm }))
    for (const level of ['cell', 'gate', 'operation'] as const)
      it(`draws ${name} by ${level} without a complaint of Vega's`, async () => {
        const complaints: string[] = [];
        const logger = {
          level: () => logger,
          info: () => logger,
          debug: () => logger,
          error: (...texts: unknown[]) => (complaints.push(texts.join(' ')), logger),
          warn: (...texts: unknown[]) => (complaints.push(texts.join(' ')), logger),
        };
        const { rows } = rowsAt(trace, placeOf(trace, 'backward', 0, 3), { level });
        const compiled = compile(toInspectorSpec(theme), { logger: logger }).spec;
        const view = new View(parse(compiled, undefined, { ast: true }), {
          expr: expressionInterpreter,
          renderer: 'none',
          logger: logger,
        });
        for (const [set, values] of Object.entries(rows))
          view.change(set, changeset().insert(values));
        const svg = await view.toSVG();
        view.finalize();
        assert.deepEqual(complaints, []);
        assert.doesNotMatch(svg, /NaN|undefined/);
        assert.doesNotMatch(JSON.stringify(compiled), /"(url|href|image)"/);
      });

  it('colours what adjoints have reached, from the right, and leaves the rest in values', () => {
    const { rows, layout } = rowsAt(lstm, placeOf(lstm, 'backward', 1, 4), { level: 'cell' });
    const row = layout.rows.find(({ layer }) => layer === 1)!;
    const fills = layout.columns.map(
      ({ x }) => rows['boxes']!.find((box) => box['x'] === x && box['y'] === row.y)!['fill'],
    );
    const scales = toTraceScales(lstm);
    const stage = lstm.stages[row.stage]!;
    const layer = lstm.layers[1]!;
    // Of the cell's output the whole adjoint, with what comes from the next time step.
    const adjoints = layer.nodes[layer.output]!.adjointNorm.data;
    const expected = layout.columns.map(({ t }) =>
      t >= 4
        ? palette.adjoint(scales.adjoint.share(adjoints[t]!)).fill
        : palette.value(scales.stages[row.stage]!.share(stage.valueNorm.data[t]!)).fill,
    );
    assert.deepEqual(fills, expected);
  });

  it('makes edges wider for larger adjoints, and all but nothing at a truncation boundary', () => {
    const { rows, layout } = rowsAt(lstm, new Walk(lstm).length - 1, { level: 'cell' });
    const row = layout.rows.find(({ layer }) => layer === 1)!;
    const widths = layout.columns
      .slice(1)
      .map(
        ({ x }) =>
          rows['rules']!.find((rule) => rule['x2'] === x && rule['y'] === row.states[0])![
            'strokeWidth'
          ] as number,
      );
    const carried = lstm.layers[1]!.states[0]!.carried.data;
    const order = [0, 1, 2, 3, 4, 5].sort((a, b) => carried[a]! - carried[b]!);
    for (let i = 1; i < order.length; i++) assert.ok(widths[order[i]!]! >= widths[order[i - 1]!]!);
    for (const boundary of lstm.truncation!.boundaries) assert.ok(widths[boundary - 1]! <= 0.5);
    assert.equal(rows['rules']!.filter(({ dash }) => dash === 1).length, 2);
  });

  it('turns arrow heads round on the way back', () => {
    const angles = (index: number) =>
      new Set(
        rowsAt(rnn, index, { level: 'cell' }).rows['heads']!.map(({ angle }) =>
          Math.abs(angle as number),
        ),
      );
    const walk = new Walk(rnn);
    assert.ok(angles(walk.loss).has(0) && !angles(walk.loss).has(180));
    const atEnd = angles(walk.length - 1);
    assert.ok(atEnd.has(180) && !atEnd.has(0));
  });

  it('draws again only what a step changed: within a cell, nothing of the graph around it', () => {
    const walk = new Walk(lstm);
    const index = placeOf(lstm, 'backward', 1, 3);
    const before = rowsAt(lstm, index).rows;
    assert.equal(walk.at(index + 2).phase, 'backward');
    const kept = keepUnchanged(before, rowsAt(lstm, index + 2).rows);
    for (const name of ['boxes', 'rules', 'heads', 'texts'])
      assert.equal(kept[name], before[name], name);
    assert.notEqual(kept['insideBoxes'], before['insideBoxes']);
  });

  it('changed in place from stop to stop is what it would be drawn afresh', async () => {
    const compiled = compile(toInspectorSpec(theme)).spec;
    const open = () =>
      new View(parse(compiled, undefined, { ast: true }), {
        expr: expressionInterpreter,
        renderer: 'none',
      });
    const draw = async (view: View, live: Record<string, Row[]>, index: number) => {
      const held: Record<string, Row[]> = {};
      for (const [name, rows] of Object.entries(rowsAt(lstm, index).rows))
        held[name] = putRows(view, name, live[name], rows);
      await view.runAsync();
      // Texts of another kind come last in theirs: the order of texts is of no matter.
      return { held, svg: (await view.toSVG()).split(/(?=<)/).sort() };
    };
    const view = open();
    let live: Record<string, Row[]> = {};
    let before: Record<string, Row[]> = {};
    let kept = 0;
    for (const [phase, layer, t] of [
      ['backward', 1, 4],
      ['backward', 1, 3],
      ['backward', 0, 3],
      ['forward', 0, 5],
      ['forward', 0, 0],
    ] as const) {
      const index = placeOf(lstm, phase, layer, t);
      before = live;
      const { held, svg } = await draw(view, live, index);
      live = held;
      kept += Object.keys(live).filter((name) => live[name] === before[name]).length;
      const fresh = open();
      assert.deepEqual(svg, (await draw(fresh, {}, index)).svg, `${phase} ${layer} ${t}`);
      fresh.finalize();
    }
    view.finalize();
    assert.ok(kept > 20, `${kept} data sets were changed in place`);
  });

  it('does not write into the rows that it was given', async () => {
    const view = new View(parse(compile(toInspectorSpec(theme)).spec, undefined, { ast: true }), {
      expr: expressionInterpreter,
      renderer: 'none',
    });
    const rows = rowsAt(rnn, 3).rows['boxes']!;
    const copy = structuredClone(rows);
    const held = putRows(view, 'boxes', undefined, rows);
    await view.runAsync();
    putRows(
      view,
      'boxes',
      held,
      rows.map((row) => ({ ...row, fill: '#123456' })),
    );
    await view.runAsync();
    assert.deepEqual(rows, copy);
    view.finalize();
  });

  it('shows where adjoints pass through a cell though no loss is measured there', () => {
    const { stages, layers } = rnn;
    const silent: TraceData = {
      ...rnn,
      stages: stages.map((stage) => ({
        ...stage,
        adjointNorm: { ...stage.adjointNorm, data: stage.adjointNorm.data.map(() => 0) },
      })),
    };
    const recurrent = stages.findIndex(({ layer }) => layer === 0);
    assert.deepEqual(
      stageAdjoint(silent, recurrent),
      layers[0]!.nodes[layers[0]!.output]!.adjointNorm.data,
    );
    const other = stages.findIndex(({ layer }) => layer === undefined);
    assert.ok(stageAdjoint(silent, other).every((norm) => norm === 0));
  });

  it('marks breakpoints and the current cell', () => {
    const { rows } = rowsAt(rnn, placeOf(rnn, 'forward', 0, 2), { breakpoints: [2, 5] });
    assert.equal(rows['dots']!.length, 2);
    assert.equal(rows['bands']!.length, 1);
    assert.ok(rows['boxes']!.some((box) => box['stroke'] === colours.foreground));
  });
});

describe('what is said about a stop', () => {
  const walk = new Walk(rnn);
  const layer = rnn.layers[0]!;

  it('is the operation with its operands and result on the way forward, as in the payload', () => {
    const index = placeOf(rnn, 'forward', 0, 3);
    const reading = readStop(walk, index, 1);
    assert.equal(reading.head, 'Forward, t = 3');
    assert.deepEqual(
      reading.strips.map(({ role, name }) => [role, name]),
      [
        ['operand', '%8ₜ'],
        ['result', 'hₜ'],
      ],
    );
    const node = layer.nodes.find(({ id }) => id === 'h′')!;
    const from = (3 * 2 + 1) * 4;
    assert.deepEqual(reading.strips[1]!.numbers, node.value!.data.subarray(from, from + 4));
    assert.equal(reading.strips[1]!.norm, node.valueNorm.data[3]);
    assert.equal(reading.check?.passed, true);
  });

  it('splits the adjoint by origin on the way back; the parts are those of the payload', () => {
    const { parts, strips } = readStop(walk, placeOf(rnn, 'backward', 0, 3), 0);
    assert.deepEqual(
      parts.map(({ origin, norm }) => [origin, norm]),
      [
        ['next', layer.states[0]!.carried.data[3]],
        ['above', layer.fromAbove.data[3]],
      ],
    );
    assert.deepEqual(
      strips.map(({ role }) => role),
      ['adjoint', 'sent'],
    );
  });

  it('says where truncation cuts, and how much', () => {
    const { notes } = readStop(new Walk(lstm), placeOf(lstm, 'backward', 1, 2), 0);
    assert.match(notes.join(' '), /Truncated here: nothing comes from t = 3/);
  });

  it('says what is not carried and still gives norms', () => {
    const bare = { ...rnn, steps: [0], layers: [{ ...layer, nodes: layer.nodes }] };
    const { strips, notes } = readStop(new Walk(bare), placeOf(rnn, 'forward', 0, 3), 0);
    assert.ok(strips.every(({ numbers, role }) => role === 'operand' || numbers === undefined));
    assert.match(notes.join(' '), /not carried/);
  });

  it('gives the loss and the gradient at the turn and at the end', () => {
    assert.equal(readStop(walk, walk.loss, 0).equation, 'L = 1.555');
    const end = readStop(walk, walk.length - 1, 0);
    assert.equal(end.equation, '‖∂L/∂θ‖ = 0.3595');
    assert.equal(end.parts.length, 6);
  });
});
