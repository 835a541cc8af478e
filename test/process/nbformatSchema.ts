/**
 * The rules of notebook format 4.5 as a JSON Schema, written from its description:
 * https://nbformat.readthedocs.io/en/latest/format_description.html
 */
const text = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const count = { type: ['integer', 'null'], minimum: 0 };
const bundle = {
  type: 'object',
  patternProperties: { '^application/(.*\\+)?json$': true },
  additionalProperties: text,
};

const closed = (properties: Record<string, unknown>, optional: Record<string, unknown> = {}) => ({
  type: 'object',
  required: Object.keys(properties),
  properties: { ...properties, ...optional },
  additionalProperties: false,
});

const output = {
  oneOf: [
    closed({ output_type: { const: 'stream' }, name: { enum: ['stdout', 'stderr'] }, text }),
    closed({ output_type: { const: 'display_data' }, data: bundle, metadata: { type: 'object' } }),
    closed({
      output_type: { const: 'execute_result' },
      data: bundle,
      metadata: { type: 'object' },
      execution_count: count,
    }),
    closed({
      output_type: { const: 'error' },
      ename: { type: 'string' },
      evalue: { type: 'string' },
      traceback: { type: 'array', items: { type: 'string' } },
    }),
  ],
};

const cellMetadata = {
  type: 'object',
  properties: {
    tags: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: '^[^,]+$' } },
  },
};
const anyCell = {
  id: { type: 'string', pattern: '^[a-zA-Z0-9-_]+$', minLength: 1, maxLength: 64 },
  metadata: cellMetadata,
  source: text,
};
const attachments = { attachments: { type: 'object', additionalProperties: bundle } };

export const nbformatSchema = closed({
  nbformat: { const: 4 },
  nbformat_minor: { const: 5 },
  metadata: {
    type: 'object',
    properties: {
      kernelspec: { type: 'object', required: ['name', 'display_name'] },
      language_info: { type: 'object', required: ['name'] },
    },
  },
  cells: {
    type: 'array',
    items: {
      oneOf: [
        closed({ ...anyCell, cell_type: { const: 'markdown' } }, attachments),
        closed({ ...anyCell, cell_type: { const: 'raw' } }, attachments),
        closed({
          ...anyCell,
          cell_type: { const: 'code' },
          execution_count: count,
          outputs: { type: 'array', items: output },
        }),
      ],
    },
  },
});
