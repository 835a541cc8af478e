import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  inspectorAnswerSchema,
  inspectorRequestSchema,
} from '../../../kernel/contract/inspectorSchema.js';
import {
  parseComparison,
  parseInspectorAnswer,
  parseInspectorRequest,
  parseTrace,
  PayloadError,
} from '../../../kernel/contract/parsePayload.js';

const folder = new URL('../../../../test/golden/', import.meta.url);
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
const ajv = new Ajv2020();
const fitsRequest = ajv.compile(inspectorRequestSchema);
const fitsAnswer = ajv.compile(inspectorAnswerSchema);

const requests = golden('messages/inspector-requests') as unknown[];
const whatIf = { kind: 'whatIf', trace: 't', request: 1 };
const weight = { kind: 'weight', parameter: 'w', index: 0, value: 1 };
const node = { kind: 'node', layer: 0, node: 1, t: 2, unit: 3, value: 1 };

const hostileRequests: [what: string, value: unknown, message: RegExp][] = [
  ['no object', 'whatIf', /^payload: expected an object, got "whatIf"$/],
  ['an unknown kind', { kind: 'run' }, /^kind: expected live, whatIf, got "run"$/],
  ['no trace', { kind: 'live', request: 1 }, /^trace: expected a text, got nothing$/],
  [
    'a request that is no number',
    { kind: 'live', trace: 't', request: {} },
    /^request: expected a whole number, 0 or more, got a value of type object$/,
  ],
  ['no edits', whatIf, /^edits: expected a list, got nothing$/],
  [
    'too many edits',
    { ...whatIf, edits: Array.from({ length: 257 }, () => weight) },
    /^edits: expected at most 256 entries, got 257$/,
  ],
  [
    'an edit of something else',
    { ...whatIf, edits: [{ kind: 'file', path: 'x' }] },
    /^edits\[0\]\.kind: expected weight, node, input, got "file"$/,
  ],
  [
    'a value that is code',
    { ...whatIf, edits: [{ ...weight, value: 'process.exit()' }] },
    /^edits\[0\]\.value: expected a finite number, got "process\.exit\(\)"$/,
  ],
  [
    'a value without end',
    { ...whatIf, edits: [{ ...node, value: Infinity }] },
    /^edits\[0\]\.value: expected a finite number, got Infinity$/,
  ],
  [
    'a negative time step',
    { ...whatIf, edits: [node, { ...node, t: -1 }] },
    /^edits\[1\]\.t: expected a whole number, 0 or more, got -1$/,
  ],
];

describe('requests of the inspector', () => {
  requests.forEach((request, index) =>
    it(`golden ${index} fits the schema and is read as it is`, () => {
      assert.ok(fitsRequest(request), JSON.stringify(fitsRequest.errors));
      assert.deepEqual(parseInspectorRequest(request), request);
    }),
  );

  for (const [what, value, message] of hostileRequests)
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => parseInspectorRequest(value),
        (error) => error instanceof PayloadError && message.test(error.message),
      );
    });

  it('keep no member that is not theirs', () => {
    const request = parseInspectorRequest({
      ...whatIf,
      edits: [{ ...weight, set: 'x' }],
      run: 'process.exit()',
    });
    assert.deepEqual(request, { ...whatIf, edits: [weight] });
  });
});

describe('answers to the inspector', () => {
  const trace = golden('traces/trace-rnn') as Record<string, unknown>;
  const result = {
    loss: { before: 1.5, after: 1.25 },
    gradient: { cosine: 0.5, ratio: 2 },
    trace,
  };

  it('are read with the trace that they bring', () => {
    const answer = { ...whatIf, result };
    assert.ok(fitsAnswer(answer), JSON.stringify(fitsAnswer.errors?.slice(0, 2)));
    assert.deepEqual(parseInspectorAnswer(answer), {
      ...whatIf,
      result: { ...result, trace: parseTrace(trace) },
    });
  });

  it('are read where they say that a trace lives, or why not', () => {
    const error = { reason: 'noKernel', message: 'No kernel runs.' };
    for (const answer of [
      { kind: 'live', trace: 't', request: 0, result: { live: true } },
      { kind: 'live', trace: 't', request: 0, error },
      { ...whatIf, error },
    ]) {
      assert.ok(fitsAnswer(answer));
      assert.deepEqual(parseInspectorAnswer(answer), answer);
    }
  });

  it('are refused where they are neither', () => {
    const refused: [answer: object, message: RegExp][] = [
      [whatIf, /^result: expected an object, got nothing$/],
      [{ ...whatIf, error: { reason: 'mood', message: '' } }, /^error\.reason: expected untrusted/],
      [{ ...whatIf, result: { ...result, trace: {} } }, /^result\.trace\.version: expected 1/],
      [
        { ...whatIf, result: { ...result, trace: { ...trace, timeSteps: 0 } } },
        /^result\.trace\.timeSteps: expected 1 to 100000, got 0$/,
      ],
      [
        { kind: 'live', trace: 't', request: 1, result: { live: false } },
        /^result\.live: expected true, got false$/,
      ],
    ];
    for (const [answer, message] of refused)
      assert.throws(
        () => parseInspectorAnswer(answer),
        (error) => error instanceof PayloadError && message.test(error.message),
      );
  });
});

describe('parseComparison', () => {
  const trace = golden('traces/trace-rnn') as object;
  const comparison = {
    version: 1,
    title: 'RNN against LSTM',
    traces: [
      { name: 'RNN', trace },
      { name: 'LSTM', trace: golden('traces/trace-lstm-truncated') },
    ],
  };

  it('reads both traces', () => {
    const { traces } = parseComparison(comparison);
    assert.deepEqual(
      traces.map(({ name, trace: { layers } }) => [name, layers[0]!.type]),
      [
        ['RNN', 'RNN'],
        ['LSTM', 'LSTM'],
      ],
    );
  });

  it('refuses another number of traces, one name twice, and a broken trace, with its place', () => {
    const [first, second] = comparison.traces;
    const refused: [traces: unknown, message: RegExp][] = [
      [[first], /^traces: expected 2 entries, got 1$/],
      [[first, second, first], /^traces: expected at most 2 entries, got 3$/],
      [[first, first], /^traces\[1\]\.name: expected a text used once/],
      [
        [first, { name: 'LSTM', trace: { ...trace, steps: [9] } }],
        /^traces\[1\]\.trace\.steps\[0\]: expected ascending numbers below 7, got 9$/,
      ],
    ];
    for (const [traces, message] of refused)
      assert.throws(
        () => parseComparison({ ...comparison, traces }),
        (error) => error instanceof PayloadError && message.test(error.message),
      );
  });
});
