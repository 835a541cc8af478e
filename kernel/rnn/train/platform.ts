/** The two things that training wants from where it runs, looked up so that no environment is assumed. */
const host = globalThis as {
  performance?: { now(): number };
  setImmediate?: (callback: () => void) => unknown;
  setTimeout?: (callback: () => void, ms: number) => unknown;
};

/** Milliseconds from some fixed moment. */
export const now = (): number => host.performance?.now() ?? Date.now();

/** Lets events (messages, timers, drawing) be handled, then goes on. */
export const yieldToEvents = (): Promise<void> =>
  new Promise((resolve) => {
    if (host.setImmediate) host.setImmediate(resolve);
    else if (host.setTimeout) host.setTimeout(resolve, 0);
    else resolve();
  });

/** Yields to events when the last time was over `everyMs` ago. */
export function createYielder(everyMs = 10): () => Promise<void> {
  let last = now();
  return async () => {
    if (now() - last < everyMs) return;
    await yieldToEvents();
    last = now();
  };
}
