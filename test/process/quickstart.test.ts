import assert from 'node:assert/strict';
import { join } from 'node:path';
import { graphMime, lossMime, vegaLiteMime, type LossPayload } from '../../kernel/contract/mime.js';
import { parseGraph, parseLoss } from '../../kernel/contract/parsePayload.js';
import type { NotebookOutput } from '../../kernel/cli/nbformat.js';
import { inFolder, outputsOf, readValid, root, unroll } from './commandLine.js';

const quickstart = join(root, 'examples/quickstart.ipynb');

function withMedia(outputs: NotebookOutput[][], mime: string): Record<string, unknown>[] {
  return outputs
    .flat()
    .flatMap((output) => ('data' in output && mime in output.data ? [output.data] : []));
}

describe('examples/quickstart.ipynb, run in full', () => {
  it('reaches less than 2.6 held-out bits per character, and both baselines are worse', function () {
    this.timeout(15 * 60_000);
    return inFolder(async (folder) => {
      const file = join(folder, 'out.ipynb');
      const ended = await unroll(['run', quickstart, '--output', file]);
      assert.equal(ended.code, 0, ended.stderr);
      const number = (pattern: RegExp): number => Number(pattern.exec(ended.stdout)?.[1]);
      const bits = number(/held-out bits per character: ([\d.]+)/);
      const unigram = number(/unigram ([\d.]+),/);
      const bigram = number(/bigram ([\d.]+) bits/);
      console.log(`      ${bits} bits per character; unigram ${unigram}, bigram ${bigram}`);
      assert.ok(bits < 2.6 && bits > 0.5, `${bits}`);
      assert.ok(bits < bigram && bigram < unigram);

      const outputs = outputsOf(await readValid(file));
      const [curve, ...otherCurves] = withMedia(outputs, lossMime);
      assert.equal(otherCurves.length, 0, 'a live curve is one output');
      assert.ok(vegaLiteMime in curve! && 'text/plain' in curve);
      const loss: LossPayload = parseLoss(curve[lossMime]);
      assert.equal(loss.status, 'done');
      assert.equal(loss.series[0]!.step.length, loss.totalSteps);
      const last = loss.series[1]!.value.at(-1)!;
      assert.ok(Math.abs(last - bits) < 0.15, 'the curve ends where the result says');
      const [graph] = withMedia(outputs, graphMime);
      assert.ok(vegaLiteMime in graph!);
      assert.equal(parseGraph(graph[graphMime]).timeSteps, 8);
    });
  });

  it('repeats itself under its seed, except for times', function () {
    this.timeout(5 * 60_000);
    return inFolder(async (folder) => {
      const run = async (name: string) => {
        const file = join(folder, name);
        const ended = await unroll([
          'run',
          quickstart,
          '-o',
          file,
          '-p',
          'steps=12',
          '-p',
          'hiddenSize=16',
        ]);
        assert.equal(ended.code, 0, ended.stderr);
        const outputs = outputsOf(await readValid(file));
        const { series } = parseLoss(withMedia(outputs, lossMime)[0]![lossMime]);
        return {
          losses: series.map(({ value }) => value),
          texts: outputs.at(-2)!,
        };
      };
      assert.deepEqual(await run('a.ipynb'), await run('b.ipynb'));
    });
  });
});
