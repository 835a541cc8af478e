import { inspect } from 'node:util';
import type { CellRuntime } from './cellRuntime.js';
import { isError } from './isError.js';
import type { CellScripts } from './cellScripts.js';
import { type Execution, flows } from './execution.js';
import type { Modules } from './modules.js';
import { MissingExportError, ModuleNotFoundError } from './moduleErrors.js';
import { isPromiseLike } from './resultBundle.js';
import type { FileScripts } from './files/fileScripts.js';
import type { Place, StackFrames } from './stackFrames.js';

interface Parts {
  modules: Modules;
  frames: StackFrames;
  scripts: CellScripts;
  files: FileScripts;
  execution: (script: number) => Execution | undefined;
  renewed: CellRuntime['renewed'];
  /** A debugger is to know who handles an exception: promises are handed on, not handled, on their way. */
  isDebugged: () => boolean;
}

export function createCellRuntime(parts: Parts): CellRuntime {
  const { modules, frames, scripts, files, execution, renewed, isDebugged } = parts;
  const locate = (script: number, offset: number): Place | undefined =>
    script < 0 ? files.locateOffset(script, offset) : scripts.locateOffset(script, offset);
  /** Notes where a value was thrown first: it may not know itself. */
  const note = (
    value: unknown,
    script: number,
    offset: number,
    isThrow = false,
  ): Place | undefined => {
    const at = locate(script, offset);
    const owner = flows.getStore()?.execution ?? execution(script);
    if (at && owner) owner.noteThrown(value, at, isThrow);
    return at;
  };
  const waitFor = (
    script: number,
    offset: number,
    value: unknown,
    place: (error: unknown) => void = () => undefined,
  ): unknown => {
    const flow = flows.getStore();
    const ofCell = flow && !flow.isDetached ? flow.execution : undefined;
    if (!isPromiseLike(value))
      return ofCell?.stopping ? ofCell.wait(Promise.resolve(value)) : value;
    const failed = (error: unknown) => {
      place(error);
      const at = note(error, script, offset);
      if (at && isError(error)) frames.addAwait(error, at);
    };
    if (isDebugged()) return ofCell ? ofCell.waitOpenly(value, failed) : value;
    const waiting = ofCell ? ofCell.wait(value) : Promise.resolve(value);
    return waiting.catch((error: unknown) => {
      failed(error);
      throw error;
    });
  };
  return {
    await: (script, offset, value) => waitFor(script, offset, value),
    thrown(script, offset, value) {
      note(value, script, offset, true);
      return value;
    },
    body(script, work) {
      const owner = execution(script);
      if (owner) owner.body = work;
    },
    result(script, value) {
      execution(script)?.setResult(value);
      return undefined;
    },
    async *iterate(script, offset, values) {
      const { iterator, isAsync } = iteratorOf(values);
      const wait = (value: unknown) => waitFor(script, offset, value);
      let isOpen = false;
      try {
        for (;;) {
          const step = (await wait(iterator.next())) as IteratorResult<unknown>;
          if (step.done === true) return;
          isOpen = true;
          yield isAsync ? step.value : await wait(step.value);
          isOpen = false;
        }
      } finally {
        // The loop was left early: what it runs over may have something to close.
        if (isOpen) await wait(iterator.return?.());
      }
    },
    async load(script, offset, specifier, options, required) {
      const at = locate(script, offset);
      const loading = modules.load(String(specifier), options, required);
      return await waitFor(script, offset, loading, (error) => {
        const isImport =
          error instanceof ModuleNotFoundError || error instanceof MissingExportError;
        if (isImport && at && !frames.isPlaced(error)) frames.set(error, at);
      });
    },
    require: (specifier): unknown => modules.require(specifier),
    renewed,
    meta: modules.meta,
  };
}

/** What `for await` would take: an asynchronous iterator, else a synchronous one. */
function iteratorOf(values: unknown): {
  iterator: AsyncIterator<unknown> | Iterator<unknown>;
  isAsync: boolean;
} {
  const source = values as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const asynchronous = source[Symbol.asyncIterator]?.();
  if (asynchronous) return { iterator: asynchronous, isAsync: true };
  const synchronous = source[Symbol.iterator]?.();
  if (!synchronous) throw new TypeError(`${inspect(values, { depth: 0 })} is not async iterable`);
  return { iterator: synchronous, isAsync: false };
}
