import assert from 'node:assert/strict';
import type { LossPayload } from '../../../kernel/contract/mime.js';
import { parseLoss } from '../../../kernel/contract/parsePayload.js';
import { defaultOptions, type LossOptions, toLines } from '../../../media/loss/lines.js';
import { moveReading, readAt } from '../../../media/loss/readings.js';
import { toHoverRows, toLossDrawing } from '../../../media/loss/rows.js';
import { smooth } from '../../../media/loss/smoothing.js';
import { toLossTable } from '../../../media/loss/lossTable.js';
import { toNote, toStatusText, toSummary } from '../../../media/loss/status.js';
import { goldenPayload } from './goldenPayloads.js';

const room = { width: 800, height: 240 };

function draw(payload: LossPayload, options: Partial<LossOptions> = {}, width = room.width) {
  const chosen = { ...defaultOptions, ...options };
  return toLossDrawing(payload, toLines(payload, chosen), chosen, { ...room, width });
}

function golden(name: string, changes: Partial<LossPayload> = {}): LossPayload {
  return { ...parseLoss(goldenPayload(name)), ...changes };
}

function run(value: (number | null)[], changes: Partial<LossPayload> = {}): LossPayload {
  const step = value.map((_, index) => index + 1);
  return {
    version: 1,
    title: 'run',
    unit: 'nats',
    status: 'done',
    totalSteps: value.length,
    series: [{ name: 'training', role: 'training', step, seconds: step.map((s) => s / 10), value }],
    ...changes,
  };
}

describe('smooth', () => {
  it('is the bias-corrected exponential moving average', () => {
    // By hand for w = 0.5: averages .5, 1.25, 2.125, divided by 1/2, 3/4, 7/8.
    const [first, second, third] = smooth([1, 2, 3], 0.5) as [number, number, number];
    assert.ok(Math.abs(first - 1) < 1e-12);
    assert.ok(Math.abs(second - 5 / 3) < 1e-12);
    assert.ok(Math.abs(third - 17 / 7) < 1e-12);
  });

  it('keeps a constant where it is, from the first value on', () => {
    for (const value of smooth([4, 4, 4, 4], 0.99)) assert.ok(Math.abs(value! - 4) < 1e-9);
  });

  it('leaves gaps as gaps and does not let them in', () => {
    assert.deepEqual(smooth([1, null, 1], 0.9), [1, null, smooth([1, 1], 0.9)[1]]);
  });

  it('changes nothing with weight 0', () => {
    assert.deepEqual(smooth([3, null, 1], 0), [3, null, 1]);
  });
});

describe('loss drawing', () => {
  it('spans all steps asked for while the run goes on, and those done after', () => {
    assert.deepEqual(draw(golden('loss-running')).x.domain, [0, 2000]);
    assert.deepEqual(draw(golden('loss-running', { status: 'stopped' })).x.domain, [0, 420]);
  });

  it('draws the measured curve behind only where it is smoothed, and smooths training only', () => {
    const payload = golden('loss-done');
    assert.equal(draw(payload).data.measured.length, 0);
    const smoothed = draw(payload, { smoothing: 0.9 }).data;
    assert.deepEqual([...new Set(smoothed.measured.map(({ series }) => series))], [0]);
    const validation = (rows: typeof smoothed.curves) => rows.filter(({ series }) => series === 1);
    assert.deepEqual(validation(smoothed.curves), validation(draw(payload).data.curves));
  });

  it('breaks a line at values that are not finite and marks where that begins', () => {
    const { curves, gaps, tips } = draw(run([3, 2, null, null, 1, null])).data;
    assert.deepEqual(
      curves.map(({ y }) => y),
      [3, 2, null, null, 1, null],
    );
    assert.deepEqual(
      gaps.map(({ x }) => x),
      [3, 6],
    );
    assert.deepEqual(
      tips.map(({ x, y }) => [x, y]),
      [[5, 1]],
    );
  });

  it('draws no value of 0 or less, and no such baseline, on a log scale', () => {
    const baselines = [{ name: 'zero', value: 0 }];
    const { data } = draw(run([3, 0, -1, 2], { baselines }), { y: 'log' });
    assert.deepEqual(
      data.curves.map(({ y }) => y),
      [3, null, null, 2],
    );
    assert.equal(data.baselines.length, 0);
  });

  it('keeps labels of final values and baselines apart', () => {
    const payload = golden('loss-done', {
      baselines: [1.9, 1.91, 1.92, 1.93].map((value) => ({ name: `baseline ${value}`, value })),
    });
    const heights = draw(payload)
      .data.labels.map(({ py }) => py as number)
      .sort((a, b) => a - b);
    assert.equal(heights.length, 6);
    for (let index = 1; index < heights.length; index++) {
      assert.ok(heights[index]! - heights[index - 1]! >= 15.9, heights.join());
    }
  });

  it('keeps every label inside the room, however narrow or long', () => {
    const long = golden('loss-done', {
      baselines: [{ name: 'a very long name '.repeat(9), value: 3 }],
    });
    for (const width of [300, 500, 900]) {
      for (const { px, text } of draw(long, {}, width).data.labels) {
        assert.ok((px as number) + String(text).length * 6.6 <= width + 1, `${text} at ${width}`);
      }
    }
  });

  it('says names and final values in the labels', () => {
    const texts = draw(golden('loss-done')).data.labels.map(({ text }) => text);
    assert.deepEqual(texts.sort(), [
      'bigram entropy 2.470',
      'training 1.774',
      'unigram entropy 3.310',
      'validation 1.927',
    ]);
  });

  it('puts marks at their steps, and at their times on the time axis', () => {
    const marks = [{ step: 15, text: 'lr' }];
    const payload = run(Array<number>(20).fill(1), { marks });
    assert.equal(draw(payload).data.marks[0]!['x'], 15);
    assert.equal(draw(payload, { x: 'seconds' }).data.marks[0]!['x'], 1.5);
  });

  it('leaves out texts of marks that would cover each other, not the marks', () => {
    const marks = Array.from({ length: 50 }, (_, index) => ({
      step: index * 4,
      text: 'lr halved',
    }));
    const { data } = draw(run(Array<number>(200).fill(1), { marks }));
    assert.equal(data.marks.length, 50);
    assert.ok(data.markTexts.length > 2 && data.markTexts.length < 12);
  });

  it('thins a long series without losing a spike, a gap or the last value', () => {
    const value: (number | null)[] = Array.from(
      { length: 50_000 },
      (_, index) => 2 + (index % 7) / 10,
    );
    value[12_345] = 99;
    value[23_456] = null;
    value[49_999] = 1.5;
    const { curves } = draw(run(value)).data;
    assert.ok(curves.length < 2_500, `${curves.length} rows`);
    const steps = curves.map(({ x }) => x as number);
    assert.ok([12_346, 23_457, 50_000].every((step) => steps.includes(step)));
    assert.deepEqual(
      steps,
      [...steps].sort((a, b) => a - b),
    );
  });

  it('keeps rows of a growing series where they are', () => {
    const value = Array.from({ length: 20_000 }, (_, index) => Math.sin(index * 12.9));
    const at = (count: number) =>
      draw(run(value.slice(0, count), { status: 'running', totalSteps: 20_000 }))
        .data.curves.map(({ x }) => x as number)
        .filter((x) => x < 9_000);
    assert.deepEqual(at(10_000), at(15_000));
  });

  it('draws finite positions for the wildest numbers', () => {
    const payload = run([1e308, -1e308, 5e-324, 0], {
      baselines: [{ name: 'b', value: -1e308 }],
      totalSteps: Number.MAX_SAFE_INTEGER,
      status: 'running',
    });
    for (const y of ['linear', 'log'] as const) {
      const { data, plot } = draw(payload, { y });
      assert.ok(Number.isFinite(plot.width));
      for (const { px, py } of data.labels) {
        assert.ok(Number.isFinite(px) && Number.isFinite(py), `${px} ${py}`);
      }
    }
  });

  it('draws an empty run as axes alone', () => {
    const { data } = draw(golden('loss-empty'));
    assert.equal(Object.values(data).flat().length, 0);
  });
});

describe('reading a loss chart', () => {
  const lines = toLines(golden('loss-done'), defaultOptions);

  it('takes the nearest measurement and what each series was then', () => {
    const reading = readAt(lines, 907)!;
    assert.equal(reading.step, 905);
    assert.deepEqual(
      reading.values.map(({ name, step }) => [name, step]),
      [
        ['training', 905],
        ['validation', 900],
      ],
    );
  });

  it('leaves out a series that has no value yet', () => {
    assert.deepEqual(
      readAt(lines, 20)!.values.map(({ name }) => name),
      ['training'],
    );
  });

  it('moves by keys from measurement to measurement, and not past the ends', () => {
    assert.equal(moveReading(lines, undefined, -1), 2000);
    assert.equal(moveReading(lines, 2000, -1), 1995);
    assert.equal(moveReading(lines, 2000, 10), 2000);
    assert.equal(moveReading(lines, 905, -Infinity), 5);
  });

  it('reads nothing from an empty run', () => {
    assert.equal(readAt(toLines(golden('loss-empty'), defaultOptions), 1), undefined);
    assert.deepEqual(toHoverRows(undefined, defaultOptions), { hoverRule: [], hoverDots: [] });
  });

  it('has no point for a value that the scale cannot show', () => {
    const options: LossOptions = { ...defaultOptions, y: 'log' };
    const reading = readAt(toLines(run([1, 0]), options), 2)!;
    assert.equal(toHoverRows(reading, options).hoverDots.length, 0);
  });
});

describe('loss chart in words', () => {
  it('tells how far a run is and what is left', () => {
    assert.match(
      toStatusText(golden('loss-running')),
      /^Step 420 of 2,000 · 3[4-6] ms\/step · about 5[4-7] s left$/,
    );
  });

  it('tells how a run ended', () => {
    assert.equal(toStatusText(golden('loss-done')), 'Done · 2,000 steps in 1 min 11 s');
    assert.equal(toStatusText(golden('loss-failed')), 'Failed at step 300 of 1,500 · after 11 s');
    assert.match(
      toStatusText(golden('loss-running', { status: 'stopped' })),
      /^Stopped at step 420/,
    );
  });

  it('tells of a run without measurements', () => {
    assert.equal(toStatusText(golden('loss-empty')), 'Step 0 of 500');
  });

  it('sums the chart up', () => {
    const summary = toSummary(golden('loss-done'));
    assert.match(summary, /^Character model of lib\.es5\.d\.ts\. Done/);
    assert.match(summary, /validation: 1\.927 nats per character at step 2,000, lowest 1\.92/);
    assert.match(summary, /Baseline bigram entropy: 2\.470\./);
  });

  it('says what the drawing does not show', () => {
    assert.equal(
      toNote(golden('loss-failed'), 'linear'),
      'training: 12 of 100 values are not finite, the first at step 267 (▾).',
    );
    assert.match(
      toNote(run([1, 0, -2]), 'log'),
      /2 values of 0 or less have no place on a log axis/,
    );
    assert.equal(toNote(golden('loss-done'), 'log'), '');
  });

  it('lists every measurement by step, thinned where there are many', () => {
    const [few] = toLossTable(run([3, null, 1]));
    assert.deepEqual(few!.rows, [
      ['1', '0.10', '3.000'],
      ['2', '0.20', 'not finite'],
      ['3', '0.30', '1.000'],
    ]);
    const [many] = toLossTable(golden('loss-done'));
    assert.equal(many!.rows.length, 200);
    assert.equal(many!.rows.at(-1)![0], '2,000');
    assert.match(many!.caption, /one of every 2 of 400 steps/);
  });
});
