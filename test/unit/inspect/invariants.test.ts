import assert from 'node:assert/strict';
import type { Check } from '../../../kernel/rnn/index.js';
import { inspect, type InspectOptions } from '../../../kernel/rnn/inspect/inspect.js';
import { cells, meanLoss, taggerAndBatch } from './models.js';

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
        for (const { name, error, tolerance } of checks)
          assert.ok((error ?? 0) <= tolerance, `${name}: ${String(error)} > ${tolerance}`);
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
