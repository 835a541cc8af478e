/** JSON Schemas (2020-12) of `inspectorMessages.ts`. */
import { errorReasons, mostEdits } from './inspectorMessages.js';
import { count, dialect, listOf, number, numberOrNull, object, text } from './schemaParts.js';
import { traceDefinitions, traceMembers } from './traceSchema.js';

const addressed = { trace: text, request: count };
const place = { t: count, 'sequence?': count, unit: count, value: number };

const edit = {
  oneOf: [
    object({ kind: { const: 'weight' }, parameter: text, index: count, value: number }),
    object({ kind: { const: 'node' }, layer: count, node: count, ...place }),
    object({ kind: { const: 'input' }, ...place }),
  ],
};

export const inspectorRequestSchema = {
  $schema: dialect,
  title: 'request of the inspector',
  oneOf: [
    object({ kind: { const: 'live' }, ...addressed }),
    object({
      kind: { const: 'whatIf' },
      ...addressed,
      edits: { ...listOf(edit), maxItems: mostEdits },
    }),
  ],
};

export const inspectorAnswerSchema = {
  $schema: dialect,
  title: 'answer to the inspector',
  oneOf: [
    object({
      kind: { enum: ['live', 'whatIf'] },
      ...addressed,
      error: object({ reason: { enum: [...errorReasons] }, message: text }),
    }),
    object({ kind: { const: 'live' }, ...addressed, result: object({ live: { const: true } }) }),
    object({
      kind: { const: 'whatIf' },
      ...addressed,
      result: object({
        loss: object({ before: numberOrNull, after: numberOrNull }),
        gradient: object({ cosine: numberOrNull, ratio: numberOrNull }),
        trace: { $ref: '#/$defs/trace' },
      }),
    }),
  ],
  $defs: { ...traceDefinitions, trace: traceMembers },
};
