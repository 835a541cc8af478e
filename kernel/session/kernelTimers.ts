/** Node's timers for the kernel itself, taken before cells get guarded ones (`userTimers.ts`). */
export const { setTimeout, setImmediate, clearTimeout, clearImmediate } = globalThis;
