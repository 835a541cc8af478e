/** JSON Schema (2020-12) of each media type of `mime.ts`. Unknown members are allowed: see there. */
import { comparisonMime, graphMime, lossMime, traceMime } from './mime.js';
import { count, counts, listOf, text } from './schemaParts.js';
import { comparisonSchema, traceSchema } from './traceSchema.js';

const shape = counts;
const texts = listOf(text);

const lossSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: lossMime,
  type: 'object',
  required: ['version', 'title', 'unit', 'status', 'totalSteps', 'series'],
  properties: {
    version: { const: 1 },
    title: { type: 'string' },
    unit: { type: 'string' },
    status: { enum: ['running', 'done', 'stopped', 'failed'] },
    paused: { type: 'boolean' },
    totalSteps: count,
    series: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'role', 'step', 'seconds', 'value'],
        properties: {
          name: { type: 'string' },
          role: { enum: ['training', 'validation'] },
          step: { type: 'array', items: count },
          seconds: { type: 'array', items: { type: 'number', minimum: 0 } },
          value: { type: 'array', items: { type: ['number', 'null'] } },
        },
      },
    },
    baselines: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'value'],
        properties: { name: { type: 'string' }, value: { type: 'number' } },
      },
    },
    marks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['step', 'text'],
        properties: { step: count, text: { type: 'string' } },
      },
    },
  },
};

const graphSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: graphMime,
  type: 'object',
  required: ['version', 'title', 'timeSteps', 'layers'],
  properties: {
    version: { const: 1 },
    title: { type: 'string' },
    timeSteps: { type: 'integer', minimum: 1 },
    inputs: texts,
    outputs: texts,
    layers: { type: 'array', minItems: 1, items: { $ref: '#/$defs/layer' } },
  },
  $defs: {
    layer: {
      type: 'object',
      required: ['name', 'type', 'from', 'inputShape', 'outputShape', 'parameters'],
      properties: {
        name: { type: 'string' },
        type: { type: 'string' },
        from: { type: 'array', items: { type: 'integer', minimum: -1 } },
        inputShape: shape,
        outputShape: shape,
        parameters: count,
        cell: { $ref: '#/$defs/cell' },
      },
    },
    cell: {
      type: 'object',
      required: ['nodes', 'states', 'output'],
      properties: {
        nodes: { type: 'array', items: { $ref: '#/$defs/node' } },
        states: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'shape', 'next'],
            properties: { name: { type: 'string' }, shape, next: { type: 'string' } },
          },
        },
        output: { type: 'string' },
      },
    },
    node: {
      type: 'object',
      required: ['id', 'kind', 'inputs', 'shape', 'equation'],
      properties: {
        id: { type: 'string' },
        kind: { enum: ['input', 'state', 'parameter', 'operation'] },
        op: { type: 'string' },
        label: { type: 'string' },
        inputs: texts,
        shape,
        equation: { type: 'string' },
      },
    },
  },
};

export const schemas = {
  [lossMime]: lossSchema,
  [graphMime]: graphSchema,
  [traceMime]: traceSchema,
  [comparisonMime]: comparisonSchema,
};
