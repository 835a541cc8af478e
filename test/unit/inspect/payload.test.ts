import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, type TopLevelSpec } from 'vega-lite';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { traceMime, vegaLiteMime } from '../../../kernel/contract/mime.js';
import { parseTrace } from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { inspect } from '../../../kernel/notebook/inspector.js';
import { displaySymbol } from '../../../kernel/notebook/mimeBundle.js';
import { toTracePayload } from '../../../kernel/notebook/tracePayload.js';
import { LSTM, manualSeed, randint, randn } from '../../../kernel/rnn/index.js';
import { assertHold, meanLoss, Tagger, taggerAndBatch } from './models.js';

const root = new URL('../../../../test/golden/traces/', import.meta.url);
const validate = new Ajv2020().compile(schemas[traceMime]);

const goldens = {
  'trace-rnn': () => {
    const { model, input, target } = taggerAndBatch('RNN');
    return toTracePayload(inspect(model, { input, target }, { loss: meanLoss }), {
      title: 'A tanh RNN, seven steps',
      inputs: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    });
  },
  'trace-lstm-truncated': () => {
    const { model, input, target } = taggerAndBatch('LSTM', { numLayers: 2 });
    return toTracePayload(
      inspect(model, { input, target }, { loss: meanLoss, truncate: 3, clipNorm: 0.05 }),
      { title: 'Two LSTM layers, cut every three steps', sample: { bytes: 125_000 } },
    );
  },
};

describe('trace payloads', () => {
  for (const [name, make] of Object.entries(goldens))
    it(`${name} is what the committed one is, fits its schema and parses`, () => {
      const payload = JSON.parse(JSON.stringify(make())) as unknown;
      const file = fileURLToPath(new URL(`${name}.json`, root));
      if (process.env['UNROLL_UPDATE_GOLDEN']) {
        mkdirSync(root, { recursive: true });
        writeFileSync(file, `${JSON.stringify(payload, null, 1)}\n`);
      }
      assert.ok(validate(payload), JSON.stringify(validate.errors?.slice(0, 3)));
      const committed = parseTrace(JSON.parse(readFileSync(file, 'utf8')));
      assert.equal(parseTrace(payload).layers.length, committed.layers.length);
    });

  it('carry the numbers of the trace', () => {
    const { model, input, target } = taggerAndBatch('LSTM', { numLayers: 2 });
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const { layers, steps, sequences } = parseTrace(toTracePayload(trace));
    assert.deepEqual(
      [steps, sequences],
      [
        [0, 1, 2, 3, 4, 5, 6],
        [0, 1],
      ],
    );
    layers.forEach((layer, l) => {
      layer.nodes.forEach((node, index) => {
        if (node.once) return;
        for (const t of steps) {
          const at = trace.nodes.find(
            (one) => one.layer === l && one.t === t && one.index === index,
          )!;
          const [, S, U] = node.value!.shape as [number, number, number];
          const from = t * S * U;
          assert.deepEqual(
            node.value!.data.slice(from, from + S * U),
            Float32Array.from(at.value.data),
          );
          assert.deepEqual(
            node.adjoint!.data.slice(from, from + S * U),
            Float32Array.from(at.adjoint.data),
          );
          assert.equal(node.adjointNorm.data[t], Math.fround(at.adjointNorm));
        }
      });
      for (const check of layer.nodes.flatMap((node) => [...(node.check?.data ?? [])]))
        assert.ok(check < 1e-7);
    });
  });

  for (const bytes of [250_000, 400_000, 700_000])
    it(`stay within ${bytes} bytes and say what they leave out`, () => {
      manualSeed(1);
      const model = new Tagger(new LSTM({ inputSize: 3, hiddenSize: 24, numLayers: 2 }));
      const input = randn([40, 3, 3]);
      const target = randint(0, 5, [40, 3]);
      const trace = inspect(model, { input, target }, { loss: meanLoss });
      const payload = toTracePayload(trace, { sample: { bytes } });
      assert.ok(JSON.stringify(payload).length <= bytes);
      assert.ok(payload.leftOut.some((one) => one.startsWith('Contributions')));
      const parsed = parseTrace(JSON.parse(JSON.stringify(payload)));
      assert.ok(parsed.steps.length > 0 && parsed.steps.at(-1) === 39);
    });

  for (const [timeSteps, hiddenSize, sample, smallest, largest, leftOut] of [
    [200, 64, {}, 1.5, 2.4, /^Of values with more than 20 numbers a sequence, 20 evenly spread/],
    [200, 64, { bytes: 5e6 }, 4, 5, /^Of values with more than 48 numbers a sequence, 48 evenly/],
    [2_000, 24, {}, 2, 5, /^Values and adjoints are carried for \d+ of 2000 time steps; norms/],
  ] as const)
    it(`of ${timeSteps} steps and two layers of ${hiddenSize} have from ${smallest} to ${largest} MB and say what that leaves out`, () => {
      manualSeed(1);
      const model = new Tagger(new LSTM({ inputSize: 16, hiddenSize, numLayers: 2 }));
      const input = randn([timeSteps, 1, 16]);
      const target = randint(0, 5, [timeSteps, 1]);
      const trace = inspect(model, { input, target }, { loss: meanLoss });
      const payload = toTracePayload(trace, { sample });
      const text = JSON.stringify(payload);
      const megabytes = text.length / 1e6;
      assert.ok(megabytes <= largest && megabytes > smallest, `${text.length} bytes`);
      const parsed = parseTrace(JSON.parse(text));
      assert.equal(parsed.layers[1]!.nodes[0]!.adjointNorm.data.length, timeSteps);
      assert.match(payload.leftOut.join('\n'), leftOut);
      assert.match(payload.leftOut.join('\n'), /product of Jacobians is carried \d+ steps back/);
      assertHold(payload.checks);
    }).timeout(60_000);

  it('carry what was asked for', () => {
    const { model, input, target } = taggerAndBatch('GRU reset after');
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const payload = toTracePayload(trace, { sample: { steps: [5, 2], sequences: [1], units: 2 } });
    assert.deepEqual([payload.steps, payload.sequences], [[2, 5], [1]]);
    assert.deepEqual(payload.layers[0]!.nodes[1]!.units, [1, 3]);
    parseTrace(payload);
    assert.throws(
      () => toTracePayload(trace, { sample: { steps: [7] } }),
      /sample: steps must be a list of numbers from 0 to 6/,
    );
  });

  it('stand beside a chart and a text, and a trace shows itself', () => {
    const { model, input, target } = taggerAndBatch('LSTM');
    const trace = inspect(model, { input, target }, { loss: meanLoss, title: 'Mine' });
    const bundle = trace[displaySymbol]() as Record<string, unknown>;
    assert.deepEqual(Object.keys(bundle), [traceMime, vegaLiteMime, 'text/plain']);
    assert.equal((bundle[traceMime] as { title: string }).title, 'Mine');
    const { spec } = compile(bundle[vegaLiteMime] as TopLevelSpec);
    assert.ok(spec.marks!.length > 0);
    assert.match(
      bundle['text/plain'] as string,
      /^Trace of 7 time steps, 2 sequences, float64: loss/,
    );
    assert.throws(
      () => inspect(model, { input, target }, { loss: meanLoss, inputs: [1] as never }),
      /inputs must be an array of texts/,
    );
  });
});
