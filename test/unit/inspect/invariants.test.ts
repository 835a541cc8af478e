import assert from 'node:assert/strict';
import {
  crossEntropy,
  GRU,
  LSTM,
  manualSeed,
  randint,
  randn,
  RNN,
  tensor,
  type Check,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { inspect, type InspectOptions } from '../../../kernel/rnn/inspect/inspect.js';
import {
  assertHold,
  attentionNames,
  BothWays,
  cells,
  meanLoss,
  taggerAndBatch,
  translatorAndBatch,
} from './models.js';

const ways: Record<string, { layers?: number; options?: InspectOptions }> = {
  'one layer': {},
  'two layers': { layers: 2 },
  'cut every 3 steps': { layers: 2, options: { truncate: 3 } },
  float32: { options: { dtype: 'float32' } },
};

describe('invariants of a trace', () => {
  const table: { name: string; checks: readonly Check[] }[] = [];

  for (const cell of Object.keys(cells))
    for (const [way, { layers = 1, options = {} }] of Object.entries(ways))
      it(`hold for ${cell}, ${way}`, () => {
        const { model, input, target } = taggerAndBatch(cell, { numLayers: layers });
        const trace = inspect(model, { input, target }, { loss: meanLoss, ...options });
        const checks = trace.check();
        table.push({ name: `${cell}, ${way}`, checks });
        assert.equal(checks.length, 9);
        assertHold(checks);
      });

  for (const [name, type] of Object.entries({ RNN, LSTM, GRU }))
    for (const [way, lengths] of [
      ['both directions', undefined],
      ['both directions, masked', [7, 3, 5]],
    ] as const)
      it(`hold for ${name}, two layers in ${way}`, () => {
        manualSeed(12);
        const model = new BothWays(type, lengths);
        const batch = { input: randn([7, 3, 3]), target: randint(0, 5, [7, 3]) };
        const mask = tensor(
          Array.from({ length: 7 }, (_, t) => (lengths ?? [7, 7, 7]).map((n) => (t < n ? 1 : 0))),
        );
        const loss = (output: Tensor, target: Tensor) => crossEntropy(output, target, { mask });
        const checks = inspect(model, batch, { loss }).check();
        table.push({ name: `${name}, ${way}`, checks });
        assertHold(checks);
      });

  for (const attention of attentionNames)
    it(`hold for an encoder and its decoder, ${attention} attention`, () => {
      const { model, batch } = translatorAndBatch(attention, 5, 4);
      const checks = inspect(model, batch, { loss: meanLoss }).check();
      table.push({ name: `Seq2Seq, ${attention} attention`, checks });
      assert.equal(checks.length, 9);
      assertHold(checks);
    });

  after(() => {
    const columns = table[0]!.checks.map(({ name }) => name);
    console.log(columns.map((name, k) => `    ${k + 1}  ${name}`).join('\n'));
    for (const { name, checks } of table) {
      const cells = checks.map(({ error }) =>
        (error === null ? '–' : error.toExponential(0)).padStart(6),
      );
      console.log(`    ${name.padEnd(34)}${cells.join(' ')}`);
    }
  });
});
