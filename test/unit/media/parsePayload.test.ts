import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { graphMime, lossMime } from '../../../kernel/contract/mime.js';
import {
  parseGraph,
  parseLoss,
  PayloadError,
  payloadLimits,
} from '../../../kernel/contract/parsePayload.js';
import { schemas } from '../../../kernel/contract/schemas.js';
import { goldenNames, goldenPayload } from './goldenPayloads.js';

const ajv = new Ajv2020();
const kinds = {
  loss: { parse: parseLoss, validate: ajv.compile(schemas[lossMime]) },
  graph: { parse: parseGraph, validate: ajv.compile(schemas[graphMime]) },
};
const kindOf = (name: string) => kinds[name.startsWith('loss') ? 'loss' : 'graph'];

/** The golden payload with the member at `path` replaced; undefined takes it away. */
function broken(name: string, path: (string | number)[], value: unknown): unknown {
  const payload = goldenPayload(name);
  let holder = payload as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as typeof holder;
  const last = path.at(-1)!;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return payload;
}

const cell = ['layers', 1, 'cell'];
const cases: {
  what: string;
  name: string;
  path: (string | number)[];
  value: unknown;
  message: RegExp;
  /** The schema can't say it. */
  beyondSchema?: true;
}[] = [
  {
    what: 'another version',
    name: 'loss-done',
    path: ['version'],
    value: 2,
    message: /^version: expected 1, got 2$/,
  },
  {
    what: 'a missing title',
    name: 'loss-done',
    path: ['title'],
    value: undefined,
    message: /^title: expected a text, got nothing$/,
  },
  {
    what: 'an unknown status',
    name: 'loss-done',
    path: ['status'],
    value: 'paused',
    message: /^status: expected running, done, stopped, failed, got "paused"$/,
  },
  {
    what: 'series that are no list',
    name: 'loss-done',
    path: ['series'],
    value: { length: 1 },
    message: /^series: expected a list, got a value of type object$/,
  },
  {
    what: 'a text among the values',
    name: 'loss-done',
    path: ['series', 0, 'value', 3],
    value: '<b>1</b>',
    message: /^series\[0\]\.value\[3\]: expected a finite number or null, got "<b>1<\/b>"$/,
  },
  {
    what: 'a number that JSON reads as infinity',
    name: 'loss-done',
    path: ['series', 0, 'value', 3],
    value: JSON.parse('1e999') as unknown,
    message: /value\[3\]: expected a finite number or null, got Infinity$/,
    beyondSchema: true,
  },
  {
    what: 'columns of different length',
    name: 'loss-done',
    path: ['series', 1, 'seconds'],
    value: [1, 2],
    message: /^series\[1\]\.seconds: expected as many entries as step has \(20\), got 2$/,
    beyondSchema: true,
  },
  {
    what: 'steps that decrease',
    name: 'loss-done',
    path: ['series', 0, 'step', 4],
    value: 1,
    message: /^series\[0\]\.step\[4\]: expected at least 20, the entry before it, got 1$/,
    beyondSchema: true,
  },
  {
    what: 'a fraction of a step',
    name: 'loss-done',
    path: ['totalSteps'],
    value: 1.5,
    message: /^totalSteps: expected a whole number, 0 or more, got 1.5$/,
  },
  {
    what: 'a title beyond the bound',
    name: 'loss-done',
    path: ['title'],
    value: 'x'.repeat(payloadLimits.textLength + 1),
    message: /^title: expected a text of at most 2000 characters, got 2001$/,
    beyondSchema: true,
  },
  {
    what: 'more points than the bound',
    name: 'loss-done',
    path: ['series', 0, 'value'],
    value: Array<number>(payloadLimits.points + 1).fill(1),
    message: /^series\[0\]\.value: expected at most 100000 entries, got 100001$/,
    beyondSchema: true,
  },
  {
    what: 'no time step',
    name: 'graph-lstm',
    path: ['timeSteps'],
    value: 0,
    message: /^timeSteps: expected 1 to 1000000, got 0$/,
  },
  {
    what: 'no layer',
    name: 'graph-lstm',
    path: ['layers'],
    value: [],
    message: /^layers: expected at least one layer, got none$/,
  },
  {
    what: 'two layers of one name',
    name: 'graph-lstm',
    path: ['layers', 2, 'name'],
    value: 'lstm.l0',
    message: /^layers\[2\]\.name: expected a text used once, got "lstm\.l0" again \(first at 1\)$/,
    beyondSchema: true,
  },
  {
    what: 'a layer that reads a later one',
    name: 'graph-lstm',
    path: ['layers', 1, 'from', 0],
    value: 1,
    message:
      /^layers\[1\]\.from\[0\]: expected -1 .* or the index of a layer before layer 1, got 1$/,
    beyondSchema: true,
  },
  {
    what: 'more texts than time steps',
    name: 'graph-gru',
    path: ['inputs'],
    value: ['a', 'b', 'c', 'd'],
    message: /^inputs: expected at most timeSteps = 3 texts, got 4$/,
    beyondSchema: true,
  },
  {
    what: 'an operand that is not there',
    name: 'graph-lstm',
    path: [...cell, 'nodes', 7, 'inputs', 0],
    value: '__proto__',
    message: /nodes\[7\]\.inputs\[0\]: expected the id of a node, got "__proto__"$/,
    beyondSchema: true,
  },
  {
    what: 'a cycle of operations',
    name: 'graph-lstm',
    path: [...cell, 'nodes', 7, 'inputs', 0],
    value: 'h′',
    message: /cell\.nodes: expected operands that come before their operation, got a cycle/,
    beyondSchema: true,
  },
  {
    what: 'a state that is an operation',
    name: 'graph-lstm',
    path: [...cell, 'states', 0, 'name'],
    value: 'f',
    message: /states\[0\]\.name: expected the id of a node of kind 'state', got "f"$/,
    beyondSchema: true,
  },
  {
    what: 'an unknown kind of node',
    name: 'graph-lstm',
    path: [...cell, 'nodes', 0, 'kind'],
    value: 'magic',
    message: /nodes\[0\]\.kind: expected input, state, parameter, operation, got "magic"$/,
  },
  {
    what: 'a shape with a negative axis',
    name: 'graph-lstm',
    path: ['layers', 0, 'inputShape', 0],
    value: -1,
    message: /^layers\[0\]\.inputShape\[0\]: expected a whole number, 0 or more, got -1$/,
  },
];

describe('golden payloads', () => {
  for (const name of goldenNames) {
    it(`${name} fits its schema and is read as it stands`, () => {
      const { parse, validate } = kindOf(name);
      const payload = goldenPayload(name);
      assert.equal(validate(payload), true, ajv.errorsText(validate.errors));
      assert.deepEqual(parse(payload), payload);
    });
  }
});

describe('parseLoss and parseGraph', () => {
  for (const { what, name, path, value, message, beyondSchema } of cases) {
    it(`refuse ${what}, naming the member`, () => {
      const { parse, validate } = kindOf(name);
      const payload = broken(name, path, value);
      assert.throws(
        () => parse(payload),
        (error) => error instanceof PayloadError && message.test(error.message),
      );
      if (!beyondSchema) assert.equal(validate(payload), false, 'the schema takes it');
    });
  }

  it('refuse what is no object', () => {
    for (const value of [null, undefined, 'text', 7, [], true]) {
      assert.throws(() => parseLoss(value), PayloadError);
      assert.throws(() => parseGraph(value), PayloadError);
    }
  });

  it('take members that later versions add, and drop them', () => {
    const payload = { ...(goldenPayload('loss-done') as object), colour: 'pink' };
    assert.equal(kinds.loss.validate(payload), true);
    assert.equal('colour' in parseLoss(payload), false);
  });

  it('read own members only', () => {
    const payload = broken('loss-done', ['title'], undefined) as object;
    const inherited = Object.setPrototypeOf(payload, { title: 'from the prototype' }) as unknown;
    assert.throws(() => parseLoss(inherited), /^PayloadError: title: expected a text, got nothing/);
    const polluting = JSON.parse(
      JSON.stringify(goldenPayload('loss-done')).replace('{', '{"__proto__":{"polluted":true},'),
    ) as unknown;
    assert.equal('polluted' in parseLoss(polluting), false);
  });

  it('share no object with the payload', () => {
    const payload = goldenPayload('loss-done') as { series: { value: number[] }[] };
    const parsed = parseLoss(payload);
    payload.series[0]!.value[0] = -1;
    assert.notEqual(parsed.series[0]!.value[0], -1);
  });

  it('find a cycle in a large program without walking it twice', () => {
    const nodes = Array.from({ length: payloadLimits.nodes }, (_, index) => ({
      id: `n${index}`,
      kind: 'operation',
      inputs: Array.from({ length: 64 }, (_, back) => `n${Math.max(0, index - back - 1)}`).filter(
        (id) => id !== `n${index}`,
      ),
      shape: [1],
      equation: '',
    }));
    nodes[0]!.inputs = [];
    const parsed = parseGraph(
      broken('graph-gru', ['layers', 0, 'cell'], { nodes, states: [], output: 'n9' }),
    );
    assert.equal(parsed.layers[0]!.cell!.nodes.length, payloadLimits.nodes);
  });
});
