import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compile } from 'vega-lite';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import type { TraceData } from '../../../kernel/contract/trace.js';
import { gateMatrices, ledgerMatrices, toMatrixTable } from '../../../media/inspector/matrices.js';
import { toPalette } from '../../../media/inspector/scales.js';
import {
  gradientSeries,
  spectrumSeries,
  toSeriesRows,
  toSeriesTable,
} from '../../../media/inspector/series.js';
import { toSeriesSpec } from '../../../media/inspector/seriesSpec.js';
import { toVerdictTables } from '../../../media/inspector/verdictPanel.js';
import { contrast, parseColour } from '../../../media/colour.js';
import { toTheme } from '../../../media/theme.js';

const folder = new URL('../../../../test/golden/traces/', import.meta.url);
const traceOf = (name: string): TraceData =>
  parseTrace(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
const lstm = traceOf('trace-lstm-truncated');
const kinds = ['light', 'dark', 'highContrastLight', 'highContrastDark'] as const;

describe('charts of the inspector', () => {
  it('draw the adjoint of every state as a line, with the numbers of the payload', () => {
    const series = gradientSeries(lstm);
    assert.deepEqual(
      series.map(({ name }) => name),
      ['net.l0 · h', 'net.l0 · c', 'net.l1 · h', 'net.l1 · c'],
    );
    const { next } = lstm.layers[1]!.states[1]!;
    const expected = lstm.layers[1]!.nodes[next]!.adjointNorm.data;
    assert.deepEqual(
      series[3]!.points.map(({ value }) => value),
      Array.from(expected),
    );
  });

  it('break a line where a number is zero or not finite, and keep it off the axis', () => {
    const points = [1, 0, 2, NaN, 4].map((value, t) => ({ t, value }));
    const { rows, domain } = toSeriesRows([
      { name: 'a', hue: 0, dashed: false, isPoints: false, points },
    ]);
    assert.deepEqual(
      rows.map(({ stretch }) => stretch),
      ['a 0', 'a 1', 'a 2'],
    );
    assert.ok(domain[0] > 0 && domain[0] < 1 && domain[1] > 4);
    const { domain: empty } = toSeriesRows([]);
    assert.ok(empty[0] > 0 && empty[0] < empty[1]);
  });

  it('draw singular values per step and the product back from the last step', () => {
    const [product, first] = spectrumSeries(lstm, 1);
    const { jacobian } = lstm.layers[1]!;
    assert.equal(product!.points.length, jacobian!.product.from + 1);
    assert.equal(first!.points[2]!.value, jacobian!.singular.data[2 * jacobian!.ranks.length]);
    assert.deepEqual(spectrumSeries(lstm, 2), [], 'a layer without a Jacobian');
  });

  it('compile without a complaint, and hold nothing of the payload but an axis title', () => {
    for (const kind of kinds) {
      const complaints: unknown[] = [];
      const logger = {
        level: () => logger,
        info: () => logger,
        debug: () => logger,
        error: (...texts: unknown[]) => (complaints.push(texts), logger),
        warn: (...texts: unknown[]) => (complaints.push(texts), logger),
      };
      const axes = { title: 'norm', timeSteps: 7, domain: [1e-3, 1] as [number, number] };
      compile(
        toSeriesSpec(
          toTheme(kind, () => ''),
          { ...axes, points: true },
        ),
        {
          logger: logger,
        },
      );
      assert.deepEqual(complaints, []);
    }
  });

  it('show gates over time and units, and the ledger, as in the payload', () => {
    const gate = gateMatrices(lstm).find(({ name }) => name === 'net.l1 · f')!;
    const node = lstm.layers[1]!.nodes.find(({ id }) => id === 'f')!;
    assert.equal(gate.at(3, 5), node.value!.data[5 * node.value!.shape[1]! * 4 + 3]);
    assert.deepEqual(gate.ends, ['0', '1.000']);
    const ledger = ledgerMatrices(lstm).find(({ name }) => name === 'net.l0 · c')!;
    const { matrix } = lstm.layers[0]!.ledgers[1]!;
    assert.equal(ledger.at(4, 2), matrix.data[4 * 7 + 2]);
    assert.match(ledger.place(4, 2), /j = 4 .* t = 2/);
  });

  it('have a table each', () => {
    const gradient = toSeriesTable('norms', gradientSeries(lstm));
    assert.equal(gradient.rows.length, 7);
    assert.ok(gradient.rows.every((row) => row.length === gradient.columns.length));
    const gate = toMatrixTable(gateMatrices(lstm)[0]!, 'values');
    assert.equal(gate.rows.length, 7);
    assert.ok(gate.rows.every((row) => row.length === gate.columns.length));
    const [checks, radii] = toVerdictTables(lstm);
    assert.equal(checks!.rows.length, lstm.checks.length);
    assert.equal(radii!.rows.length, 8);
  });
});

describe('colours of the inspector', () => {
  for (const kind of kinds)
    it(`keep text on every shade readable in ${kind}, and both hues apart`, () => {
      const palette = toPalette(toTheme(kind, () => ''));
      for (let share = 0; share <= 1; share += 0.02)
        for (const { fill, text } of [palette.value(share), palette.adjoint(share)])
          assert.ok(
            contrast(parseColour(fill)!, parseColour(text)!) >= 4.5,
            `${text} on ${fill} at ${share}`,
          );
      assert.notEqual(palette.value(undefined).fill, palette.value(0).fill);
      assert.notEqual(palette.signed(-1).fill, palette.signed(1).fill);
    });
});
