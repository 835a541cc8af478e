/**
 * What the inspector's picture and the kernel that made it say to each other, one answer to each request.
 *
 * A picture asks with `postMessage`; the front end checks the request with `parseInspectorRequest`, hands it to the
 * kernel of that notebook as the `data` of a comm that it opens for `inspectorTarget`, and hands the data of
 * the one message that comes back to the pictures of the editor that asked. A picture recognises its answer
 * by `trace` and `request`, and reads it with `parseInspectorAnswer`. Nothing here starts a kernel.
 */
import { parseTraceMember } from './parseTrace.js';
import * as base from './readValue.js';
import type { EncodedArray, FloatArray, TraceOf } from './trace.js';
import { numberOrNull, objectOf } from './traceReaders.js';

/** The comm target of requests. */
export const inspectorTarget = 'unroll.inspector';

export type InspectorRequest = LiveRequest | WhatIfRequest;

/** Whether a kernel still knows the trace, so that what-if edits of it can be answered. */
export interface LiveRequest {
  kind: 'live';
  /** `id` of the trace's payload. */
  trace: string;
  /** Chosen by who asks; the answer bears it. */
  request: number;
}

/** What the trace becomes with numbers changed. */
export interface WhatIfRequest {
  kind: 'whatIf';
  trace: string;
  request: number;
  /** All of them together, each against the trace as it was: to take one back, send the others again. */
  edits: WhatIfEdit[];
}

/** One number. Indices are those of the trace's payload. */
export type WhatIfEdit = WeightEdit | NodeEdit | InputEdit;

export interface WeightEdit {
  kind: 'weight';
  /** Name in `gradient.parameters`. */
  parameter: string;
  /** Flat index into its shape, row-major. */
  index: number;
  value: number;
}

/**
 * A value inside a recurrent layer, set to a constant: nothing flows back through it. Nodes of kind
 * `operation` that are not `once`, and of kind `input`, where the number is set before the step reads it. A
 * state that enters a step is the value of its `next` node in the step before; edit it there.
 */
export interface NodeEdit {
  kind: 'node';
  /** Index into `layers`, and into the layer's `nodes`. */
  layer: number;
  node: number;
  /** Time step. */
  t: number;
  /** Of the batch, as in `sequences`. Left out: all. */
  sequence?: number;
  /** As in the node's `units`. */
  unit: number;
  value: number;
}

/** A number of the model's input, as `input` of the payload counts them. */
export interface InputEdit {
  kind: 'input';
  t: number;
  /** Left out: all. */
  sequence?: number;
  unit: number;
  value: number;
}

export type InspectorAnswer = InspectorAnswerOf<EncodedArray>;
/** What `parseInspectorAnswer` gives. */
export type InspectorAnswerData = InspectorAnswerOf<FloatArray>;

export type InspectorAnswerOf<A> = (
  | { kind: 'live'; result: { live: true } }
  | { kind: 'whatIf'; result: WhatIfResultOf<A> }
  | { kind: 'live' | 'whatIf'; error: InspectorError }
) & { trace: string; request: number };

export type WhatIfResult = WhatIfResultOf<EncodedArray>;

export interface WhatIfResultOf<A> {
  loss: { before: number | null; after: number | null };
  /** ⟨g′, g⟩/(‖g′‖·‖g‖) and ‖g′‖/‖g‖ of all parameters' gradients, after against before. */
  gradient: { cosine: number | null; ratio: number | null };
  /**
   * The trace as it becomes: same layers, nodes, steps, sequences and units as that which was asked about, so
   * any two arrays of the two can be subtracted. Has no `id`: edits always start from the first trace.
   */
  trace: TraceOf<A>;
}

export interface InspectorError {
  /**
   * `untrusted`: the workspace is; `noKernel`: none runs for this notebook; `forgotten`: it does not know
   * the trace, being another kernel or having made many since; `edit`: the edits make no sense;
   * `failed`: anything else.
   */
  reason: (typeof errorReasons)[number];
  /** A sentence for the reader. */
  message: string;
}

export const errorReasons = ['untrusted', 'noKernel', 'forgotten', 'edit', 'failed'] as const;

/** Most edits in one request. */
export const mostEdits = 256;

const index = base.optional(base.readCount);

const editReaders: { [K in WhatIfEdit['kind']]: base.Reader<Extract<WhatIfEdit, { kind: K }>> } = {
  weight: objectOf<WeightEdit>({
    kind: () => 'weight',
    parameter: base.readText,
    index: base.readCount,
    value: base.readNumber,
  }),
  node: objectOf<NodeEdit>({
    kind: () => 'node',
    layer: base.readCount,
    node: base.readCount,
    t: base.readCount,
    sequence: index,
    unit: base.readCount,
    value: base.readNumber,
  }),
  input: objectOf<InputEdit>({
    kind: () => 'input',
    t: base.readCount,
    sequence: index,
    unit: base.readCount,
    value: base.readNumber,
  }),
};

const readEdit: base.Reader<WhatIfEdit> = (value, member) => {
  const kind = base.readMembers(value, member).get('kind');
  return editReaders[base.oneOf(['weight', 'node', 'input'])(kind, `${member}.kind`)](
    value,
    member,
  );
};

const readKind = base.oneOf(['live', 'whatIf']);

/** @throws PayloadError that names the member, what was expected and what came */
export function parseInspectorRequest(value: unknown): InspectorRequest {
  const kind = readKind(base.readMembers(value, '').get('kind'), 'kind');
  if (kind === 'live')
    return objectOf<LiveRequest>({
      kind: () => kind,
      trace: base.readText,
      request: base.readCount,
    })(value, '');
  return objectOf<WhatIfRequest>({
    kind: () => kind,
    trace: base.readText,
    request: base.readCount,
    edits: base.listOf(readEdit, mostEdits),
  })(value, '');
}

const readLive: base.Reader<true> = (value, member) => {
  if (value !== true) throw new base.PayloadError(member, 'true', base.describe(value));
  return true;
};

const readError = objectOf<InspectorError>({
  reason: base.oneOf(errorReasons),
  message: base.readText,
});

const readWhatIf = objectOf<WhatIfResultOf<FloatArray>>({
  loss: objectOf<WhatIfResult['loss']>({ before: numberOrNull, after: numberOrNull }),
  gradient: objectOf<WhatIfResult['gradient']>({ cosine: numberOrNull, ratio: numberOrNull }),
  trace: parseTraceMember,
});

/** @throws PayloadError that names the member, what was expected and what came */
export function parseInspectorAnswer(value: unknown): InspectorAnswerData {
  const members = base.readMembers(value, '');
  const kind = readKind(members.get('kind'), 'kind');
  const trace = base.readText(members.get('trace'), 'trace');
  const request = base.readCount(members.get('request'), 'request');
  const error = base.optional(readError)(members.get('error'), 'error');
  if (error) return { kind, trace, request, error };
  const result = members.get('result');
  return kind === 'live'
    ? { kind, trace, request, result: objectOf({ live: readLive })(result, 'result') }
    : { kind, trace, request, result: readWhatIf(result, 'result') };
}
