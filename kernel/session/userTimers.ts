/**
 * Timers that cells start. Their callbacks run as code of the user does (`userCode.ts`): a termination
 * ends the callback and not Node's timer loop around it. An interval that had to be terminated is cleared.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import { promisify } from 'node:util';
import type { TimerSummary } from '../contract/protocol.js';
import { type Flow, flows } from './execution.js';
import { handOn } from './handOn.js';
import { clearImmediate, clearTimeout } from './kernelTimers.js';
import { type PendingTimer, PendingTimers } from './pendingTimers.js';

export interface TimerOptions {
  /** Runs code of the user; the last parameter is called if it was terminated. */
  run: (flow: Flow, work: () => void, terminated: () => void) => void;
  failed: (error: unknown, flow: Flow) => void;
  terminated: (flow: Flow) => void;
  isDebugged: () => boolean;
}

/** The timers of cells that are pending. */
export interface UserTimers {
  list(): TimerSummary[];
  clear(which: number[] | 'all'): void;
}

type Callback = (this: unknown, ...values: unknown[]) => unknown;
type Start = (callback: Callback, ...values: unknown[]) => unknown;

const kinds = {
  setTimeout: 'timeout',
  setInterval: 'interval',
  setImmediate: 'immediate',
} as const;

export function installUserTimers(options: TimerOptions): UserTimers {
  const pending = new PendingTimers((timer) => {
    // Node knows a timeout and an interval by the same class.
    if (isImmediate(timer)) clearImmediate(timer);
    else clearTimeout(timer);
  });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    const original = globalThis[name] as unknown as Start;
    const start: Start = (callback, ...values) => {
      const flow = flows.getStore();
      if (flow === undefined || typeof callback !== 'function')
        return original(callback, ...values);
      const timer = original(guarded(callback, flow, options), ...values) as PendingTimer;
      const delay = name === 'setImmediate' ? 0 : Number(values[0] ?? 0);
      pending.add(timer, { kind: kinds[name], delay, execution: flow.execution });
      return timer;
    };
    const custom = (original as { [promisify.custom]?: unknown })[promisify.custom];
    Object.defineProperty(start, 'name', { value: name });
    Object.defineProperty(start, promisify.custom, { value: custom });
    Object.defineProperty(globalThis, name, { value: start, writable: true, configurable: true });
    Object.assign(timers, { [name]: start });
  }
  // `import { setTimeout } from 'node:timers'` gets the same.
  syncBuiltinESMExports();
  return pending;
}

function isImmediate(timer: PendingTimer): timer is NodeJS.Immediate {
  return timer.constructor.name === 'Immediate';
}

function guarded(callback: Callback, flow: Flow, options: TimerOptions): Callback {
  const detached: Flow = { ...flow, isDetached: true };
  let isStopped = false;
  return function (...values) {
    const call = () => {
      if (isStopped) return;
      const run = () => callback.apply(this, values);
      const failed = (error: unknown) => options.failed(error, detached);
      if (options.isDebugged()) runOpenly(run, failed);
      else runGuarded(run, failed);
    };
    const terminated = () => {
      isStopped = true;
      if (isInterval(this)) clearTimeout(this);
      options.terminated(detached);
    };
    options.run(detached, call, terminated);
  };
}

type Failed = (error: unknown) => void;

function runGuarded(work: () => unknown, failed: Failed): void {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}

/** The same, where a debugger is to see that nothing of the user's handles what it throws. */
function runOpenly(work: () => unknown, failed: Failed): void {
  // eslint-disable-next-line @typescript-eslint/require-await -- Its promise is what V8 looks at.
  const asynchronous = async () => {
    work();
  };
  handOn(asynchronous(), { waiting: {}, resolve: () => undefined, reject: failed });
}

/** Clearing anything else from within its own callback disturbs Node. */
function isInterval(timer: unknown): timer is NodeJS.Timeout {
  return typeof (timer as { _repeat?: unknown } | undefined)?._repeat === 'number';
}
