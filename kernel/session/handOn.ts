/**
 * Watches a promise without handling it, as V8 sees it when it tells a debugger whether an exception is caught: whoever
 * waits for what the outcome is handed on to is asked instead.
 *
 * Of what a program can call, `Promise.all` has V8 see it so, for the functions that the constructor it is called on hands
 * to it (`GenericPromiseAll` in V8's `promise-all.tq`; `Promise.race` only since V8 12). With no debugger attached it is `promise.then` with both.
 */
export interface Heir {
  /** The promise that the outcome becomes that of; any other object where nothing waits for it. */
  waiting: object;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

type Executor = (resolve: Heir['resolve'], reject: Heir['reject']) => void;

/** As it is before a cell can change it. */
const { all } = Promise as unknown as {
  all: (this: unknown, promises: Iterable<unknown>) => unknown;
};

export function handOn(promise: PromiseLike<unknown>, { waiting, resolve, reject }: Heir): void {
  function Constructor(executor: Executor): object {
    executor((values) => resolve((values as unknown[])[0]), reject);
    return waiting;
  }
  Constructor.resolve = (value: unknown) => value;
  all.call(Constructor, [promise]);
}

/** A promise that is rejected without V8 telling a debugger so: where it came from, the debugger was told. */
export function quietlyRejected(reason: unknown): Promise<never> {
  let reject: Heir['reject'] | undefined;
  const promise = new Promise<never>((_, rejects) => (reject = rejects));
  promise.catch(() => undefined);
  reject!(reason);
  return promise;
}
