import { Module } from '../../rnn/modules/module.js';
import { StateDictError } from '../../rnn/errors.js';
import type { Tensor } from '../../rnn/tensor.js';
import { FileFormatError, type Bytes } from '../fileFormatError.js';
import { fromTree, toTree } from './checkpointTree.js';
import { parseSafetensors, toSafetensors } from './safetensors.js';

/** What knows its state: optimisers, schedules, averages of weights. */
export interface Stateful<State = never> {
  state(): unknown;
  loadState(state: State): void;
}

/** What can be restored in place. */
export type CheckpointPart = Module | Stateful;

const metadataName = 'unroll.checkpoint';

const isStateful = (part: unknown): part is Stateful =>
  typeof part === 'object' &&
  part !== null &&
  typeof (part as Partial<Stateful>).state === 'function' &&
  typeof (part as Partial<Stateful>).loadState === 'function';

/**
 * Modules, optimisers, schedules, averages of weights and plain data (numbers, text, tensors, arrays, objects) by name,
 * as bytes. Every number is kept bit by bit. The bytes are a safetensors file, so that other programs can read the tensors.
 *
 * @example
 * await writeFile('run.ckpt', saveCheckpoint({ model, optimizer, step }));
 * const { step } = loadCheckpoint(await readFile('run.ckpt'), { model, optimizer });
 * @throws InterchangeError for something else, with its path
 */
export function saveCheckpoint(parts: Readonly<Record<string, unknown>>): Uint8Array {
  const values = Object.entries(parts).map(([name, part]) => [name, stateOf(part)]);
  const { json, tensors } = toTree(Object.fromEntries(values));
  return toSafetensors(tensors, { [metadataName]: json });
}

function stateOf(part: unknown): unknown {
  if (part instanceof Module) return part.stateDict();
  return isStateful(part) ? part.state() : part;
}

function restore(part: CheckpointPart, state: unknown): void {
  if (part instanceof Module) part.loadStateDict(state as Record<string, Tensor>);
  else part.loadState(state as never);
}

/**
 * Reads a checkpoint, and puts states back into the modules, optimisers, … given under the same names. Either all of
 * them are restored or none.
 * @returns everything that was saved, by name; of modules the state dictionary
 * @throws FileFormatError if the bytes are no checkpoint, or damaged
 * @throws StateDictError if a part is missing or does not fit
 */
export function loadCheckpoint(
  bytes: Bytes,
  into: Readonly<Record<string, CheckpointPart>> = {},
): Record<string, unknown> {
  const { tensors, metadata } = parseSafetensors(bytes);
  const json = metadata[metadataName];
  if (json === undefined)
    throw new FileFormatError(
      `loadCheckpoint: expected a checkpoint, got a safetensors file without '${metadataName}'`,
    );
  const saved = fromTree({ json, tensors }) as Record<string, unknown>;
  const missing = Object.keys(into).filter((name) => !Object.hasOwn(saved, name));
  if (missing.length > 0)
    throw new StateDictError(
      `loadCheckpoint: ${missing.join(', ')} not found, expected one of ${Object.keys(saved).join(', ')}`,
    );
  restoreAll(into, saved);
  return saved;
}

function restoreAll(
  into: Readonly<Record<string, CheckpointPart>>,
  saved: Record<string, unknown>,
): void {
  const before: [CheckpointPart, unknown][] = [];
  try {
    for (const [name, part] of Object.entries(into)) {
      before.push([part, stateOf(part)]);
      restore(part, saved[name]);
    }
  } catch (error) {
    // The last one refused its state and is as it was.
    for (const [part, state] of before.slice(0, -1)) restore(part, state);
    throw error;
  }
}
