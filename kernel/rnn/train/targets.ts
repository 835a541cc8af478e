import type { Batch } from '../data/batch.js';
import { ignoredTarget } from '../data/padBatch.js';
import { sameShape } from '../ndarray.js';
import type { Tensor } from '../tensor.js';

/** The batch's mask, where it says which targets count: where the target goes along with the input's time steps. */
export function targetMask(batch: Batch): Tensor | undefined {
  const { mask, target, lengths, targetLengths } = batch;
  if (!mask || !sameShape(mask.shape, target.shape.slice(0, mask.shape.length))) return undefined;
  const isAlong = targetLengths?.every((length, b) => length === lengths?.[b]) ?? true;
  return isAlong ? mask : undefined;
}

/** What a loss is given beside output and target; padding in int32 targets is marked by −100 itself. */
export function lossOptionsOf(batch: Batch): { mask: Tensor } | undefined {
  if (!batch.mask || batch.target.data instanceof Int32Array) return undefined;
  const mask = targetMask(batch);
  return mask && { mask };
}

/** Calls `visit` with the index of every number of the target that counts. */
export function forEachTarget(batch: Batch, visit: (index: number) => void): void {
  const { data } = batch.target;
  const isClass = data instanceof Int32Array;
  const mask = targetMask(batch);
  const inner = mask ? data.length / mask.size : 1;
  for (let i = 0; i < data.length; i++) {
    if (isClass && data[i] === ignoredTarget) continue;
    if (mask && mask.data[Math.floor(i / inner)] === 0) continue;
    visit(i);
  }
}

/** How many numbers of the target count: those that are neither padding nor −100. */
export function countTargets(batch: Batch): number {
  if (!batch.mask && !(batch.target.data instanceof Int32Array)) return batch.target.size;
  let count = 0;
  forEachTarget(batch, () => count++);
  return count;
}
