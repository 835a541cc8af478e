import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseBenchOptions, sectionNames, UsageError } from '../../bench/commandLine.js';
import { drawGrowth, growthWorkloads, toGrowth, toGrowthTable } from '../../bench/growth.js';
import { drawToken, lossOf } from '../../bench/losses.js';
import { measurePeak } from '../../bench/peak.js';
import { createProblem } from '../../bench/problem.js';
import { checkLosses, LossMismatchError, type Entrant, type Timing } from '../../bench/race.js';
import { replaceSection, toGoalLines, toResultTable } from '../../bench/resultTable.js';
import { fitExponent, median, ratioPerRound, relativeDifference } from '../../bench/statistics.js';
import { flopsPerStep, parameterShapes, workloads } from '../../bench/workloads.js';

const W1 = workloads['W1']!;

function timing(
  name: string,
  threads: number,
  rounds: number[],
  extra: Partial<Timing> = {},
): Timing {
  const command = () => Promise.resolve([]);
  const entrant: Entrant = { name, label: name, threads, workload: W1, command };
  return { entrant, version: '1.0', losses: [4, 3], rounds, peakBytes: 2 ** 20, ...extra };
}

describe('the statistics of a benchmark', () => {
  it('the median is the middle one, or the mean of the two in the middle', () => {
    assert.equal(median([3, 1, 100]), 3);
    assert.equal(median([4, 1, 2, 100]), 3);
    assert.throws(() => median([]), RangeError);
  });

  it('a ratio compares times of the same round', () => {
    // Round two was slow for both: each round's ratio is 2, the ratio of any other pair is not.
    assert.deepEqual(ratioPerRound([2, 20, 4], [1, 10, 1]), { median: 2, lowest: 2, highest: 4 });
    assert.throws(() => ratioPerRound([1], [1, 2]), /as many rounds/);
  });

  it('the exponent of a power is found, whatever its factor', () => {
    const sizes = [1, 2, 4, 8];
    const times = sizes.map((size) => 7 * size ** 1.5);
    assert.ok(Math.abs(fitExponent(sizes, times) - 1.5) < 1e-12);
  });

  it('a relative difference is of the larger number, and none of a number to itself', () => {
    assert.equal(relativeDifference(0, 0), 0);
    assert.equal(relativeDifference(1, 2), 0.5);
    assert.ok(Number.isNaN(relativeDifference(NaN, 1)));
  });
});

describe('the workloads of the benchmark', () => {
  const published: Record<string, [number, number]> = {
    W1: [0.511, 0.0005],
    W2: [18.25, 0.005],
    W3: [0.00023, 0.000005],
    W4: [2.36, 0.005],
    W5: [374, 0.5],
    I2: [3.36, 0.005],
  };
  for (const [name, [gflop, within]] of Object.entries(published))
    it(`${name} is ${gflop} GFLOP`, () => {
      assert.ok(Math.abs(flopsPerStep(workloads[name]!) / 1e9 - gflop) <= within);
    });

  it('a problem holds each parameter and the data, and is the same every time', () => {
    const problem = createProblem(workloads['W3']!);
    const names = Object.keys(parameterShapes(workloads['W3']!));
    assert.deepEqual(Object.keys(problem), [...names, 'input', 'target']);
    assert.deepEqual(problem, createProblem(workloads['W3']!));
    assert.ok(createProblem(W1)['target']!.data.every((token) => token >= 0 && token < 64));
  });

  it('the document has a section for each thing that is measured', () => {
    const text = readFileSync(new URL('../../../../docs/benchmarks.md', import.meta.url), 'utf8');
    for (const section of sectionNames) replaceSection(text, section, '');
    for (const [name, workload] of Object.entries(workloads)) {
      const gflop = String(Number((flopsPerStep(workload) / 1e9).toPrecision(3)));
      assert.match(text, new RegExp(`\\| ${name} +\\| [^|]+\\| ${gflop} +\\|`), name);
    }
  });
});

describe('the losses that contestants are compared by', () => {
  const check = (...losses: number[][]) =>
    checkLosses(losses.map((one) => timing('contestant', 1, [], { losses: one })));

  it('agree to 1e-4 at first and to 1e-3 after three updates', () => {
    check([4, 3], [4.0003, 3.002]);
    assert.throws(() => check([4, 3], [4.001, 3]), LossMismatchError);
    assert.throws(() => check([4, 3], [4, 3.01]), /after three updates/);
  });

  it('do not agree where one is missing or not a number', () => {
    assert.throws(() => check([4, 3], [4]), LossMismatchError);
    assert.throws(() => check([4], [NaN]), LossMismatchError);
  });

  it('are the mean cross-entropy or squared error of an output', () => {
    const target = { shape: [2], data: Float32Array.of(1, 0) };
    const uniform = lossOf(new Float32Array(8), { target }, W1);
    assert.ok(Math.abs(uniform - Math.log(4)) < 1e-6);
    assert.equal(lossOf(Float32Array.of(3, 1), { target }, workloads['W3']!), 2.5);
  });

  it('a token is drawn where the cumulative probability passes the number', () => {
    const draw = (uniform: number) =>
      drawToken(Float32Array.of(0, Math.log(3)), uniform, new Float64Array(2));
    assert.equal(draw(0.2).token, 0);
    assert.equal(draw(0.3).token, 1);
    assert.equal(draw(1).token, 1);
    assert.ok(Math.abs(draw(0.2).loss - Math.log(4)) < 1e-7);
    assert.ok(Math.abs(draw(0.3).loss - Math.log(4 / 3)) < 1e-7);
  });
});

describe('the tables of the benchmark', () => {
  const peak = { gflops: 51.1, simd: 'plain' } as const;
  const outcomes = [
    timing('unroll', 1, [20, 40]),
    timing('unroll', 2, [10, 20]),
    timing('torch', 1, [30, 48], { peakBytes: 4 * 2 ** 20 }),
    { entrant: timing('tfjs', 1, []).entrant, reason: 'it is\nnot | here' },
  ];

  it('show ratios to Unroll with their spread, and who was missing why', () => {
    const rows = toResultTable(W1, outcomes, peak).split('\n').slice(2);
    assert.equal(rows[0], '| unroll | 1.0 | 1 | 30 | 17 | 33.3 % | 1 | 2 (2–2) | 1 |');
    assert.equal(
      rows[2],
      '| torch | 1.0 | 1 | 39 | 13.1 | 25.7 % | 1.35 (1.2–1.5) | 2.7 (2.4–3) | 4 |',
    );
    assert.match(rows[3]!, /^\| tfjs .*not measured: it is not \\\| here/);
    assert.ok(rows.every((row) => row.split(/(?<!\\)\|/).length === 11));
  });

  it('say which goals were reached', () => {
    const [torch, tfjs, ...others] = toGoalLines(W1, outcomes);
    assert.match(torch!, /at least 1 times .* measured 1.35 \(reached\)/);
    assert.match(torch!, /at least 1.6 times .* 2 threads, measured 2.7 \(reached\)/);
    assert.match(tfjs!, /tfjs: it was not measured/);
    assert.deepEqual(others, [], 'nothing about who did not take part');
  });

  it('replace their own section of the document, and no other', () => {
    const document = '<!-- bench:A -->x<!-- /bench:A -->\n<!-- bench:B -->y<!-- /bench:B -->';
    const replaced = replaceSection(document, 'A', 'new');
    assert.equal(
      replaced,
      '<!-- bench:A -->\n\nnew\n\n<!-- /bench:A -->\n<!-- bench:B -->y<!-- /bench:B -->',
    );
    assert.throws(() => replaceSection(document, 'C', 'new'), /expected the markers/);
  });

  it('show and draw growth', async () => {
    const sized = growthWorkloads('timeSteps').map((workload) => {
      const one = timing('unroll', 1, [workload.timeSteps / 10]);
      return { ...one, entrant: { ...one.entrant, workload } };
    });
    const growth = toGrowth('timeSteps', sized);
    assert.match(toGrowthTable([growth]), /\| T \| 25: 2.5 \| .* \| 400: 40 \| 1 \|/);
    const svg = await drawGrowth([growth]);
    assert.match(svg, /^<svg/);
    assert.ok(svg.includes('T^1.00'));
    assert.throws(() => toGrowth('timeSteps', [outcomes[3]!]), /growth with timeSteps: it is/);
  });
});

describe('the command line of the benchmark', () => {
  it('measures everything and writes, unless told otherwise', () => {
    const { sections, writes, rounds } = parseBenchOptions([]);
    assert.deepEqual(sections, sectionNames);
    assert.deepEqual([writes, rounds], [true, 7]);
  });

  it('does not write what some contestants are missing from', () => {
    const options = parseBenchOptions(['W1', 'W3', '--rounds', '5', '--only', 'unroll,torch']);
    assert.deepEqual(options.sections, ['W1', 'W3']);
    assert.deepEqual(options.only, ['unroll', 'torch']);
    assert.equal(options.writes, false);
    assert.equal(parseBenchOptions(['--threads', '1']).writes, false);
  });

  for (const args of [['W9'], ['--only', 'keras'], ['--threads', '3'], ['--rounds', '0'], ['--no']])
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => parseBenchOptions(args), UsageError);
    });
});

describe('the measured peak', () => {
  it('runs a valid module', () => {
    const { gflops, simd } = measurePeak(5);
    assert.ok(gflops > 0.1 && Number.isFinite(gflops));
    assert.match(simd, /^(relaxed|plain)$/);
  });
});
