/** What a kernel is sent, checked against its schema: what does not fit is named and not acted on. */
import type { ControlMessage, KernelRequest } from './protocol.js';
import {
  controlSchemas,
  type DefinitionName,
  definitions,
  type MessageSchema,
  requestSchemas,
} from './protocolSchema.js';
import { describe } from './readValue.js';

/** A message that no front end should send: its type is unknown, or a member is missing, wrong or too many. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** @throws {MessageError} */
export function parseRequest(value: unknown): KernelRequest {
  check(requestSchemas, value);
  return value as KernelRequest;
}

/** @throws {MessageError} */
export function parseControl(line: string): ControlMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new MessageError(`control message: expected a line of JSON, got ${describe(line)}`);
  }
  check(controlSchemas, value);
  return value as ControlMessage;
}

function check(schemas: Readonly<Record<string, MessageSchema>>, value: unknown): void {
  const type: unknown = isRecord(value) ? value['type'] : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) {
    const known = Object.keys(schemas).join(', ');
    const came = isRecord(value) ? `the type ${describe(type)}` : describe(value);
    throw new MessageError(`message: expected one of the types ${known}, got ${came}`);
  }
  const wrong = mismatch(schemas[type]!, value, type);
  if (wrong !== undefined) throw new MessageError(wrong);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const types: Record<NonNullable<MessageSchema['type']>, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && !Number.isNaN(value),
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isRecord,
  array: Array.isArray,
  null: (value) => value === null,
};

/** @returns what is wrong first, as a sentence */
function mismatch(schema: MessageSchema, value: unknown, at: string): string | undefined {
  if (schema.$ref) {
    const name = schema.$ref.slice('#/$defs/'.length) as DefinitionName;
    return mismatch(definitions[name], value, at);
  }
  if (schema.anyOf) {
    const wrong = schema.anyOf.map((one) => mismatch(one, value, at));
    return wrong.includes(undefined) ? undefined : wrong.join(', or ');
  }
  if (schema.enum && !schema.enum.includes(value as string)) {
    return `${at}: expected ${schema.enum.join(', ')}, got ${describe(value)}`;
  }
  if (schema.type && !types[schema.type](value)) {
    return `${at}: expected ${schema.type}, got ${describe(value)}`;
  }
  if (schema.minimum !== undefined && (value as number) < schema.minimum) {
    return `${at}: expected at least ${String(schema.minimum)}, got ${describe(value)}`;
  }
  if (schema.items) {
    return firstOf(value as unknown[], (item, index) =>
      mismatch(schema.items!, item, `${at}[${String(index)}]`),
    );
  }
  return isRecord(value) ? memberMismatch(schema, value, at) : undefined;
}

function memberMismatch(
  { properties = {}, required = [], additionalProperties }: MessageSchema,
  value: Record<string, unknown>,
  at: string,
): string | undefined {
  // A member that is undefined is one that is not there.
  const missing = required.find((name) => !Object.hasOwn(value, name) || value[name] === undefined);
  if (missing !== undefined) return `${at}: expected a member ${missing}, got none`;
  return firstOf(Object.entries(value), ([name, member]) => {
    if (member === undefined) return undefined;
    if (Object.hasOwn(properties, name)) {
      return mismatch(properties[name]!, member, `${at}.${name}`);
    }
    return additionalProperties === false ? `${at}: got ${describe(name)} besides` : undefined;
  });
}

function firstOf<T>(
  all: readonly T[],
  find: (one: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, one] of all.entries()) {
    const found = find(one, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
