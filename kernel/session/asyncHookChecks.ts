/**
 * Up to Node 23, `AsyncLocalStorage` rests on async hooks, which push an id for each promise job and pop
 * it after. A job that V8 terminates is never popped, and Node then aborts the process: a consistency
 * check, not a need. This turns the check off; the hooks themselves go on working.
 *
 * The counters live in an internal buffer that Node still gives out under its old, deprecated name. Where
 * it does not, an interrupt after an `await` may end the process (which the front end reports).
 * From Node 24 on, storages need no hooks and there is nothing to turn off.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface AsyncWrap {
  async_hook_fields: Uint32Array;
  constants: { kTotals: number; kCheck: number };
}

interface Storage {
  _enable?: () => void;
}

export class AsyncHookChecks {
  #binding: AsyncWrap | undefined;

  install(): void {
    const prototype = AsyncLocalStorage.prototype as unknown as Storage;
    const enable = prototype._enable;
    if (!enable) return;
    this.#binding = asyncWrap();
    const off = () => this.off();
    // Every `run` and `enterWith` passes here, and turning hooks on turns the check on.
    prototype._enable = function () {
      enable.call(this);
      off();
    };
  }

  off(): void {
    if (!this.#binding) return;
    const { async_hook_fields: fields, constants } = this.#binding;
    fields[constants.kTotals] = 0;
    fields[constants.kCheck] = 0;
  }
}

function asyncWrap(): AsyncWrap | undefined {
  const { binding, noDeprecation } = process as unknown as {
    binding?: (name: string) => Partial<AsyncWrap>;
    noDeprecation?: boolean;
  };
  if (!binding) return undefined;
  try {
    process.noDeprecation = true;
    const found = binding.call(process, 'async_wrap');
    return found.async_hook_fields && found.constants ? (found as AsyncWrap) : undefined;
  } catch {
    // This Node gives it out no more: see above for what that means.
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation ?? false;
  }
}
