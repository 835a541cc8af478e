/**
 * Timers that cells start. Their callbacks run as code of the user does (`userCode.ts`): a termination
 * ends the callback and not Node's timer loop around it. An interval that had to be terminated is cleared.
 */
import { promisify } from 'node:util';
import { type Flow, flows } from './execution.js';
import { clearTimeout } from './kernelTimers.js';

export interface TimerOptions {
  /** Runs code of the user; the last parameter is called if it was terminated. */
  run: (flow: Flow, work: () => void, terminated: () => void) => void;
  failed: (error: unknown, flow: Flow) => void;
  terminated: (flow: Flow) => void;
}

type Callback = (this: unknown, ...values: unknown[]) => unknown;
type Start = (callback: Callback, ...values: unknown[]) => unknown;

export function installUserTimers(options: TimerOptions): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    const original = globalThis[name] as unknown as Start;
    const start: Start = (callback, ...values) => {
      const flow = flows.getStore();
      const isCells = flow !== undefined && typeof callback === 'function';
      return original(isCells ? guarded(callback, flow, options) : callback, ...values);
    };
    const custom = (original as { [promisify.custom]?: unknown })[promisify.custom];
    Object.defineProperty(start, 'name', { value: name });
    Object.defineProperty(start, promisify.custom, { value: custom });
    Object.defineProperty(globalThis, name, { value: start, writable: true, configurable: true });
  }
}

function guarded(callback: Callback, flow: Flow, options: TimerOptions): Callback {
  const detached: Flow = { ...flow, isDetached: true };
  let isStopped = false;
  return function (...values) {
    const call = () => {
      if (isStopped) return;
      try {
        callback.apply(this, values);
      } catch (error) {
        options.failed(error, detached);
      }
    };
    const terminated = () => {
      isStopped = true;
      if (isInterval(this)) clearTimeout(this);
      options.terminated(detached);
    };
    options.run(detached, call, terminated);
  };
}

/** Clearing anything else from within its own callback disturbs Node. */
function isInterval(timer: unknown): timer is NodeJS.Timeout {
  return typeof (timer as { _repeat?: unknown } | undefined)?._repeat === 'number';
}
