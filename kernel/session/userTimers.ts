/**
 * Timers that cells start. Their callbacks run behind a boundary of the evaluator: a termination then
 * ends the callback and not Node's timer loop around it, which it would leave broken. A callback that
 * had to be terminated does not run again.
 */
import { promisify } from 'node:util';
import { type Flow, flows } from './execution.js';
import type { Completion } from './evaluator.js';

export interface TimerBoundary {
  run(work: () => unknown): Completion<unknown>;
  failed(error: unknown, flow: Flow): void;
  terminated(flow: Flow): void;
}

type Callback = (this: unknown, ...values: unknown[]) => unknown;
type Start = (callback: Callback, ...values: unknown[]) => unknown;

export function installUserTimers(boundary: TimerBoundary): void {
  const { clearTimeout, clearImmediate } = globalThis;
  const stop = (timer: unknown) => {
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
  };
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    const original = globalThis[name] as unknown as Start;
    const start: Start = (callback, ...values) => {
      const flow = flows.getStore();
      if (flow === undefined || typeof callback !== 'function')
        return original(callback, ...values);
      return original(guarded(callback, flow, boundary, stop), ...values);
    };
    const custom = (original as { [promisify.custom]?: unknown })[promisify.custom];
    Object.defineProperty(start, 'name', { value: name });
    Object.defineProperty(start, promisify.custom, { value: custom });
    Object.defineProperty(globalThis, name, { value: start, writable: true, configurable: true });
  }
}

function guarded(
  callback: Callback,
  flow: Flow,
  boundary: TimerBoundary,
  stop: (timer: unknown) => void,
): Callback {
  const detached: Flow = { ...flow, isDetached: true };
  return function (...values) {
    flows.run(detached, () => {
      const completion = boundary.run(() => callback.apply(this, values));
      if (completion.kind === 'value') return;
      if (completion.kind === 'thrown') {
        boundary.failed(completion.error, detached);
        return;
      }
      stop(this);
      boundary.terminated(detached);
    });
  };
}
