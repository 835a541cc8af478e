/**
 * Every message between a front end (VS Code, the command line) and a kernel process.
 *
 * Transport. The kernel is a child process with Node's IPC channel, `serialization: 'advanced'`
 * (structured clone, so bytes travel as `Uint8Array`). All output of a cell, console text included, is
 * a message on this one channel, so the order in which it was produced is the order in which it arrives.
 * The child's raw stdout and stderr carry crash logs only.
 *
 * Interrupts travel apart, because a busy kernel does not read its channel: the front end writes one
 * line of JSON (`ControlMessage`) to the child's file descriptor `controlFd`, which a worker thread reads.
 *
 * Order. The kernel says `ready` once (one that was started as a spare, when it is adopted). It runs
 * `execute` requests one at a time in the order received;
 * where the training of one is paused by the user, the next runs meanwhile;
 * each is answered by `status busy`, any number of `stream`, `display`, `result`, `error`,
 * `clearOutput`, `inputRequest`, then exactly one `executeReply`, then `status idle`. Everything that
 * belongs to a request names it in `parent`. Output of a timer or promise that outlives its cell keeps
 * the `parent` of the cell that started it and may come after that cell's `executeReply`.
 *
 * `protocolSchema.ts` has a JSON Schema for each message. A request that does not fit is answered by `refused`
 * (and where it is a cell's, the cell's end comes too), and the kernel goes on.
 *
 * Modelled on Jupyter's messaging specification, version 5.4:
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html
 */
export * from './kernelEvents.js';
export * from './kernelRequests.js';

/** The child's file descriptor that carries `ControlMessage` lines. */
export const controlFd = 4;

/** The environment variable with the most memory that a kernel may have, in megabytes. */
export const memoryLimitVariable = 'UNROLL_MEMORY_LIMIT';

/** The argument of a process that is to get warm and to wait for `adopt`. */
export const spareArgument = '--spare';

/** A kernel that ends because of it says so in a line on its raw stderr: this, then JSON of `MemoryEnd`. */
export const memoryEndMark = 'unroll: out of memory: ';

export interface MemoryEnd {
  usedBytes: number;
  /** The session's largest variables, a line each, where the kernel could still tell. */
  largest: string[];
}
