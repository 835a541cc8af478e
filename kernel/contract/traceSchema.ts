/** JSON Schema (2020-12) of `application/vnd.unroll.trace.v1+json`; `trace.ts` says what the members mean. */
import { traceMime } from './mime.js';

type Schema = Record<string, unknown>;

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const counts = { type: 'array', items: count };
const numberOrNull = { type: ['number', 'null'] };
const floats = { $ref: '#/$defs/floats' };
const math = { $ref: '#/$defs/math' };
const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object; names that end in ? may be missing. */
function object(members: Record<string, Schema>): Schema {
  const names = Object.keys(members);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), members[name]!])),
  };
}

const node = object({
  id: text,
  kind: { enum: ['input', 'state', 'parameter', 'constant', 'operation'] },
  'op?': text,
  'label?': text,
  'gate?': text,
  operands: counts,
  shape: counts,
  once: { type: 'boolean' },
  equation: text,
  math,
  'formula?': object({ text, math }),
  valueNorm: floats,
  adjointNorm: floats,
  units: counts,
  'value?': floats,
  'adjoint?': floats,
  'check?': floats,
  'saturation?': object({
    low: { type: 'number' },
    high: { type: 'number' },
    mean: floats,
    nearLow: floats,
    nearHigh: floats,
  }),
});

const layer = object({
  name: text,
  type: text,
  layer: count,
  direction: { enum: ['forward', 'reverse'] },
  nodes: listOf(node),
  edges: listOf(
    object({
      from: count,
      to: count,
      operand: count,
      equation: text,
      math,
      norm: floats,
      'contribution?': floats,
    }),
  ),
  states: listOf(
    object({
      name: text,
      size: count,
      node: count,
      next: count,
      carried: floats,
      'carriedAdjoint?': floats,
      'cut?': floats,
    }),
  ),
  output: count,
  fromAbove: floats,
  'fromAboveAdjoint?': floats,
  ledgers: listOf(
    object({
      state: text,
      rows: counts,
      columns: counts,
      matrix: floats,
      adjoint: floats,
      fromLoss: floats,
      fromNext: floats,
      through: listOf(object({ state: text, norm: floats })),
    }),
  ),
  'jacobian?': object({
    sequence: count,
    states: listOf(text),
    steps: counts,
    ranks: counts,
    singular: floats,
    product: object({ from: count, norm: floats }),
    radii: listOf(object({ parameter: text, block: text, radius: numberOrNull })),
  }),
});

export const traceSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: traceMime,
  ...object({
    version: { const: 1 },
    title: text,
    'id?': text,
    dtype: { enum: ['float32', 'float64'] },
    timeSteps: { type: 'integer', minimum: 1 },
    batchSize: { type: 'integer', minimum: 1 },
    'inputs?': listOf(text),
    'outputs?': listOf(text),
    steps: counts,
    sequences: counts,
    leftOut: listOf(text),
    loss: object({ value: numberOrNull, terms: floats, rest: numberOrNull, measuredAt: counts }),
    gradient: object({
      norm: numberOrNull,
      running: floats,
      parameters: listOf(
        object({
          name: text,
          shape: counts,
          'layer?': count,
          'node?': count,
          valueNorm: numberOrNull,
          gradientNorm: numberOrNull,
          'steps?': floats,
          'value?': floats,
          'gradient?': floats,
        }),
      ),
    }),
    'clip?': object({
      maxNorm: { type: 'number' },
      factor: numberOrNull,
      fired: { type: 'boolean' },
      'step?': count,
    }),
    'truncation?': object({ length: { type: 'integer', minimum: 1 }, boundaries: counts }),
    stages: listOf(
      object({
        name: text,
        type: text,
        from: listOf({ type: 'integer', minimum: -1 }),
        'layer?': count,
        shape: counts,
        valueNorm: floats,
        adjointNorm: floats,
      }),
    ),
    layers: listOf(layer),
    verdict: object({
      sentence: text,
      findings: listOf(
        object({
          kind: {
            enum: [
              'vanishing',
              'exploding',
              'saturated',
              'dead',
              'notFinite',
              'truncated',
              'flowing',
              'wrong',
            ],
          },
          text,
          'layer?': count,
          'step?': count,
        }),
      ),
    }),
    checks: listOf(object({ name: text, error: numberOrNull, tolerance: { type: 'number' } })),
  }),
  $defs: {
    floats: object({ shape: counts, float32: { type: 'string', contentEncoding: 'base64' } }),
    math: {
      oneOf: [
        object({ tag: { enum: ['mi', 'mn', 'mo', 'mtext'] }, text }),
        object({
          tag: { enum: ['mrow', 'msub', 'msup', 'mover', 'mfrac', 'msqrt'] },
          children: listOf(math),
        }),
      ],
    },
  },
};
