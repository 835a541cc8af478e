import assert from 'node:assert/strict';
import { drawChart } from '../../../kernel/cli/charts.js';
import type { Json } from '../../../kernel/contract/mime.js';
import { tensor } from '../../../kernel/rnn/index.js';
import {
  fanChart,
  lineChart,
  pianoRollChart,
  signalChart,
  spectrogramChart,
} from '../../../kernel/unroll.js';

const draw = (spec: object): Promise<string> => drawChart(spec as Json);
const texts = (svg: string): string[] =>
  Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text!);
/** All rows of data in a specification, in order. */
function rowsOf(spec: unknown): Record<string, unknown>[] {
  if (typeof spec !== 'object' || spec === null) return [];
  const values = 'values' in spec && Array.isArray(spec.values) ? spec.values : [];
  const rows = values.filter((one) => typeof one === 'object') as Record<string, unknown>[];
  return [
    ...rows,
    ...Object.values(spec)
      .filter((one) => one !== values)
      .flatMap(rowsOf),
  ];
}

describe('lineChart', () => {
  it('draws each series with its name', async () => {
    const svg = await draw(
      lineChart(
        { GRU: [3, 2, 1], LSTM: { x: [0, 2], y: [4, 1] } },
        { title: 'Two cells', y: 'nats' },
      ),
    );
    for (const text of ['Two cells', 'GRU', 'LSTM', 'nats'])
      assert.ok(texts(svg).includes(text), text);
    assert.equal(svg.match(/mark-line/g)?.length, 2);
  });

  it('draws several runs as their mean, with a band of a standard deviation', () => {
    const runs = [
      [1, 2],
      [3, 2],
    ];
    const [first] = rowsOf(lineChart({ runs: { y: runs } }));
    assert.deepEqual(first, {
      x: 0,
      y: 2,
      series: 'runs',
      low: 2 - Math.SQRT2,
      high: 2 + Math.SQRT2,
    });
  });

  it('has dashed lines to compare with, and names in place of numbers', async () => {
    const svg = await draw(
      lineChart(
        { p: [0.2, 0.9, 0.1] },
        { labels: ['not', 'bad', 'food'], references: { coin: 0.5 } },
      ),
    );
    for (const text of ['not', 'bad', 'food', 'coin']) assert.ok(texts(svg).includes(text), text);
  });

  it('lists names in their order, in as many columns as there is room for', async () => {
    for (const [count, height] of [
      [10, 80],
      [10, 60],
      [7, 40],
    ] as const) {
      const names = Array.from({ length: count }, (_, i) => `line ${i}`);
      const series = Object.fromEntries(names.map((name, i) => [name, [i, i + 1]]));
      const svg = await draw(lineChart(series, { height }));
      // Entries by their place: column by column, and down each.
      const entries = Array.from(
        svg.matchAll(/translate\((\d+),(\d+)\)">(?:(?!translate\(\d+,\d+\)">).)*?>(line \d+)</gs),
        ([, x, y, name]) => ({ x: Number(x), y: Number(y), name: name! }),
      );
      entries.sort((a, b) => a.x - b.x || a.y - b.y);
      assert.deepEqual(
        entries.map(({ name }) => name),
        names,
      );
    }
  });

  it('writes powers of ten on a logarithmic axis, and leaves out what is not above 0', async () => {
    const chart = lineChart({ norm: [1e-20, 1e-9, 1, 0] }, { logarithmic: true });
    const shown = texts(await draw(chart));
    for (const power of ['10⁻¹⁸', '10⁻³', '1']) assert.ok(shown.includes(power), shown.join());
    assert.deepEqual(
      rowsOf(chart).map(({ y }) => y),
      [1e-20, 1e-9, 1, null],
    );
  });

  it('says what does not fit', () => {
    assert.throws(() => lineChart({}), {
      message: 'lineChart: expected a series or more, got none',
    });
    assert.throws(() => lineChart({ a: { x: [1], y: [1, 2] } }), {
      name: 'ShapeError',
      message: "lineChart: 'a' has 2 values at 1 places, expected equally many",
    });
    assert.throws(() => lineChart({ a: [1] }, { yDomain: [2, 1] }), { name: 'OptionError' });
  });
});

describe('fanChart', () => {
  it('has bands that hold what a normal distribution holds', () => {
    const rows = rowsOf(
      fanChart({ mean: [10], deviation: [2] }, { probabilities: [0.6827, 0.95] }),
    );
    const [narrow, wide] = rows as { low: number; high: number }[];
    assert.ok(Math.abs(narrow!.low - 8) < 1e-3 && Math.abs(narrow!.high - 12) < 1e-3);
    assert.ok(Math.abs(wide!.high - (10 + 2 * 1.959964)) < 1e-5);
  });

  it('takes intervals as they are, and goes on where the past ends', () => {
    const rows = rowsOf(
      fanChart(
        { mean: [3, 4], intervals: [{ low: [2, 2], high: [4, 6] }] },
        { past: [1, 2], truth: [3.5] },
      ),
    );
    assert.deepEqual(
      rows.filter(({ value }) => value !== undefined).map(({ t, value }) => [t, value]),
      [
        [1, 3],
        [2, 4],
        [-1, 1],
        [0, 2],
        [1, 3.5],
      ],
    );
    assert.deepEqual(rows[1], { t: 2, band: 0, low: 2, high: 6 });
  });

  it('says what does not fit', () => {
    const none = { mean: [], deviation: [] };
    assert.throws(() => fanChart(none), { name: 'OptionError' });
    assert.throws(() => fanChart({ mean: [1], deviation: [1] }, { truth: [1, 2] }), {
      name: 'ShapeError',
    });
    assert.throws(() => fanChart({ mean: [1, 2], deviation: [1] }), { name: 'ShapeError' });
  });
});

describe('signalChart', () => {
  const sensors = { speed: [0, 1, 0, 1, 0, 1], flow: [5, 9, 5, 9, 5, 9] };

  it('has a panel for each, over one time, with the spans in all of them', async () => {
    const svg = await draw(
      signalChart(
        [
          { series: sensors, isApart: true },
          {
            title: 'score',
            series: { score: [1, 1, 1, 100, 1, 1] },
            threshold: 5,
            logarithmic: true,
          },
        ],
        { spans: [{ from: 3, to: 4, label: 'spike' }] },
      ),
    );
    for (const text of ['speed', 'flow', 'score', 'spike', 'time step'])
      assert.ok(texts(svg).includes(text), text);
    assert.equal(svg.match(/aria-roledescription="rect mark"/g)?.length, 2);
  });

  it('draws the part that is asked for, and spans as far as they lie in it', () => {
    const chart = signalChart([{ series: sensors }], {
      from: 2,
      to: 5,
      spans: [
        { from: 0, to: 3 },
        { from: 5, to: 6 },
      ],
    });
    const rows = rowsOf(chart);
    assert.deepEqual(rows[0], { from: 2, to: 3 });
    assert.deepEqual(
      rows.slice(1, 4).map(({ t, y }) => [t, y]),
      [
        [2, 0],
        [3, 1],
        [4, 0],
      ],
    );
  });

  it('says what does not fit', () => {
    assert.throws(() => signalChart([]), { name: 'OptionError' });
    assert.throws(() => signalChart([{ series: { a: [1], b: [1, 2] } }]), {
      name: 'ShapeError',
      message: 'signalChart: signals have 1, 2 time steps, expected equally many',
    });
  });
});

describe('pianoRollChart', () => {
  const tune = [
    { pitch: 60, start: 0, duration: 1 },
    { pitch: 67, start: 1, duration: 2 },
  ];

  it('draws a bar for each note, bar lines and marks', async () => {
    const svg = await draw(
      pianoRollChart(tune, { title: 'Two notes', metre: { beats: 2, unit: 8 }, marks: [3] }),
    );
    assert.equal(svg.match(/aria-roledescription="rect mark"/g)?.length, 2);
    // Bars of one beat: at 0, 1, 2 and 3; and the mark.
    assert.equal(svg.match(/aria-roledescription="rule mark"/g)?.length, 5);
    assert.ok(svg.includes('C4') && svg.includes('G4'));
  });

  it('shades notes, with a legend', async () => {
    const svg = await draw(
      pianoRollChart(tune, { shades: [0, 1], shadeTitle: 'end of a phrase?' }),
    );
    assert.ok(texts(svg).includes('end of a phrase?'));
  });

  it('says what does not fit', () => {
    assert.throws(() => pianoRollChart([]), { name: 'OptionError' });
    assert.throws(() => pianoRollChart(tune, { shades: [1] }), {
      message: 'pianoRollChart: got 1 shades for 2 notes, expected one for each',
    });
  });
});

describe('spectrogramChart', () => {
  const mel = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

  it('has labels in the middle of what is wide, and beside what is narrow', () => {
    const spans = [
      { from: 0, to: 1, label: '2' },
      { from: 1.2, to: 1.21, label: '5' },
      { from: 1.48, to: 1.5, label: '7' },
    ];
    const rows = rowsOf(spectrogramChart(mel, { secondsPerFrame: 0.5, width: 600, spans }));
    const labels = rows.filter(({ label }) => label !== undefined);
    assert.deepEqual(
      labels.map(({ at, label, align }) => [Number((at as number).toFixed(4)), label, align]),
      [
        [0.5, '2', 'center'],
        [1.22, '5', 'left'],
        [1.47, '7', 'right'],
      ],
    );
  });

  it('draws the spectrogram, both borders of each span once, and dashed lines', async () => {
    const spans = [
      { from: 0, to: 0.5, label: '2' },
      { from: 0.5, to: 1, label: '5' },
    ];
    const svg = await draw(
      spectrogramChart(mel, { secondsPerFrame: 0.5, title: 'Said', spans, borders: [0.4, 1.1] }),
    );
    assert.equal(svg.match(/aria-roledescription="rect mark"/g)?.length, 6);
    assert.equal(svg.match(/aria-roledescription="rule mark"/g)?.length, 5);
    assert.ok(texts(svg).includes('Said') && texts(svg).includes('seconds'));
  });

  it('says what does not fit', () => {
    assert.throws(() => spectrogramChart(tensor([1]), { secondsPerFrame: 1 }), {
      name: 'ShapeError',
    });
    assert.throws(() => spectrogramChart(mel, { secondsPerFrame: 0 }), { name: 'OptionError' });
  });
});
