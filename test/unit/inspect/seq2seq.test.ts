import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  crossEntropy,
  GRU,
  Linear,
  LSTM,
  Module,
  randn,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import { traceMime } from '../../../kernel/contract/mime.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { toTracePayload } from '../../../kernel/notebook/tracePayload.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { Walk } from '../../../media/inspector/walk.js';
import {
  assertHold,
  type AttentionName,
  attentionNames,
  meanLoss,
  translatorAndBatch,
} from './models.js';

const validate = new Ajv2020().compile(schemas[traceMime]);

function translation(attention: AttentionName, sourceSteps: number, targetSteps: number) {
  const { model, batch } = translatorAndBatch(attention, sourceSteps, targetSteps);
  return inspect(model, batch, { loss: meanLoss });
}

const range = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, k) => from + k);

describe('a trace of an encoder and its decoder', () => {
  for (const attention of attentionNames)
    for (const [source, target] of [
      [5, 3],
      [4, 4],
    ] as const) {
      const title = `${attention} attention, ${source} → ${target} steps`;
      it(`${title}: the decoder follows on one axis of time, and every invariant holds`, () => {
        const trace = translation(attention, source, target);
        assert.equal(trace.timeSteps, source + target);
        for (const { name, start, timeSteps } of trace.layers)
          if (name.startsWith('encoder')) assert.deepEqual([start, timeSteps], [0, source]);
          else assert.ok(start >= source && start + timeSteps <= source + target, name);
        assert.deepEqual(trace.loss.measuredAt, range(source, source + target));
        assertHold(trace.check());
        // Every loss of the decoder reaches every state of the encoder, and no later one of its own.
        const { matrix } = trace.ledger({ layer: 'encoder.rnn.l1' });
        for (const row of matrix) for (const norm of row) assert.ok(norm > 0);
      });

      it(`${title}: the picture has all layers where they run, and the walk goes encoder, decoder, and back`, () => {
        const trace = translation(attention, source, target);
        const payload = toTracePayload(trace);
        assert.ok(validate(payload), JSON.stringify(validate.errors));
        assert.deepEqual(payload.leftOut, []);
        const data = parseTrace(JSON.parse(JSON.stringify(payload)));
        assert.equal(data.layers.length, trace.layers.length);
        const walk = new Walk(data);
        const stepper = trace.stepper();
        assert.equal(walk.length, stepper.length);
        let last = 0;
        for (let index = 0; index < walk.length; index++) {
          const place = walk.at(index);
          const stop = index === 0 ? stepper.first() : stepper.next();
          assert.equal(place.phase, stop.phase);
          if (!('node' in place)) continue;
          const own = trace.layers[place.layer]!;
          assert.equal(own.name, stop.layer);
          assert.equal(place.t - own.start, stop.t);
          assert.equal(walk.indexOf(place), index);
          const step = place.phase === 'forward' ? place.t : 2 * walk.trace.timeSteps - place.t;
          assert.ok(step >= last, 'time goes one way');
          last = step;
          const { valueNorm, adjointNorm } = data.layers[place.layer]!.nodes[place.node]!;
          const { values, adjoints } = own.at(stop.t!);
          const near = (drawn: number, numbers: ArrayLike<number>) =>
            assert.ok(Math.abs(drawn - Math.hypot(...Array.from(numbers))) <= 1e-6 * (1 + drawn));
          near(valueNorm.data[place.t]!, values[place.node]!.data);
          near(adjointNorm.data[place.t]!, adjoints[place.node]!.data);
        }
      });
    }

  for (const attention of attentionNames.slice(1))
    it(`${attention} attention: says who looks at whom, and what flows back by it`, () => {
      const trace = translation(attention, 5, 3);
      const found = parseTrace(JSON.parse(JSON.stringify(toTracePayload(trace)))).attention!;
      const steps = found.flatMap(({ queries }) => queries);
      assert.deepEqual(steps, range(5, 8));
      for (const { from, to, queries, keys, weight, flow } of found) {
        const data = toTracePayload(trace);
        assert.equal(data.stages[from]!.name, 'encoder.rnn.l1');
        assert.equal(data.stages[to]!.start ?? 0, queries[0]);
        assert.deepEqual(keys, range(0, 5));
        queries.forEach((_, q) => {
          const own = weight.data.subarray(5 * q, 5 * q + 5);
          assert.ok(Math.abs(own.reduce((sum, one) => sum + one, 0) - 1) < 1e-6);
        });
        assert.ok(flow.data.every((norm) => norm > 0));
      }
    });

  it('says of attention what the model says, over the batch, and that nothing flows back where nothing is lost', () => {
    const { model, batch } = translatorAndBatch('Luong', 5, 3);
    const { attention } = model.forwardBatch({ ...batch });
    const trace = inspect(model, batch, {
      loss: (output: Tensor, target: Tensor) =>
        crossEntropy(output.slice(0, 0, 2), target.slice(0, 0, 2)),
    });
    const [found] = parseTrace(JSON.parse(JSON.stringify(toTracePayload(trace)))).attention!;
    const [queries, batchSize, keys] = attention!.shape as [number, number, number];
    for (let q = 0; q < queries; q++)
      for (let k = 0; k < keys; k++) {
        let mean = 0;
        for (let b = 0; b < batchSize; b++)
          mean += attention!.data[(q * batchSize + b) * keys + k]! / batchSize;
        assert.ok(Math.abs(found!.weight.data[q * keys + k]! - mean) < 1e-6);
        assert.equal(found!.flow.data[q * keys + k]! > 0, q < 2);
      }
  });

  it('takes edits of a gate where the picture shows it', () => {
    const trace = translation('Luong', 5, 3);
    const { after } = trace.whatIf({ layer: 'decoder.rnn.l0', node: 'f', t: 1, set: 0 });
    const [before, changed] = [toTracePayload(trace), toTracePayload(after)];
    const at = before.layers.findIndex(({ name }) => name === 'decoder.rnn.l0');
    const f = before.layers[at]!.nodes.findIndex(({ label }) => label === 'f');
    const normsOf = (payload: typeof before) =>
      parseTrace(JSON.parse(JSON.stringify(payload))).layers[at]!.nodes[f]!.valueNorm.data;
    const differing = [...normsOf(before)].flatMap((norm, t) =>
      norm === normsOf(changed)[t] ? [] : [t],
    );
    assert.equal(differing[0], 6);
    assert.equal(normsOf(changed)[6], 0);
  });
});

/** Two networks that read the same input, and one layer called twice. */
class Towers extends Module {
  readonly left = new LSTM({ inputSize: 3, hiddenSize: 4 });
  readonly right = new GRU({ inputSize: 3, hiddenSize: 4 });
  readonly head = new Linear({ inFeatures: 4, outFeatures: 1 });

  forward(input: Tensor) {
    const both = this.left.forward(input).output.add(this.right.forward(input).output);
    return this.head.forward(both);
  }
}

class StepByStep extends Module {
  readonly net = new LSTM({ inputSize: 3, hiddenSize: 4 });

  forward(input: Tensor) {
    let { output, state } = this.net.forward(input.slice(0, 0, 1));
    let sum = output.sum();
    for (let t = 1; t < input.shape[0]!; t++) {
      ({ output, state } = this.net.forward(input.slice(0, t, t + 1), state));
      sum = sum.add(output.sum());
    }
    return sum;
  }
}

describe('the axis of time', () => {
  it('is one for layers beside each other', () => {
    const batch = { input: randn([6, 2, 3]) };
    const trace = inspect(new Towers(), batch, { loss: (output) => output.sum() });
    assert.equal(trace.timeSteps, 6);
    assert.deepEqual(
      trace.layers.map(({ start }) => start),
      [0, 0],
    );
  });

  it('goes on where a layer is called step by step', () => {
    const trace = inspect(new StepByStep(), { input: randn([4, 1, 3]) });
    assert.equal(trace.timeSteps, 4);
    assert.deepEqual(
      trace.layers.map(({ start, timeSteps }) => [start, timeSteps]),
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 1],
      ],
    );
    assert.deepEqual(trace.loss.measuredAt, [0, 1, 2, 3]);
  });

  it('is drawn as far as a picture may go, and the picture says how far', () => {
    const trace = inspect(new StepByStep(), { input: randn([70, 1, 3]) });
    const payload = toTracePayload(trace);
    const data = parseTrace(JSON.parse(JSON.stringify(payload)));
    assert.equal(data.layers.length, 64);
    assert.ok(data.leftOut.includes('Recurrent layers beyond the first 64 are not drawn: 6.'));
  });
});
