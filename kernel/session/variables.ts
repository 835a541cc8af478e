/** The session's variables, each in a line, read without running any code of the user's (`ownData.ts`). */
import { types } from 'node:util';
import type { CellReference, VariableSummary } from '../contract/protocol.js';
import { heldBytes } from './heldBytes.js';
import { asTensor, isNumbers, lengthOf, typeName } from './ownData.js';
import { previewOf } from './valuePreview.js';

/** @param valuesOf The values of names, in their order; undefined where a name has none (yet). */
export function summarizeVariables(
  setBy: ReadonlyMap<string, CellReference>,
  valuesOf: (names: string[]) => ({ value: unknown } | undefined)[],
): VariableSummary[] {
  const names = [...setBy.keys()];
  return valuesOf(names).flatMap((found, index) => {
    const name = names[index]!;
    return found ? [{ ...summarize(name, found.value), cell: setBy.get(name)! }] : [];
  });
}

function summarize(name: string, value: unknown): VariableSummary {
  const shape = shapeOf(value);
  const held = heldBytes(value);
  return {
    name,
    type: typeName(value),
    preview: previewOf(value),
    ...(shape ? { shape } : {}),
    ...(held ? { bytes: held.bytes } : {}),
    ...(held?.isPartial ? { isPartial: true } : {}),
  };
}

export function shapeOf(value: unknown): number[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (types.isProxy(value)) return undefined;
  if (isNumbers(value)) return [lengthOf(value)];
  if (Array.isArray(value)) return [value.length];
  return asTensor(value)?.shape;
}
