/** A value → the media that a front end shows. */
import { inspect } from 'node:util';
import type { MimeBundle } from '../contract/mime.js';
import { displaySymbol } from '../notebook/mimeBundle.js';

const maxText = 100_000;

/** `util.inspect`, bounded in depth, items and characters. */
export function inspectBounded(value: unknown): string {
  const text = inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000 });
  if (text.length <= maxText) return text;
  return `${text.slice(0, maxText)}\n… ${String(text.length - maxText)} more characters`;
}

/** A value's own idea of itself (the de-facto standard of JavaScript kernels), else its inspection. */
export function toBundle(value: unknown): MimeBundle | PromiseLike<unknown> {
  const own = displayMethod(value);
  if (!own) return { 'text/plain': inspectBounded(value) };
  const shown = own.call(value);
  if (isPromiseLike(shown)) return shown;
  return asBundle(shown);
}

/** @throws {TypeError} What a display method gave is no media bundle. */
export function asBundle(shown: unknown): MimeBundle {
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) {
    throw new TypeError(
      `[Symbol.for('Jupyter.display')]() has to return an object from media type to content, ` +
        `got ${inspect(shown, { depth: 0 })}.`,
    );
  }
  return shown as MimeBundle;
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as { then?: unknown }).then === 'function';
}

function displayMethod(value: unknown): (() => unknown) | undefined {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject) return undefined;
  const method = (value as { [displaySymbol]?: unknown })[displaySymbol];
  return typeof method === 'function' ? (method as () => unknown) : undefined;
}
