/** Which values are shown as arrays of numbers. The library is bundled apart, so a tensor is known by its looks. */
import { types } from 'node:util';
import { arrayHtml, type NumberArrayView } from '../notebook/arrayView.js';

/** Shorter ones say all they have to say as text. */
const leastNumbers = 2;
const leastOfTypedArray = 17;

/** The HTML that shows a tensor or a typed array; undefined for anything else. */
export function richArray(value: unknown): string | undefined {
  const view = asTypedArray(value) ?? asTensor(value);
  return view && arrayHtml(view);
}

function asTypedArray(value: unknown): NumberArrayView | undefined {
  if (!isNumbers(value) || value.length < leastOfTypedArray) return undefined;
  // A Buffer is bytes, not numbers.
  if (Buffer.isBuffer(value)) return undefined;
  const type = value.constructor.name;
  const dtype = type.replace(/Array$/, '').toLowerCase();
  return { type, dtype, shape: [value.length], data: value };
}

function asTensor(value: unknown): NumberArrayView | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  if (!('shape' in value && 'data' in value && 'dtype' in value)) return undefined;
  const { shape, data, dtype } = value;
  if (!isShape(shape) || !isNumbers(data) || typeof dtype !== 'string') return undefined;
  if (data.length !== shape.reduce((product, extent) => product * extent, 1)) return undefined;
  if (data.length < leastNumbers) return undefined;
  const notes = 'requiresGrad' in value && value.requiresGrad === true ? ['requires grad'] : [];
  const hasGradient = 'grad' in value && typeof value.grad === 'object' && value.grad !== null;
  if (hasGradient) notes.push('has grad');
  return { type: value.constructor.name, dtype, shape, data, notes };
}

function isNumbers(value: unknown): value is Float64Array {
  return (
    types.isTypedArray(value) && !types.isBigInt64Array(value) && !types.isBigUint64Array(value)
  );
}

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((extent) => Number.isInteger(extent) && extent >= 0);
