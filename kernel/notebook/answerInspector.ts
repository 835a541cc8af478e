/** The kernel's side of `inspectorMessages.ts`: what-if edits of traces that were shown. */
import type { Json } from '../contract/mime.js';
import {
  inspectorTarget,
  parseInspectorRequest,
  type InspectorAnswer,
  type InputEdit,
  type InspectorError,
  type WhatIfEdit,
  type WhatIfResult,
} from '../contract/inspectorMessages.js';
import { InspectionError, OptionError, VocabularyError } from '../rnn/errors.js';
import type { Trace } from '../rnn/inspect/trace.js';
import type { Edit } from '../rnn/inspect/whatIf.js';
import { sizeOf, type Shape } from '../rnn/ndarray.js';
import type { NotebookHost } from './host.js';
import { LiveTraces, type LiveTrace } from './liveTraces.js';
import { inputLayout } from './traceInput.js';
import { toPicture } from './tracePayload.js';

const traces = new LiveTraces();

/** Keeps a trace that is shown, and takes requests about it. */
export function keepLive(host: NotebookHost, id: string, live: LiveTrace): void {
  traces.add(id, live);
  host.answer(inspectorTarget, (request) => answerInspector(traces, request) as unknown as Json);
}

/** @throws PayloadError for what is no request */
export function answerInspector(known: LiveTraces, message: unknown): InspectorAnswer {
  const asked = parseInspectorRequest(message);
  const { kind, trace: id, request } = asked;
  const live = known.get(id);
  if (!live) return { kind, trace: id, request, error: forgotten };
  if (asked.kind === 'live') return { kind: 'live', trace: id, request, result: { live: true } };
  try {
    return { kind: 'whatIf', trace: id, request, result: changeTrace(live, asked.edits) };
  } catch (error) {
    return { kind, trace: id, request, error: toError(error) };
  }
}

const forgotten: InspectorError = {
  reason: 'forgotten',
  message:
    'The kernel no longer knows this trace: it was started anew, or has made many since. Run the cell again to change numbers.',
};

const editErrors = [InspectionError, OptionError, VocabularyError];

function toError(error: unknown): InspectorError {
  const isEdit = editErrors.some((one) => error instanceof one);
  const message = error instanceof Error ? error.message : String(error);
  return { reason: isEdit ? 'edit' : 'failed', message: message.slice(0, 2_000) };
}

/** @throws InspectionError, OptionError for edits of what is not there */
export function changeTrace(
  { trace, options, plan }: LiveTrace,
  edits: readonly WhatIfEdit[],
): WhatIfResult {
  const { after, loss, gradient } = trace.whatIf(edits.flatMap((edit) => toEdits(trace, edit)));
  return {
    loss: { before: finite(loss.before), after: finite(loss.after) },
    gradient: { cosine: finite(gradient.cosine), ratio: finite(gradient.ratio) },
    trace: toPicture(after, options, plan).payload,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function toEdits(trace: Trace, edit: WhatIfEdit): Edit[] {
  const { value: set } = edit;
  if (edit.kind === 'input') return inputEdits(trace, edit);
  if (edit.kind === 'weight') {
    const { parameter } = edit;
    const shape = trace.gradients.get(parameter)?.value.shape;
    if (!shape) throw new InspectionError(`whatIf: the trace has no parameter '${parameter}'`);
    return [{ parameter, index: unravel(edit.index, shape, parameter), set }];
  }
  const { node, t, sequence, unit } = edit;
  const layer = trace.layers[edit.layer];
  if (!layer)
    throw new OptionError(
      `whatIf: layer must be from 0 to ${trace.layers.length - 1}, got ${edit.layer}`,
    );
  const { name, direction, start } = layer;
  const place = sequence === undefined ? {} : { sequence };
  return [{ node, layer: name, direction, t: t - start, unit, set, ...place }];
}

function inputEdits(trace: Trace, { t, sequence, unit, value: set }: InputEdit): Edit[] {
  const layout = inputLayout(trace);
  if (!layout)
    throw new InspectionError(
      'whatIf: the input has no time axis, expected one number a time step',
    );
  const isInteger = trace.pass.leaves.get(trace.network.input)!.data instanceof Int32Array;
  if (isInteger && !Number.isInteger(set))
    throw new OptionError(`whatIf: the input holds whole numbers, got ${set}`);
  const inner = unravel(unit, layout.inner, 'the input at a time step');
  const all = Array.from({ length: trace.batchSize }, (_, b) => b);
  return (sequence === undefined ? all : [sequence]).map((b) => ({
    input: [...(layout.batchFirst ? [b, t] : [t, b]), ...inner],
    set,
  }));
}

/** The indices along each axis of a flat index. */
function unravel(index: number, shape: Shape, what: string): number[] {
  const size = sizeOf(shape);
  if (index >= size)
    throw new OptionError(`whatIf: ${what} has ${size} numbers, got index ${index}`);
  let rest = index;
  return shape
    .toReversed()
    .map((extent) => {
      const at = rest % extent;
      rest = Math.floor(rest / extent);
      return at;
    })
    .reverse();
}
