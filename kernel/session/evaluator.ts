/**
 * V8's REPL mode through an inspector session inside the process: top-level `await` and names declared
 * again. No port is opened, and no domain is enabled, so nothing is recorded.
 */
import { type Runtime, Session } from 'node:inspector';
import { promiseHooks } from 'node:v8';
import { isError } from './isError.js';

export type Outcome =
  | { kind: 'value' }
  | { kind: 'thrown'; error: unknown; /** Of the script. */ at?: { line: number; column: number } }
  | { kind: 'terminated' };

const objectGroup = 'cell';

export class Evaluator {
  readonly #session = new Session();
  readonly #take: string;
  readonly #unsettled = new Set<Promise<unknown>>();
  #taken: unknown;

  constructor() {
    this.#session.connect();
    this.#take = this.#handle((value: unknown) => {
      this.#taken = value;
    });
  }

  /** Declares names that every cell sees, that are on no object, and that a cell may declare again. */
  declare(names: Record<string, unknown>): void {
    const key = Symbol.for('unroll.declared');
    Object.defineProperty(globalThis, key, { value: names, configurable: true });
    const expression = `let { ${Object.keys(names).join(', ')} } = globalThis[Symbol.for('unroll.declared')]`;
    this.#session.post('Runtime.evaluate', { expression, replMode: true });
    Reflect.deleteProperty(globalThis, key);
  }

  /** The value of an expression; undefined where it fails or would have side effects. */
  valueOf(expression: string): { value: unknown } | undefined {
    let found: Runtime.RemoteObject | undefined;
    // Not in REPL mode, which answers later; names that cells declared are seen all the same.
    this.#post({ expression, throwOnSideEffect: true, silent: true }, (answer) => {
      if (answer && !answer.exceptionDetails) found = answer.result;
    });
    return found && { value: this.#local(found) };
  }

  /** The values of names; undefined for one that has none (yet). Runs no code of the user's. */
  valuesOf(names: string[]): ({ value: unknown } | undefined)[] {
    const items = names.map((name) => `(() => { try { return { value: ${name} } } catch {} })()`);
    let values: ({ value: unknown } | undefined)[] = [];
    this.#post({ expression: `[${items.join()}]`, silent: true }, (answer) => {
      if (!answer || answer.exceptionDetails) return;
      values = this.#local(answer.result) as typeof values;
    });
    // What was only looked at is not to be kept alive.
    this.#session.post('Runtime.releaseObjectGroup', { objectGroup });
    return values;
  }

  /** Gives a name that cells declared the value undefined. */
  clear(name: string): void {
    this.#post({ expression: `"use strict"; ${name} = undefined`, silent: true }, () => undefined);
  }

  /**
   * Runs a cell's script. `done` is called once, or never where the script was terminated after an
   * `await`: nothing settles then, and whoever terminated it has to end the cell.
   */
  run(expression: string, done: (outcome: Outcome) => void): void {
    const parameters = { expression, replMode: true, awaitPromise: true };
    const pin = pinFirstPromise(this.#unsettled);
    this.#post(parameters, (answer) => {
      pin.release();
      if (!answer) {
        done({ kind: 'terminated' });
        return;
      }
      const details = answer.exceptionDetails;
      const outcome: Outcome = details ? this.#thrown(details) : { kind: 'value' };
      this.#session.post('Runtime.releaseObjectGroup', { objectGroup });
      done(outcome);
    });
    pin.stop();
  }

  #thrown(details: Runtime.ExceptionDetails): Outcome {
    const { exception, lineNumber, columnNumber } = details;
    const error = exception && this.#local(exception);
    // V8 says here where a script does not parse; the place of any other error is in its stack.
    if (!isError(error) || !(error instanceof SyntaxError)) return { kind: 'thrown', error };
    return { kind: 'thrown', error, at: { line: lineNumber + 1, column: columnNumber + 1 } };
  }

  #post(
    parameters: Runtime.EvaluateParameterType & { replMode?: boolean; throwOnSideEffect?: boolean },
    done: (answer: Runtime.EvaluateReturnType | undefined) => void,
  ): void {
    // The types of Node's inspector lack some parameters, so the method is any method to them.
    this.#session.post(
      'Runtime.evaluate' as string,
      { ...parameters, objectGroup },
      (error: Error | null, answer?: object) =>
        done(error ? undefined : (answer as Runtime.EvaluateReturnType)),
    );
  }

  /** The value itself of what the inspector describes. */
  #local({ objectId, unserializableValue, value }: Runtime.RemoteObject): unknown {
    const argument: Runtime.CallArgument = objectId
      ? { objectId }
      : unserializableValue
        ? { unserializableValue }
        : { value: value as unknown };
    this.#taken = undefined;
    this.#call(this.#take, [argument]);
    const taken = this.#taken;
    this.#taken = undefined;
    return taken;
  }

  #call(objectId: string, values: Runtime.CallArgument[] = []): void {
    const functionDeclaration = 'function (...values) { this(...values); }';
    this.#session.post('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration,
      arguments: values,
    });
  }

  /** A function of this process as the inspector knows it. */
  #handle(target: (value: unknown) => void): string {
    const key = Symbol.for('unroll.handle');
    Object.defineProperty(globalThis, key, { value: target, configurable: true });
    let objectId: string | undefined;
    this.#session.post(
      'Runtime.evaluate',
      { expression: `globalThis[Symbol.for('unroll.handle')]` },
      (error, answer) => {
        objectId = error ? undefined : answer.result.objectId;
      },
    );
    Reflect.deleteProperty(globalThis, key);
    if (objectId === undefined) throw new Error('The inspector gave no handle of a function.');
    return objectId;
  }
}

/**
 * Keeps the promise of a script alive until it settles. If it never does and is collected, the inspector
 * reports that from within the garbage collection, and Node dies of it.
 */
function pinFirstPromise(pinned: Set<Promise<unknown>>): { stop: () => void; release: () => void } {
  let first: Promise<unknown> | undefined;
  const stop = promiseHooks.onInit((promise: Promise<unknown>) => {
    // The script is an asynchronous function: its own promise comes before any of its code.
    if (first) return;
    first = promise;
    pinned.add(promise);
    stop();
  }) as () => void;
  const release = () => {
    if (first) pinned.delete(first);
  };
  return { stop, release };
}
