import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { traceMime } from '../../../kernel/contract/mime.js';
import { parseTrace } from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { inspect } from '../../../kernel/notebook/inspector.js';
import { toTracePayload } from '../../../kernel/notebook/tracePayload.js';
import { meanLoss, taggerAndBatch } from './models.js';

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
});
