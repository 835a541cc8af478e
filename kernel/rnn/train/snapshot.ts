import { StateDictError } from '../errors.js';
import { Module } from '../modules/module.js';
import type { OptimizerState } from '../optim/optimizerState.js';
import { sameShape, showShape } from '../ndarray.js';
import { getRngState, setRngState, type RngState } from '../random.js';
import { Tensor } from '../tensor.js';
import type { ReaderState } from './batchReader.js';
import type { FitCallback } from './callbacks.js';
import type { HistoryState } from './history.js';
import type { Loop } from './trainingSteps.js';

/**
 * Everything that a run needs to go on bit for bit, as plain data and tensors, which `saveCheckpoint` writes: weights,
 * optimiser, callbacks (schedules, averages, early stopping with its best weights), random streams, the place in the data,
 * carried states, history.
 */
export interface TrainingSnapshot {
  version: 1;
  step: number;
  /** By path, as `model.stateDict()`; empty where the model is no module. */
  model: Record<string, Tensor>;
  /** Those of the optimiser's parameters that the model does not have. */
  parameters: Tensor[];
  optimizer: OptimizerState;
  /** By the callbacks' names. */
  callbacks: Record<string, unknown>;
  data: ReaderState;
  /** What a batch that continues starts from. */
  carried: unknown;
  history: HistoryState;
  random: RngState;
}

const saved = (loop: Loop): FitCallback[] =>
  loop.callbacks.list.filter((one) => 'state' in one && one.name !== undefined);

export function takeSnapshot(loop: Loop): TrainingSnapshot {
  const { training, batches, step } = loop;
  const { model, optimizer, run } = training;
  return {
    version: 1,
    step: training.step,
    model: model instanceof Module ? model.stateDict() : {},
    parameters: foreignParameters(loop).map((parameter) => parameter.clone()),
    optimizer: optimizer.state(),
    callbacks: Object.fromEntries(saved(loop).map((one) => [one.name!, one.state!()])),
    data: batches.state(),
    carried: step.state,
    history: run.history.state(),
    random: getRngState(),
  };
}

function foreignParameters({ training: { model, optimizer } }: Loop): Tensor[] {
  const own = new Set<Tensor>(model instanceof Module ? model.parameters() : []);
  return optimizer.parameters.filter((parameter) => !own.has(parameter));
}

/**
 * Puts a run back to where a snapshot was taken; the data is read again up to there.
 * @throws StateDictError if it does not fit; weights and optimiser are then as they were
 */
export async function restoreSnapshot(loop: Loop, snapshot: TrainingSnapshot): Promise<void> {
  checkSnapshot(loop, snapshot);
  const { training, batches, step } = loop;
  const { model, optimizer, run } = training;
  const before = model instanceof Module ? model.stateDict() : undefined;
  if (model instanceof Module) model.loadStateDict(snapshot.model);
  try {
    optimizer.loadState(snapshot.optimizer);
  } catch (error) {
    if (before) (model as unknown as Module).loadStateDict(before);
    throw error;
  }
  foreignParameters(loop).forEach(({ data }, k) => data.set(snapshot.parameters[k]!.data));
  for (const callback of saved(loop)) {
    const state = snapshot.callbacks[callback.name!];
    if (state !== undefined) callback.loadState?.(state as never);
  }
  run.history.loadState(snapshot.history);
  const changed = run.history.changes.findLast(({ name }) => name === 'clipNorm');
  if (changed) loop.settings.clipNorm = changed.to;
  training.step = snapshot.step;
  training.epoch = snapshot.data.epoch;
  step.state = snapshot.carried;
  await batches.goTo(snapshot.data);
  setRngState(snapshot.random);
}

function checkSnapshot(loop: Loop, snapshot: TrainingSnapshot): void {
  // It may come from a file.
  const given = snapshot as Partial<Record<keyof TrainingSnapshot, unknown>>;
  if (given.version !== 1 || typeof given.data !== 'object')
    throw new StateDictError(
      'fit: resume: expected a checkpoint of fit, got something that holds no place in a training run',
    );
  const parameters = foreignParameters(loop);
  const { parameters: values } = snapshot;
  const odd = parameters.findIndex(
    ({ shape }, k) => !(values[k] && sameShape(values[k].shape, shape)),
  );
  if (values.length !== parameters.length || odd >= 0)
    throw new StateDictError(
      `fit: resume: expected ${parameters.length} parameters outside of the model${odd < 0 ? '' : `, number ${odd} ${showShape(parameters[odd]!.shape)}`}, got ${values.length}`,
    );
}
