/** Whose code the main thread is in the middle of, seen from an interrupt in that very code. */
import { askUrl } from './interruptGate.js';

/**
 * - `none`: nothing runs.
 * - `user`: innermost is code of cells or of what they import.
 * - `below`: such code is on the stack, inside a call of Node or the kernel.
 * - `foreign`: only Node and the kernel are.
 */
export type CodeOnStack = 'none' | 'user' | 'below' | 'foreign';

/** Frames that are looked at; what is deeper than this is recursion of one kind. */
const maxFrames = 500;

/** @param isKernel Whether a script, by its URL, is the kernel's own. */
export function codeOnStack(isKernel: (url: string) => boolean): CodeOnStack {
  const urls = scriptsOnStack();
  if (!urls) return 'below';
  const below = urls.slice(urls.indexOf(askUrl) + 1);
  if (below.length === 0) return 'none';
  // Built-in functions and evaluated text have no URL; they belong to their caller.
  const named = below.filter((url) => url !== '');
  const isUsers = (url: string) => !url.startsWith('node:') && !isKernel(url);
  if (named.length > 0 && isUsers(named[0]!)) return 'user';
  return named.some(isUsers) ? 'below' : 'foreign';
}

/**
 * The URL of each frame's script, innermost first; empty where there is none. Undefined where a stack is just
 * being prepared: V8 does not prepare another within.
 */
function scriptsOnStack(): string[] | undefined {
  // Whatever stands there is put back as it is, not called.
  const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = maxFrames;
    // Frames that only wait for a promise are not on the stack.
    Error.prepareStackTrace = (_, sites) =>
      sites.filter((site) => !site.isAsync()).map((site) => site.getScriptNameOrSourceURL() || '');
    Error.captureStackTrace(holder);
    return Array.isArray(holder.stack) ? (holder.stack as string[]) : undefined;
  } finally {
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
