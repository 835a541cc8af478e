import type { TracePayload } from '../contract/trace.js';
import type { Trace } from '../rnn/inspect/trace.js';
import { keepLive } from './answerInspector.js';
import { contentId } from './contentId.js';
import { notebookHost } from './host.js';
import { toPicture, type TracePictureOptions } from './tracePayload.js';

const chosen = new WeakMap<Trace, TracePictureOptions>();

/** How a trace asked to be drawn when it was taken. */
export const pictureOptionsOf = (trace: Trace): TracePictureOptions => chosen.get(trace) ?? {};

export function setPictureOptions(trace: Trace, options: TracePictureOptions): void {
  chosen.set(trace, options);
}

/** The data of a trace's picture; in a notebook it can be asked for more. */
export function livePayload(trace: Trace, options: TracePictureOptions): TracePayload {
  const { payload, plan } = toPicture(trace, options);
  const host = notebookHost();
  if (!host) return payload;
  const id = contentId(JSON.stringify(payload));
  keepLive(host, id, { trace, options, plan });
  return { ...payload, id };
}
