/** Pieces of JSON Schemas. */
export type Schema = Record<string, unknown>;

export const dialect = 'https://json-schema.org/draft/2020-12/schema';
export const text = { type: 'string' };
export const flag = { type: 'boolean' };
export const number = { type: 'number' };
export const count = { type: 'integer', minimum: 0 };
export const counts = { type: 'array', items: count };
export const numberOrNull = { type: ['number', 'null'] };

export const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object; names that end in ? may be missing. */
export function object(members: Record<string, Schema>): Schema {
  const names = Object.keys(members);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), members[name]!])),
  };
}
