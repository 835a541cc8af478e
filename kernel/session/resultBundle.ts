/** A value → the media that a front end shows. */
import { inspect, types } from 'node:util';
import type { MimeBundle } from '../contract/mime.js';
import { displaySymbol } from '../notebook/mimeBundle.js';
import { inspectBounded } from './boundedInspect.js';
import { richArray } from './richArrays.js';

/** A value's own idea of itself (the de-facto standard of JavaScript kernels), else its inspection. */
export function toBundle(value: unknown): MimeBundle | PromiseLike<unknown> {
  const own = displayMethod(value);
  if (!own) {
    const rich = richArray(value);
    const plain = { 'text/plain': inspectBounded(value) };
    return rich === undefined ? plain : { 'text/html': rich, ...plain };
  }
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
  const method = ownMember(value);
  return typeof method === 'function' ? (method as () => unknown) : undefined;
}

function ownMember(value: object): unknown {
  try {
    return (value as { [displaySymbol]?: unknown })[displaySymbol];
  } catch (error) {
    // A proxy that throws at every question has no display method; any other getter's error is the cell's.
    if (types.isProxy(value)) return undefined;
    throw error;
  }
}
