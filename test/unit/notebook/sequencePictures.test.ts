import assert from 'node:assert/strict';
import { attentionChart } from '../../../kernel/notebook/attentionChart.js';
import { spectrogramLayer } from '../../../kernel/notebook/spectrogramLayer.js';
import { tensor } from '../../../kernel/rnn/index.js';
import { drawChart } from '../../../kernel/cli/charts.js';
import type { Json } from '../../../kernel/contract/mime.js';

const mel = tensor([
  [-9, 1, 2],
  [3, 4, 5],
]);

describe('spectrogramLayer', () => {
  it('gives each value its time and its band', () => {
    const layer = spectrogramLayer(mel, { secondsPerFrame: 0.5, least: -1 }) as {
      data: { values: { from: number; band: number; value: number }[] };
      encoding: { x: { title: string; scale: { domain: number[] } } };
    };
    assert.deepEqual(
      layer.data.values.map(({ from, band, value }) => [from, band, value]),
      [
        [0, 0, -1],
        [0, 1, 1],
        [0, 2, 2],
        [0.5, 0, 3],
        [0.5, 1, 4],
        [0.5, 2, 5],
      ],
    );
    assert.deepEqual(layer.encoding.x.scale.domain, [0, 1]);
    assert.equal(layer.encoding.x.title, 'seconds');
  });

  it('is drawn under other layers', async () => {
    const layer = spectrogramLayer(mel, { secondsPerFrame: 0.5, timeAxis: false });
    const border = {
      data: { values: [{ at: 0.5 }] },
      mark: 'rule',
      encoding: { x: { field: 'at', type: 'quantitative' } },
    };
    const svg = await drawChart({ layer: [layer, border] } as Json);
    assert.equal(svg.match(/aria-roledescription="rect mark"/g)?.length, 6);
  });

  it('says what does not fit', () => {
    assert.throws(() => spectrogramLayer(tensor([1]), { secondsPerFrame: 1 }), {
      message: 'spectrogramLayer: got [1], expected [T, bands]',
    });
    assert.throws(() => spectrogramLayer(mel, { secondsPerFrame: 0 }), { name: 'OptionError' });
  });
});

describe('attentionChart', () => {
  const translation = {
    text: 'good day',
    source: ['guten', 'tag'],
    target: ['good', 'day', '∎'],
    attention: tensor([
      [0.9, 0.1],
      [0.2, 0.8],
      [0.5, 0.5],
    ]),
  };

  it('has a row for each symbol said and a column for each symbol read', async () => {
    const chart = attentionChart(translation) as {
      title: { text: string };
      data: { values: { column: number; row: number; weight: number }[] };
    };
    assert.equal(chart.title.text, 'good day');
    assert.deepEqual(
      chart.data.values.map(({ row, column, weight }) => [row, column, Number(weight.toFixed(6))]),
      [
        [0, 0, 0.9],
        [0, 1, 0.1],
        [1, 0, 0.2],
        [1, 1, 0.8],
        [2, 0, 0.5],
        [2, 1, 0.5],
      ],
    );
    const svg = await drawChart(attentionChart(translation, { title: 'A greeting' }) as Json);
    for (const text of ['A greeting', 'guten', 'tag', 'good', 'day', '∎'])
      assert.ok(svg.includes(`>${text}<`), text);
  });

  it('says what does not fit', () => {
    assert.throws(() => attentionChart({ ...translation, target: ['good'] }), {
      message: 'attentionChart: attention is [3, 2], expected [1, 2]: said, read',
    });
    const { text, source, target } = translation;
    assert.throws(() => attentionChart({ text, source, target }), /a model with attention/);
  });
});
