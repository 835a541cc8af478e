import { ExplosionError, NonFiniteError, type Anomaly } from '../errors.js';
import { Module } from '../modules/module.js';
import type { NumberArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { gradientOf, type Tensor } from '../tensor.js';
import type { Training } from './callbacks.js';
import type { Complaint } from './layerSearch.js';
import { searchBackward, searchForward } from './tapeSearch.js';

/** Beyond which numbers training counts as exploded, although they are finite. */
export interface ExplosionLimits {
  /** Largest loss. Default: none. */
  maxLoss?: number;
  /** Largest norm of all gradients before clipping. Default: none. */
  maxGradNorm?: number;
}

export const isDetectAnomaly = (value: unknown): string | undefined =>
  typeof value === 'boolean' || is.object(value) === undefined
    ? undefined
    : 'true, false, or { maxLoss, maxGradNorm }';

export function checkLimits(limits: ExplosionLimits): void {
  checkOptions('fit: detectAnomaly', limits, {
    maxLoss: optional(is.positive),
    maxGradNorm: optional(is.positive),
  });
}

const notFinite: Complaint = (data) => {
  for (const value of data) if (!Number.isFinite(value)) return value;
  return undefined;
};

const largerThan =
  (limit: number): Complaint =>
  (data) => {
    for (const value of data) if (!(Math.abs(value) <= limit)) return value;
    return undefined;
  };

const unchanged = 'the weights are those before this step';

/** Why the loss of a batch is no finite number, or too large. Searches the tape of its forward pass. */
export function lossError(training: Training, loss: Tensor, limit: number, search: boolean): Error {
  const value = loss.item();
  const isFinite = Number.isFinite(value);
  const expected = isFinite ? `a loss of ${limit} at most` : 'a finite loss';
  const what = `fit: expected ${expected} at step ${training.step}, got ${value}`;
  const complain = isFinite ? largerThan(limit) : notFinite;
  const held = search && !isFinite ? heldBadly(training) : undefined;
  const names = namesOf(training);
  const anomaly = search && !held ? searchForward(loss, names, complain) : undefined;
  const message = [what + (held ?? sayWhere(anomaly)), unchanged].join('; ');
  return isFinite ? new ExplosionError(message, anomaly) : new NonFiniteError(message, { anomaly });
}

/**
 * Why the gradients of a step are no finite numbers, or too large.
 * @param again runs the step's batches forward again, each to its loss
 */
export function gradientError(
  training: Training,
  norm: number,
  limit: number,
  again: (() => Iterable<Tensor>) | undefined,
): Error {
  const isFinite = Number.isFinite(norm);
  const expected = isFinite ? `gradients of norm ${limit} at most` : 'finite gradients';
  const what = `fit: expected ${expected} at step ${training.step}, got a norm of ${norm}`;
  const names = namesOf(training);
  const complain = isFinite ? largerThan(limit) : notFinite;
  let anomaly: Anomaly | undefined;
  if (again)
    for (const loss of again()) if ((anomaly ??= searchBackward(loss, names, complain))) break;
  const where = anomaly ? sayWhere(anomaly) : sayLargest(training, names);
  const message = [what + where, unchanged].join('; ');
  return isFinite ? new ExplosionError(message, anomaly) : new NonFiniteError(message, { anomaly });
}

function sayWhere(anomaly: Anomaly | undefined): string {
  if (!anomaly) return '';
  const { pass, layer, operation, timeStep, value } = anomaly;
  const where = timeStep === undefined ? layer : `${layer}, time step ${timeStep}`;
  const way = pass === 'forward' ? 'in' : 'on the way back through';
  return `: first ${value} ${way} layer ${where}, operation ${operation}`;
}

/** Where no single number is at fault: what has the largest share. */
function sayLargest({ optimizer }: Training, names: ReadonlyMap<Tensor, string>): string {
  const normOf = (parameter: Tensor): number => Math.hypot(...(gradientOf(parameter) ?? []));
  const [largest] = [...optimizer.parameters].sort((a, b) => normOf(b) - normOf(a));
  return `, ${normOf(largest!)} of it in ${names.get(largest!) ?? 'a parameter'}`;
}

/** Numbers that were wrong before anything was computed. */
function heldBadly(training: Training): string | undefined {
  const { batch } = training;
  const held = (what: string, { data }: { data: NumberArray }): string[] => {
    const value = notFinite(data);
    return value === undefined ? [] : [`: ${what} holds ${value}`];
  };
  const [first] = [
    ...(batch ? held("the batch's input", batch.input) : []),
    ...(batch && !batch.mask ? held("the batch's target", batch.target) : []),
    ...[...namesOf(training)].flatMap(([parameter, name]) => held(`parameter ${name}`, parameter)),
  ];
  return first;
}

function namesOf({ model, optimizer }: Training): ReadonlyMap<Tensor, string> {
  const names = new Map<Tensor, string>(
    optimizer.parameters.map((parameter, k) => [parameter, `parameter ${k}`]),
  );
  if (model instanceof Module)
    for (const [name, parameter] of model.namedParameters()) names.set(parameter, name);
  return names;
}
