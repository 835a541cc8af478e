import { Ajv2020 } from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  graphMime,
  lossMime,
  vegaLiteMime,
  type GraphPayload,
  type LossPayload,
} from '../../../kernel/contract/mime.js';
import { parseGraph, parseLoss } from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { thin } from '../../../kernel/notebook/thin.js';
import {
  Adam,
  crossEntropy,
  Embedding,
  fit,
  Linear,
  lossChart,
  LSTM,
  manualSeed,
  Module,
  randint,
  ReduceOnPlateau,
  unrolledGraph,
  type LSTMState,
  type Tensor,
} from '../../../kernel/unroll.js';

const ajv = new Ajv2020({ allErrors: true });

function assertValid(mime: keyof typeof schemas, payload: unknown): void {
  assert.ok(ajv.validate(schemas[mime], payload), ajv.errorsText());
}

class Model extends Module {
  embedding = new Embedding({ numEmbeddings: 6, embeddingDim: 3 });
  lstm = new LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
  head = new Linear({ inFeatures: 4, outFeatures: 6 });
  forward(input: Tensor, state?: LSTMState) {
    const result = this.lstm.forward(this.embedding.forward(input), state);
    return { output: this.head.forward(result.output), state: result.state };
  }
}

describe('loss chart', () => {
  it('sends valid data, the standard fallback and text', async () => {
    manualSeed(1);
    const model = new Model();
    const batch = { input: randint(0, 6, [5, 2]), target: randint(0, 6, [5, 2]) };
    const history = await fit({
      model,
      data: [batch],
      loss: crossEntropy,
      optimizer: new Adam(model.parameters()),
      steps: 4,
      validation: { data: [batch], every: 2 },
    });
    const { bundle } = lossChart(history, {
      unit: 'bits per symbol',
      scale: 1 / Math.LN2,
      baselines: { unigram: 2.5 },
    });
    const payload = bundle[lossMime] as unknown as LossPayload;
    assertValid(lossMime, payload);
    assert.deepEqual(parseLoss(payload), payload);
    assert.deepEqual(
      payload.series.map(({ role, step }) => [role, ...step]),
      [
        ['training', 1, 2, 3, 4],
        ['validation', 2, 4],
      ],
    );
    assert.equal(payload.series[0]!.value[3], history.loss[3]! * (1 / Math.LN2));
    const { best } = history;
    const drawn = Number((best!.value / Math.LN2).toPrecision(3));
    assert.deepEqual(payload.marks, [{ step: best!.step, text: `best ${drawn}` }]);
    assert.ok(JSON.stringify(bundle[vegaLiteMime]).includes(`best ${drawn}`));
    assert.match(
      bundle['text/plain'] as string,
      /^Loss \(bits per symbol\), done: training .* at step 4; validation/,
    );
  });

  it('marks the best of a metric, rates that fell, and an early end', async () => {
    const model = new Model();
    const batch = { input: randint(0, 6, [5, 2]), target: randint(0, 6, [5, 2]) };
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    let at = 0;
    const history = await fit({
      model,
      data: [batch],
      loss: crossEntropy,
      optimizer,
      steps: 9,
      schedule: new ReduceOnPlateau(optimizer, { mode: 'max', patience: 0, factor: 0.5 }),
      validation: {
        data: [batch],
        every: 1,
        metrics: { score: () => [0.2, 0.8, 0.5, 0.6][at++]! },
      },
      monitor: { metric: 'score', mode: 'max' },
      earlyStopping: { patience: 2 },
    });
    const payload = lossChart(history).bundle[lossMime] as unknown as LossPayload;
    assertValid(lossMime, payload);
    assert.deepEqual(payload.marks, [
      { step: 4, text: 'lr 0.01 → 0.005' },
      { step: 5, text: 'lr 0.005 → 0.0025' },
      { step: 4, text: 'stopped early' },
      { step: 2, text: 'best score 0.8' },
    ]);
    assert.match(
      inspect(history),
      /^TrainingHistory of 4 steps: loss [\d.]+, validation [\d.]+, score 0.6000, best 0.8000 at step 2, [\d.]+ s$/,
    );
  });

  it('refuses options it does not know', () => {
    assert.throws(
      () => lossChart({} as never, { colour: 'red' } as never),
      /lossChart: unknown option 'colour'/,
    );
  });

  it('thins long series but keeps their ends and every spike of its stretch', () => {
    const values = Array.from({ length: 100_000 }, (_, i) =>
      i === 54_321 ? 9 : i === 777 ? -9 : 0,
    );
    const kept = thin(values, 2000);
    assert.ok(kept.length <= 2000);
    for (const index of [0, 777, 54_321, 99_999]) assert.ok(kept.includes(index), `${index}`);
    assert.deepEqual(
      kept,
      [...kept].sort((a, b) => a - b),
    );
    assert.deepEqual(thin([3, 1, 2], 2000), [0, 1, 2]);
  });
});

describe('unrolled graph', () => {
  it('has the layers of the model as they stand on the tape, with names, shapes and counts', () => {
    manualSeed(1);
    const { bundle } = unrolledGraph(new Model(), randint(0, 6, [8, 2]), {
      inputs: 'abcdefgh'.split(''),
    });
    const payload = bundle[graphMime] as unknown as GraphPayload;
    assertValid(graphMime, payload);
    assert.deepEqual(parseGraph(payload), payload);
    assert.equal(payload.timeSteps, 8);
    assert.deepEqual(
      payload.layers.map(({ name, type, from, inputShape, outputShape, parameters }) => [
        name,
        type,
        from,
        inputShape,
        outputShape,
        parameters,
      ]),
      [
        ['embedding', 'Embedding', [-1], [2], [2, 3], 18],
        ['lstm.l0', 'LSTM', [0], [2, 3], [2, 4], 4 * 4 * (3 + 4 + 2)],
        ['lstm.l1', 'LSTM', [1], [2, 4], [2, 4], 4 * 4 * (4 + 4 + 2)],
        ['head', 'Linear', [2], [2, 4], [2, 6], 30],
      ],
    );
    assert.match(
      bundle['text/plain'] as string,
      /lstm\.l1 \(LSTM\) \[2, 4\] → \[2, 4\], 160 parameters/,
    );
  });

  it('shows inside a cell the program that trains: gates, states and what becomes of them', () => {
    const { bundle } = unrolledGraph(new Model(), randint(0, 6, [3, 2]));
    const { cell } = (bundle[graphMime] as unknown as GraphPayload).layers[1]!;
    const labels = cell!.nodes.filter(({ kind, label }) => kind === 'operation' && label);
    assert.deepEqual(
      labels.map(({ label }) => label),
      ['i', 'f', 'g', 'o', 'c', 'h'],
    );
    assert.deepEqual(
      cell!.states.map(({ name, next }) => [name, next]),
      [
        ['h', 'h′'],
        ['c', 'c′'],
      ],
    );
    assert.equal(cell!.output, 'h′');
    assert.equal(cell!.nodes.find(({ id }) => id === 'h′')!.equation, 'h′ = o ⊙ %21');
    const ids = new Set(cell!.nodes.map(({ id }) => id));
    for (const { inputs } of cell!.nodes) assert.ok(inputs.every((id) => ids.has(id)));
  });

  it('passes over operations that only rearrange', () => {
    const model = new LSTM({ inputSize: 2, hiddenSize: 3 });
    class Swapped extends Module {
      lstm = model;
      forward(input: Tensor) {
        return this.lstm
          .forward(input.permute([0, 1, 2]))
          .output.reshape([4, 2, 3])
          .permute([0, 1, 2]);
      }
    }
    const { bundle } = unrolledGraph(new Swapped(), randint(0, 2, [4, 2, 2], { dtype: 'float32' }));
    const { layers } = bundle[graphMime] as unknown as GraphPayload;
    assert.deepEqual(
      layers.map(({ name, from }) => [name, from]),
      [['lstm.l0', [-1]]],
    );
  });
});
