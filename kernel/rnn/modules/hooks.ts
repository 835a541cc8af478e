import { OptionError } from '../errors.js';
import type { Module } from './module.js';

/** Sees a module's inputs before `forward`; what it returns, an array, takes their place. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => unknown;
/** Sees what `forward` gave; what it returns, unless undefined, takes its place. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

/** A hook that is in place. */
export interface HookHandle {
  remove(): void;
}

interface Hooks {
  before: Set<{ hook: ForwardPreHook }>;
  after: Set<{ hook: ForwardHook }>;
  /** Puts back the forward that hooks stand around. */
  restore: () => void;
}

/** A module as something to call: each has inputs of its own. */
export interface Callable {
  forward: (this: unknown, ...inputs: unknown[]) => unknown;
}

const hooksOf = new WeakMap<Module, Hooks>();

/** A module without hooks runs its own `forward`; with the first hook, one that calls them stands before it. */
export function addForwardPreHook(module: Module, hook: ForwardPreHook): HookHandle {
  return add(module, 'before', hook);
}

export function addForwardHook(module: Module, hook: ForwardHook): HookHandle {
  return add(module, 'after', hook);
}

/** Puts a hook into a module's own set. @throws OptionError unless it is a function */
export function addHook<Hook>(module: Module, hooks: Set<{ hook: Hook }>, hook: Hook): HookHandle {
  checkHook(module, hook);
  const entry = { hook };
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}

function checkHook(module: Module, hook: unknown): void {
  if (typeof hook !== 'function')
    throw new OptionError(
      `${module.constructor.name}: a hook must be a function, got ${typeof hook}`,
    );
}

function add(module: Module, when: 'before' | 'after', hook: ForwardPreHook | ForwardHook) {
  checkHook(module, hook);
  const hooks = hooksOf.get(module) ?? install(module);
  const entry = { hook: hook as ForwardHook & ForwardPreHook };
  hooks[when].add(entry);
  return {
    remove: () => {
      hooks[when].delete(entry);
      if (hooks.before.size + hooks.after.size > 0 || hooksOf.get(module) !== hooks) return;
      hooksOf.delete(module);
      hooks.restore();
    },
  };
}

function install(module: Module): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, 'forward');
  const { forward } = module as unknown as Callable;
  const hooks: Hooks = {
    before: new Set(),
    after: new Set(),
    restore: () => {
      Reflect.deleteProperty(module, 'forward');
      if (own) Object.defineProperty(module, 'forward', own);
    },
  };
  // Not enumerable: fields of a module are its parameters and modules.
  Object.defineProperty(module, 'forward', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: (...given: unknown[]): unknown => {
      let inputs: readonly unknown[] = given;
      for (const { hook } of [...hooks.before])
        inputs = replaced(module, hook(module, inputs), inputs);
      let output = forward.apply(module, [...inputs]);
      for (const { hook } of [...hooks.after]) {
        const result = hook(module, inputs, output);
        if (result !== undefined) output = result;
      }
      return output;
    },
  });
  hooksOf.set(module, hooks);
  return hooks;
}

function replaced(module: Module, result: unknown, inputs: readonly unknown[]): readonly unknown[] {
  if (result === undefined) return inputs;
  if (Array.isArray(result)) return result as unknown[];
  throw new OptionError(
    `${module.constructor.name}: a forward pre-hook must return an array of inputs or nothing, got ${typeof result}`,
  );
}
