import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { decodeFloats, encodeFloats } from '../../../kernel/contract/floatText.js';
import { traceMime } from '../../../kernel/contract/mime.js';
import { parseTrace, PayloadError, traceLimits } from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import type { TracePayload } from '../../../kernel/contract/trace.js';

const folder = new URL('../../../../test/golden/traces/', import.meta.url);
const names = ['trace-rnn', 'trace-lstm-truncated'] as const;
const golden = (name: (typeof names)[number]): TracePayload =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as TracePayload;
const validate = new Ajv2020().compile(schemas[traceMime]);

/** The golden trace with the member at `path` replaced; undefined takes it away. */
function broken(path: (string | number)[], value: unknown): unknown {
  const payload = golden('trace-lstm-truncated');
  let holder = payload as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as typeof holder;
  const last = path.at(-1)!;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return payload;
}

const text = golden('trace-lstm-truncated').loss.terms.float32;
const deep = (levels: number): unknown => {
  let math: unknown = { tag: 'mi', text: 'x' };
  for (let k = 0; k < levels; k++) math = { tag: 'mrow', children: [math] };
  return math;
};

const cases: [what: string, path: (string | number)[], value: unknown, message: RegExp][] = [
  ['another version', ['version'], 2, /^version: expected 1, got 2$/],
  ['no version', ['version'], undefined, /^version: expected 1, got nothing$/],
  ['no time step', ['timeSteps'], 0, /^timeSteps: expected 1 to 100000, got 0$/],
  ['endless time', ['timeSteps'], 1e9, /^timeSteps: expected 1 to 100000, got 1000000000$/],
  ['another length', ['timeSteps'], 8, /^loss\.terms\.shape: expected \[8\], got \[7\]$/],
  [
    'an array cut short',
    ['loss', 'terms', 'float32'],
    text.slice(0, -4),
    /^loss\.terms\.float32: expected 40 characters, the base64 of 7 float32, got 36 characters$/,
  ],
  [
    'an array that is no base64',
    ['loss', 'terms', 'float32'],
    `<${text.slice(1)}`,
    /^loss\.terms\.float32: expected base64 text, got "<" at character 0$/,
  ],
  [
    'an array of decimals',
    ['loss', 'terms'],
    [1, 2],
    /^loss\.terms: expected an object, got a list of 2$/,
  ],
  [
    'a shape that claims much',
    ['layers', 0, 'nodes', 0, 'value', 'shape'],
    [1e9, 1e9, 1e9],
    /^layers\[0\]\.nodes\[0\]\.value\.shape: expected \[7, 1, 3\], got \[1000000000, /,
  ],
  [
    'steps that descend',
    ['steps', 1],
    0,
    /^steps\[1\]: expected ascending numbers below 7, got 0$/,
  ],
  [
    'a sequence that is not there',
    ['sequences', 0],
    5,
    /^sequences\[0\]: expected ascending numbers below 2, got 5$/,
  ],
  [
    'operands from later on',
    ['layers', 0, 'nodes', 7, 'operands', 0],
    9,
    /^layers\[0\]\.nodes\[7\]\.operands\[0\]: expected an index below 7, got 9$/,
  ],
  [
    'an edge that is none',
    ['layers', 0, 'edges', 0, 'from'],
    1,
    /^layers\[0\]\.edges\[0\]\.from: expected 0, operand 0 of node "%7", got 1$/,
  ],
  [
    'two nodes of one name',
    ['layers', 0, 'nodes', 1, 'id'],
    'x',
    /nodes\[1\]\.id: expected a text used once/,
  ],
  [
    'two layers of one name',
    ['layers', 1, 'name'],
    'net.l0',
    /^layers\[1\]\.name: expected a text used once/,
  ],
  [
    'a stage of no layer',
    ['stages', 0, 'layer'],
    7,
    /^stages\[0\]\.layer: expected an index below 2, got 7$/,
  ],
  [
    'an output that is no node',
    ['layers', 0, 'output'],
    99,
    /^layers\[0\]\.output: expected an index below 23/,
  ],
  [
    'a direction of its own',
    ['layers', 0, 'direction'],
    'up',
    /direction: expected forward, reverse, got "up"$/,
  ],
  [
    'a formula with script',
    ['layers', 0, 'nodes', 7, 'math'],
    { tag: 'script', text: 'alert(1)' },
    /^layers\[0\]\.nodes\[7\]\.math\.tag: expected mi, mn, mo, .* got "script"$/,
  ],
  [
    'a formula too deep',
    ['layers', 0, 'nodes', 7, 'math'],
    deep(70),
    /expected a formula at most 64 deep/,
  ],
  [
    'a subscript of three',
    ['layers', 0, 'nodes', 7, 'math'],
    { tag: 'msub', children: [{ tag: 'mi', text: 'a' }] },
    /math\.children: expected 2 elements, got 1$/,
  ],
  [
    'a text without end',
    ['verdict', 'sentence'],
    'x'.repeat(2_001),
    /at most 2000 characters, got 2001$/,
  ],
  [
    'a number that is none',
    ['loss', 'value'],
    '1',
    /^loss\.value: expected a finite number, got "1"$/,
  ],
];

describe('parseTrace', () => {
  for (const name of names)
    it(`reads ${name}, which fits its schema, and gives its numbers`, () => {
      const payload = golden(name);
      assert.ok(validate(payload), JSON.stringify(validate.errors?.slice(0, 2)));
      const trace = parseTrace(payload);
      assert.equal(trace.loss.terms.data.length, trace.timeSteps);
      const total = trace.loss.terms.data.reduce((sum, one) => sum + one, 0);
      assert.ok(Math.abs(total - trace.loss.value!) < 1e-6);
      assert.deepEqual(trace.layers[0]!.nodes[0]!.value!.shape.length, 3);
      assert.deepEqual(Object.keys(trace).sort(), Object.keys(payload).sort());
    });

  for (const [what, path, value, message] of cases)
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseTrace(broken(path, value)),
        (error) => error instanceof PayloadError && message.test(error.message),
      );
    });

  it('refuses what is no object at all', () => {
    for (const value of [null, 3, 'trace', [], undefined])
      assert.throws(() => parseTrace(value), PayloadError);
  });

  it('refuses a payload cut anywhere in its list of members', () => {
    const payload = golden('trace-rnn');
    const optional = new Set(['inputs', 'outputs', 'id', 'clip', 'truncation']);
    for (const member of Object.keys(payload)) {
      const cut: Partial<Record<string, unknown>> = { ...payload };
      Reflect.deleteProperty(cut, member);
      if (optional.has(member)) parseTrace(cut);
      else assert.throws(() => parseTrace(cut), PayloadError, member);
    }
  });

  it('keeps no member, accessor or prototype that it does not know', () => {
    const payload = { ...golden('trace-rnn'), onload: 'alert(1)' };
    Object.assign(payload.layers[0]!.nodes[0]!, { style: 'x' });
    const polluted = JSON.parse(
      JSON.stringify(payload).replace('{', '{"__proto__": {"polluted": true}, '),
    ) as unknown;
    const trace = parseTrace(polluted);
    assert.equal('onload' in trace, false);
    assert.equal('style' in trace.layers[0]!.nodes[0]!, false);
    assert.equal('polluted' in trace, false);
    assert.equal('polluted' in {}, false);
  });

  it('counts the numbers of all arrays before it decodes them', () => {
    const payload = golden('trace-rnn');
    const steps = traceLimits.timeSteps;
    const big = { shape: [steps], float32: '' };
    const hostile = {
      ...payload,
      timeSteps: steps,
      loss: { ...payload.loss, terms: big },
    };
    assert.throws(() => parseTrace(hostile), /expected 533336 characters/);
  });
});

describe('numbers as text', () => {
  it('come back as the nearest float32, not-a-number and infinities too', () => {
    const numbers = [0, -0, 1, -1.5, 1 / 3, 1e-45, 3e38, NaN, Infinity, -Infinity];
    for (let count = 0; count <= numbers.length; count++) {
      const part = numbers.slice(0, count);
      const { float32 } = encodeFloats(part, [count]);
      assert.equal(float32, Buffer.from(new Float32Array(part).buffer).toString('base64'));
      assert.deepEqual(decodeFloats(float32, count, 'x'), new Float32Array(part));
    }
  });
});
