import { traceMime, vegaLiteMime, type MimeBundle } from '../contract/mime.js';
import {
  inspect as inspectModel,
  type InspectedBatch,
  type InspectOptions,
} from '../rnn/inspect/inspect.js';
import type { Trace } from '../rnn/inspect/trace.js';
import type { Module } from '../rnn/modules/module.js';
import { checkOptions, optional } from '../rnn/options.js';
import type { TrainableModel } from '../rnn/train/model.js';
import { livePayload, setPictureOptions } from './livePayload.js';
import { displaySymbol, type Displayable } from './mimeBundle.js';
import { traceFallback } from './traceFallback.js';
import type { TracePictureOptions } from './tracePayload.js';

/** Options of `inspect`. */
export type NotebookInspectOptions = InspectOptions & TracePictureOptions;

/** A trace that shows itself in a notebook. */
export type ShownTrace = Trace & Displayable;

/**
 * Runs a model on one batch, forward and back through time, and keeps what happened; see `InspectOptions`.
 * In a notebook the result shows itself as the inspector's picture; `sample` says how much of it travels.
 */
export function inspect<State>(
  model: Module & TrainableModel<State>,
  batch: InspectedBatch<State>,
  options: NotebookInspectOptions = {},
): ShownTrace {
  const { title, inputs, outputs, sample, ...own } = options;
  const texts = (value: unknown) =>
    Array.isArray(value) && value.every((text) => typeof text === 'string')
      ? undefined
      : 'an array of texts';
  checkOptions(
    'inspect',
    { title, inputs, outputs, sample },
    {
      title: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
      inputs: optional(texts),
      outputs: optional(texts),
      sample: optional((value) =>
        typeof value === 'object' && value !== null ? undefined : 'an object',
      ),
    },
  );
  const picture = {
    ...(title !== undefined && { title }),
    ...(inputs && { inputs }),
    ...(outputs && { outputs }),
    ...(sample && { sample }),
  };
  const trace = inspectModel(model, batch, own);
  setPictureOptions(trace, picture);
  return Object.assign(trace, { [displaySymbol]: () => traceBundle(trace, picture) });
}

/** What shows a trace: the inspector's data, a chart for other front ends, and text. */
export function traceBundle(trace: Trace, options: TracePictureOptions = {}): MimeBundle {
  const payload = livePayload(trace, options);
  return {
    [traceMime]: payload as unknown as MimeBundle[string],
    [vegaLiteMime]: traceFallback(trace, payload.title),
    'text/plain': trace.toString(),
  };
}
