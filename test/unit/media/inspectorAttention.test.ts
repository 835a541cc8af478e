import assert from 'node:assert/strict';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import { toTracePayload } from '../../../kernel/notebook/tracePayload.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { attentionEdges } from '../../../media/inspector/attentionRows.js';
import { stopAt } from '../../../media/inspector/cursor.js';
import { areAlike, toDifference } from '../../../media/inspector/difference.js';
import { toInspectorLayout } from '../../../media/inspector/layout.js';
import { toPictureTables } from '../../../media/inspector/pictureTable.js';
import { readStop } from '../../../media/inspector/reading.js';
import { toPalette } from '../../../media/inspector/scales.js';
import { toTraceScales } from '../../../media/inspector/traceScales.js';
import { Walk } from '../../../media/inspector/walk.js';
import { toTheme } from '../../../media/theme.js';
import { type AttentionName, meanLoss, translatorAndBatch } from '../inspect/models.js';

const colours = {
  palette: toPalette(toTheme('light', () => '')),
  foreground: '#000001',
  muted: '#000002',
  line: '#000003',
  valueLine: '#0000ff',
  adjointLine: '#d55e00',
  background: '#ffffff',
  band: '#eeeeee',
  breakpoint: '#ff0000',
  edited: '#00aa00',
};

const traceOf = (attention: AttentionName) => {
  const { model, batch } = translatorAndBatch(attention, 5, 3);
  return inspect(model, batch, { loss: meanLoss });
};
const dataOf = (trace: ReturnType<typeof traceOf>) =>
  parseTrace(JSON.parse(JSON.stringify(toTracePayload(trace))));

function edgesAt(attention: AttentionName, phase: 'forward' | 'backward', t: number) {
  const trace = dataOf(traceOf(attention));
  const walk = new Walk(trace);
  const layer = trace.layers.findLastIndex(({ start = 0, timeSteps = trace.timeSteps }) => {
    return t >= start && t < start + timeSteps;
  });
  const index = stopAt(walk, { phase, layer, t });
  const layout = toInspectorLayout(trace, { width: 900, firstStep: 0, level: 'cell', layer });
  const state = {
    index,
    place: walk.at(index),
    colouring: 'phase' as const,
    breakpoints: new Set<number>(),
    edited: [],
  };
  const scene = { trace, walk, layout, scales: toTraceScales(trace), state, colours };
  const { lines, heads } = attentionEdges(scene);
  const first = lines.filter(({ at }) => at === 0);
  return { trace, layout, first, heads, reading: readStop(walk, index, 0) };
}

describe('attention in the inspector', () => {
  it('goes out from every step that is looked at, as wide as its weight', () => {
    const { trace, layout, first, heads } = edgesAt('Luong', 'forward', 6);
    const { weight, keys } = trace.attention![0]!;
    const own = first.filter(({ opacity }) => Number(opacity) > 0.5);
    assert.equal(heads.length, 5);
    assert.deepEqual(
      own.map(({ x }) => x),
      keys.map((t) => layout.columns[t]!.x + layout.columns[t]!.width / 2),
    );
    own.forEach(({ strokeWidth, stroke }, k) => {
      assert.ok(Math.abs(Number(strokeWidth) - (0.4 + 7 * weight.data[5 + k]!)) < 1e-6);
      assert.equal(stroke, colours.valueLine);
    });
    // Of the step before, the strongest alone; the step after is not reached.
    assert.equal(first.length - own.length, 1);
  });

  it('comes back to every step that was looked at, as wide as the adjoint', () => {
    const { trace, layout, first, heads } = edgesAt('Luong', 'backward', 7);
    const { flow } = trace.attention![0]!;
    const own = first.filter(({ opacity, stroke }) => {
      return Number(opacity) > 0.5 && stroke === colours.adjointLine;
    });
    const widths = own.map(({ strokeWidth }) => Number(strokeWidth));
    const byFlow = [...widths.keys()].sort((a, b) => flow.data[10 + a]! - flow.data[10 + b]!);
    assert.deepEqual(
      byFlow.map((k) => widths[k]!),
      widths.toSorted((a, b) => a - b),
    );
    const row = layout.rows.find(({ stage }) => stage === trace.attention![0]!.from)!;
    assert.ok(
      heads.every(({ y }) => y === row.y),
      'heads are at the encoder',
    );
  });

  it('is seen from the step that is looked at, too', () => {
    const { first } = edgesAt('Luong', 'backward', 2);
    const own = first.filter(({ opacity }) => Number(opacity) > 0.5);
    assert.equal(own.length, 3);
  });

  for (const attention of ['Bahdanau', 'input-feeding Luong'] as const)
    it(`is drawn for a decoder that goes step by step, ${attention}`, () => {
      const { heads } = edgesAt(attention, 'forward', 6);
      assert.equal(heads.length, 5);
    });

  it('says where a step looks most, and has a table', () => {
    const { trace, reading } = edgesAt('Luong', 'forward', 6);
    const { weight } = trace.attention![0]!;
    const own = [...weight.data.subarray(5, 10)];
    const most = Math.max(...own);
    assert.deepEqual(reading.notes.slice(-1), [
      `Looks most at encoder.rnn.l1, t = ${own.indexOf(most)}, with ${Math.round(100 * most)} % of its attention.`,
    ]);
    const [, table] = toPictureTables({ trace });
    assert.deepEqual([table!.rows.length, table!.columns.length], [3, 6]);
  });

  it('changes with an edit by what the weights change', () => {
    const trace = traceOf('Luong');
    const { after } = trace.whatIf({ layer: 'decoder.rnn.l1', node: 'h', t: 1, set: 0 });
    const [before, changed] = [dataOf(trace), dataOf(after)];
    assert.ok(areAlike(before, changed));
    const { weight } = toDifference(before, changed).attention![0]!;
    assert.ok(weight.data.subarray(0, 5).every((one) => one === 0));
    assert.ok(weight.data.subarray(5, 10).some((one) => one > 0));
    assert.ok(!areAlike(before, { ...changed, attention: [] }));
  });
});
