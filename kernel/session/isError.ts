import { types } from 'node:util';

/** `instanceof Error`, also for another realm's, and for what is hostile enough to fail when asked. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  if (types.isProxy(value)) return false;
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
