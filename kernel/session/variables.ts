/** The session's variables, each in a line. */
import { inspect } from 'node:util';
import type { CellReference, VariableSummary } from '../contract/protocol.js';

const maxPreview = 120;

export function summarizeVariables(
  setBy: ReadonlyMap<string, CellReference>,
  valueOf: (name: string) => { value: unknown } | undefined,
): VariableSummary[] {
  return [...setBy].flatMap(([name, cell]) => {
    const found = valueOf(name);
    return found ? [{ ...summarize(name, found.value), cell }] : [];
  });
}

function summarize(name: string, value: unknown): VariableSummary {
  const shape = shapeOf(value);
  const bytes = bytesOf(value);
  return {
    name,
    type: typeName(value),
    preview: preview(value),
    ...(shape ? { shape } : {}),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return isClass(value) ? 'class' : 'function';
  if (typeof value !== 'object') return typeof value;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function preview(value: unknown): string {
  const text = inspect(value, {
    depth: 0,
    breakLength: Infinity,
    maxArrayLength: 8,
    maxStringLength: maxPreview,
    customInspect: false,
  }).replace(/\s+/g, ' ');
  return text.length > maxPreview ? `${text.slice(0, maxPreview - 1)}…` : text;
}

function shapeOf(value: unknown): number[] | undefined {
  if (ArrayBuffer.isView(value) && 'length' in value) return [value.length as number];
  if (typeof value !== 'object' || value === null || !('shape' in value)) return undefined;
  const { shape } = value;
  const isShape = Array.isArray(shape) && shape.every((size) => typeof size === 'number');
  return isShape ? [...shape] : undefined;
}

function bytesOf(value: unknown): number | undefined {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (typeof value !== 'object' || value === null || !('data' in value)) return undefined;
  return ArrayBuffer.isView(value.data) ? value.data.byteLength : undefined;
}
