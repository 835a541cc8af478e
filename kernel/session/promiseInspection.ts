/**
 * On Nodes where `AsyncLocalStorage` rests on async hooks, every promise carries ids and stores of theirs
 * under symbols, and printing a promise would print the kernel's own objects with it. Hides them.
 */
import { inspect, type InspectOptions, types } from 'node:util';

const hooks = ['async_id_symbol', 'trigger_async_id_symbol', 'kResourceStore'];

type Inspect = (value: unknown, options: InspectOptions) => string;

export function installPromiseInspection(): void {
  void Object.defineProperty(Promise.prototype, inspect.custom, {
    value: inspectPromise,
    writable: true,
    configurable: true,
  });
  // A debugger that finds the method above calls it for each promise in sight, where nothing may change, and then shows
  // none of the values beside. Without a description of its own it shows the promise as ever.
  void Object.defineProperty(Promise.prototype, Symbol.for('debug.description'), {
    value: () => undefined,
    writable: true,
    configurable: true,
  });
}

function inspectPromise(
  this: unknown,
  _depth: number,
  options: InspectOptions,
  inspectAs: Inspect,
): unknown {
  if (!types.isPromise(this) || Object.isFrozen(this)) return this;
  for (const symbol of Object.getOwnPropertySymbols(this)) {
    if (!hooks.includes(symbol.description ?? '')) continue;
    void Object.defineProperty(this, symbol, { enumerable: false });
  }
  // What stands in for the method here has Node print the promise as it would without it.
  void Object.defineProperty(this, inspect.custom, { value: undefined, configurable: true });
  try {
    return inspectAs(this, options);
  } finally {
    Reflect.deleteProperty(this, inspect.custom);
  }
}
