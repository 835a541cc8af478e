/**
 * The messages of `protocol.ts` as JSON Schemas (draft 2020-12), a table complete by type for each direction. The
 * kernel checks what it is sent (`parseRequest.ts`); tests check what both sides really send.
 *
 * `Uint8Array`s, which only structured clone carries, stand as `{}`: anything.
 */
import type { ControlMessage, KernelEvent, KernelRequest } from './protocol.js';

export type DefinitionName = 'errorReport' | 'errorFrame';

/** The part of JSON Schema that is used. */
export interface MessageSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';
  readonly enum?: readonly (string | number | null)[];
  readonly properties?: Readonly<Record<string, MessageSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | MessageSchema;
  readonly items?: MessageSchema;
  readonly minimum?: number;
  readonly anyOf?: readonly MessageSchema[];
  /** Another one, defined once: `#/$defs/…`. */
  readonly $ref?: `#/$defs/${DefinitionName}`;
}

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const flag = { type: 'boolean' } as const;
const anything = {} as const;
const oneOf = <const T extends readonly (string | number)[]>(...values: T) => ({ enum: values });
const list = (items: MessageSchema): MessageSchema => ({ type: 'array', items });
const orNull = (schema: MessageSchema): MessageSchema => ({ anyOf: [schema, { type: 'null' }] });
const bundle: MessageSchema = { type: 'object', additionalProperties: anything };

function members(
  required: Record<string, MessageSchema>,
  optional: Record<string, MessageSchema> = {},
): MessageSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

const cell = { id: text, index: count };
const ranCell = members({ ...cell, executionCount: count });

/** What several messages hold, or what holds itself. */
export const definitions: Record<DefinitionName, MessageSchema> = {
  errorReport: members(
    { name: text, message: text, stack: text, frames: list({ $ref: '#/$defs/errorFrame' }) },
    { cause: { $ref: '#/$defs/errorReport' }, missingPackage: text },
  ),
  errorFrame: members(
    { line: number, column: number },
    {
      function: text,
      cell: ranCell,
      file: text,
      endLine: number,
      endColumn: number,
      code: members({ from: number, lines: list(text) }),
      folded: count,
    },
  ),
};

const message = (
  type: string,
  required: Record<string, MessageSchema> = {},
  optional: Record<string, MessageSchema> = {},
): MessageSchema => members({ type: oneOf(type), ...required }, optional);

const comm = message(
  'comm',
  { commId: text, phase: oneOf('open', 'message', 'close'), data: anything },
  { target: text, buffers: list(anything) },
);

/** Front end → kernel. */
export const requestSchemas: Record<KernelRequest['type'], MessageSchema> = {
  adopt: message('adopt', { folder: text }),
  execute: message('execute', { id: text, cell: members(cell), code: text }),
  interrupt: message('interrupt'),
  complete: message('complete', { id: text, code: text, cursor: count }),
  variables: message('variables', { id: text }),
  slice: message('slice', {
    id: text,
    name: text,
    path: list({ anyOf: [text, count] }),
    at: list(count),
    view: oneOf('page', 'overview'),
    row: count,
    column: count,
    rows: count,
    columns: count,
  }),
  forget: message('forget', { id: text, name: text }),
  memory: message('memory', { id: text }),
  training: message(
    'training',
    { action: oneOf('pause', 'resume', 'stop', 'change') },
    { parent: text, lr: number, clipNorm: orNull(number) },
  ),
  timers: message('timers', { id: text }, { clear: { anyOf: [oneOf('all'), list(count)] } }),
  debug: message('debug', { id: text, action: oneOf('open', 'close') }),
  inputReply: message('inputReply', { id: text, value: orNull(text) }, { refusal: text }),
  comm,
  shutdown: message('shutdown'),
};

/** A line on `controlFd`. */
export const controlSchemas: Record<ControlMessage['type'], MessageSchema> = {
  interrupt: message('interrupt', {}, { parent: text, now: flag }),
};

const variable = members(
  { name: text, type: text, preview: text },
  { shape: list(count), bytes: count, isPartial: flag, cell: members(cell) },
);

const slice = members(
  {
    kind: oneOf('numbers', 'records', 'members', 'text'),
    type: text,
    shape: list(count),
    at: list(count),
    totalRows: count,
    totalColumns: count,
    row: count,
    column: count,
    cells: list(list({ anyOf: [number, text] })),
  },
  {
    rowNames: list({ anyOf: [text, count] }),
    columnNames: list(text),
    opens: list(flag),
    statistics: members(
      { count, nonFinite: count },
      { min: number, max: number, mean: number, deviation: number, isSampled: flag },
    ),
  },
);

const timer = members({
  id: count,
  kind: oneOf('timeout', 'interval', 'immediate'),
  delay: number,
  parent: text,
  cell: ranCell,
});

/** Kernel → front end. */
export const eventSchemas: Record<KernelEvent['type'], MessageSchema> = {
  ready: message('ready', { protocol: oneOf(1), pid: count, node: text }),
  status: message('status', { parent: text, state: oneOf('busy', 'idle', 'paused') }),
  training: message('training', {
    parent: text,
    run: count,
    status: oneOf('running', 'paused', 'done', 'stopped', 'failed'),
    step: count,
    totalSteps: count,
    lr: number,
    clipNorm: orNull(number),
  }),
  stream: message('stream', { parent: text, name: oneOf('stdout', 'stderr'), text }),
  display: message(
    'display',
    { parent: text, data: bundle },
    { displayId: text, metadata: bundle },
  ),
  result: message('result', { parent: text, executionCount: count, data: bundle }),
  error: message('error', { parent: text, error: { $ref: '#/$defs/errorReport' } }),
  executeReply: message(
    'executeReply',
    {
      parent: text,
      status: oneOf('ok', 'error', 'aborted'),
      executionCount: count,
      durationMs: number,
    },
    { sets: list(text) },
  ),
  inputRequest: message('inputRequest', { parent: text, id: text, prompt: text, password: flag }),
  clearOutput: message('clearOutput', { parent: text, wait: flag }),
  completeReply: message('completeReply', {
    id: text,
    matches: list(text),
    start: count,
    end: count,
  }),
  variablesReply: message('variablesReply', { id: text, variables: list(variable) }),
  sliceReply: message('sliceReply', { id: text, slice: { anyOf: [text, slice] } }),
  forgetReply: message('forgetReply', { id: text, isGone: flag }),
  memoryReply: message('memoryReply', { id: text, usedBytes: count }),
  timersReply: message('timersReply', { id: text, timers: list(timer) }),
  debugReply: message('debugReply', { id: text }, { url: text, cellFolder: text, problem: text }),
  comm,
  refused: message('refused', { reason: text }, { id: text }),
};

/** A whole schema of one direction, for a validator. */
export function toJsonSchema(schemas: Readonly<Record<string, MessageSchema>>): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: definitions,
    oneOf: Object.values(schemas),
  };
}
