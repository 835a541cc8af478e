/** JSON Schemas (2020-12) of traces and comparisons; `trace.ts` says what the members mean. */
import { comparisonMime, traceMime } from './mime.js';
import {
  count,
  counts,
  dialect,
  flag,
  listOf,
  number,
  numberOrNull,
  object,
  text,
} from './schemaParts.js';
import { findingKinds } from './trace.js';

const floats = { $ref: '#/$defs/floats' };
const math = { $ref: '#/$defs/math' };
const node = object({
  id: text,
  kind: { enum: ['input', 'state', 'parameter', 'constant', 'operation'] },
  'op?': text,
  'label?': text,
  'gate?': text,
  operands: counts,
  shape: counts,
  once: flag,
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
    low: number,
    high: number,
    mean: floats,
    nearLow: floats,
    nearHigh: floats,
  }),
});

const span = { 'start?': count, 'timeSteps?': { type: 'integer', minimum: 1 } } as const;

const layer = object({
  name: text,
  type: text,
  layer: count,
  direction: { enum: ['forward', 'reverse'] },
  ...span,
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

export const traceMembers = object({
  version: { const: 1 },
  title: text,
  'id?': text,
  dtype: { enum: ['float32', 'float64'] },
  timeSteps: { type: 'integer', minimum: 1 },
  batchSize: { type: 'integer', minimum: 1 },
  'inputs?': listOf(text),
  'outputs?': listOf(text),
  'input?': object({ shape: counts, isInteger: flag, units: counts, value: floats }),
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
    maxNorm: number,
    factor: numberOrNull,
    fired: flag,
    'step?': count,
  }),
  'truncation?': object({ length: { type: 'integer', minimum: 1 }, boundaries: counts }),
  stages: listOf(
    object({
      name: text,
      type: text,
      from: listOf({ type: 'integer', minimum: -1 }),
      'layer?': count,
      ...span,
      shape: counts,
      valueNorm: floats,
      adjointNorm: floats,
    }),
  ),
  layers: listOf(layer),
  'attention?': listOf(
    object({ from: count, to: count, queries: counts, keys: counts, weight: floats, flow: floats }),
  ),
  verdict: object({
    sentence: text,
    findings: listOf(
      object({
        kind: {
          enum: [...findingKinds],
        },
        text,
        'layer?': count,
        'step?': count,
      }),
    ),
  }),
  checks: listOf(object({ name: text, error: numberOrNull, tolerance: number })),
});

export const traceDefinitions = {
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
};

export const traceSchema = {
  $schema: dialect,
  title: traceMime,
  ...traceMembers,
  $defs: traceDefinitions,
};

export const comparisonSchema = {
  $schema: dialect,
  title: comparisonMime,
  ...object({
    version: { const: 1 },
    title: text,
    traces: {
      ...listOf(object({ name: text, trace: { $ref: '#/$defs/trace' } })),
      minItems: 2,
      maxItems: 2,
    },
  }),
  $defs: { ...traceDefinitions, trace: traceMembers },
};
