/** The session's half of `display`, `clearOutput` and `input`. */
import type { InputReply, KernelEvent } from '../contract/protocol.js';
import { type NotebookHost, notebookHostKey } from '../notebook/host.js';
import { type Execution, flows } from './execution.js';
import { asBundle, isPromiseLike, toBundle } from './resultBundle.js';
import { DisplayError } from './sessionErrors.js';

/** Questions that wait for an answer. */
export type PendingInputs = Map<string, (reply: InputReply) => void>;

/** Nobody could be asked what a cell wants to know. */
export class InputRefusedError extends Error {
  override readonly name = 'InputRefusedError';
}

interface Parts {
  owner: () => Execution | undefined;
  emit: (event: KernelEvent) => void;
  inputs: PendingInputs;
  training: NotebookHost['training'];
  answer: NotebookHost['answer'];
}

export function installNotebookHost({ owner, emit, inputs, training, answer }: Parts): void {
  let asked = 0;
  const parent = () => owner()?.id ?? '';
  const host: NotebookHost = {
    toBundle(value) {
      const shown = toBundle(value);
      return isPromiseLike(shown) ? Promise.resolve(shown).then(asBundle) : shown;
    },
    display(data, options = {}) {
      try {
        emit({ type: 'display', parent: parent(), data, ...options });
      } catch (cause) {
        throw new DisplayError(Object.keys(data), { cause });
      }
    },
    execution: parent,
    clearOutput: (wait) => emit({ type: 'clearOutput', parent: parent(), wait }),
    input: (prompt, password) => {
      const id = `input-${String(++asked)}`;
      return new Promise((resolve, reject) => {
        inputs.set(id, ({ value, refusal }) => {
          inputs.delete(id);
          if (refusal === undefined) resolve(value);
          else reject(new InputRefusedError(refusal));
        });
        emit({ type: 'inputRequest', parent: parent(), id, prompt, password });
      });
    },
    interruption() {
      const flow = flows.getStore();
      const isOfCell = flow !== undefined && !flow.isDetached && !flow.execution.isFinished;
      return isOfCell ? flow.execution.interruption.signal : new AbortController().signal;
    },
    training,
    answer,
  };
  Object.defineProperty(globalThis, notebookHostKey, { value: host, configurable: true });
}
