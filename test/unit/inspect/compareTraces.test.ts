import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compile, type TopLevelSpec } from 'vega-lite';
import { comparisonMime, vegaLiteMime } from '../../../kernel/contract/mime.js';
import { parseComparison } from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { compare } from '../../../kernel/notebook/compareTraces.js';
import { inspect } from '../../../kernel/notebook/inspector.js';
import { displaySymbol } from '../../../kernel/notebook/mimeBundle.js';
import { OptionError } from '../../../kernel/rnn/index.js';
import { meanLoss, taggerAndBatch } from './models.js';

const golden = new URL('../../../../test/golden/traces/comparison.json', import.meta.url);

function look(cell: string, inputs?: string[]) {
  const { model, input, target } = taggerAndBatch(cell);
  return inspect(model, { input, target }, { loss: meanLoss, ...(inputs && { inputs }) });
}

const shown = (comparison: ReturnType<typeof compare>) =>
  comparison[displaySymbol]() as Record<string, unknown>;

describe('two traces side by side', () => {
  it('are named after their cells, fit the schema and parse, as the committed ones do', () => {
    const comparison = compare(look('RNN', ['a', 'b', 'c', 'd', 'e', 'f', 'g']), look('LSTM'), {
      sample: { bytes: 250_000 },
    });
    const payload: unknown = JSON.parse(JSON.stringify(shown(comparison)[comparisonMime]));
    if (process.env['UNROLL_UPDATE_GOLDEN'])
      writeFileSync(golden, `${JSON.stringify(payload, null, 1)}\n`);
    const validate = new Ajv2020().compile(schemas[comparisonMime]);
    assert.ok(validate(payload), JSON.stringify(validate.errors?.slice(0, 3)));
    const { title, traces } = parseComparison(payload);
    const committed = parseComparison(JSON.parse(readFileSync(golden, 'utf8')));
    assert.equal(title, 'RNN against LSTM');
    assert.equal(committed.title, title);
    assert.deepEqual(
      traces.map(({ name, trace }) => [
        name,
        trace.title,
        trace.layers[0]!.type,
        trace.inputs?.[0],
      ]),
      [
        ['RNN', 'RNN', 'RNN', 'a'],
        ['LSTM', 'LSTM', 'LSTM', undefined],
      ],
    );
    assert.ok(JSON.stringify(payload).length <= 250_000);
  });

  it('may be one trace cut and whole, before and after an edit, and say so in text and chart', () => {
    const trace = look('LSTM');
    const cut = trace.truncation(3).trace;
    const comparison = compare(trace, cut, { names: ['full', 'cut every 3 steps'] });
    assert.equal(comparison.title, 'full against cut every 3 steps');
    assert.match(
      comparison.toString(),
      /^full: Trace of 7 time steps[^]*\n\ncut every 3 steps: Trace of 7 time steps/,
    );
    const bundle = shown(comparison);
    const { spec } = compile(bundle[vegaLiteMime] as TopLevelSpec);
    assert.ok(spec.marks!.length > 0);
    const { traces } = parseComparison(bundle[comparisonMime]);
    assert.equal(traces[0]!.trace.truncation, undefined);
    assert.deepEqual(traces[1]!.trace.truncation!.boundaries, [3, 6]);
    const { before, after } = trace.whatIf({ node: 'f', set: 1 });
    assert.equal(compare(before, after).title, 'first against second');
  });

  it('refuse what is no trace, and one name for both', () => {
    const trace = look('RNN');
    assert.throws(() => compare(trace, {} as never), /expected two traces, got object/);
    assert.throws(() => compare(trace, trace, { names: ['a', 'a'] }), OptionError);
  });
});
