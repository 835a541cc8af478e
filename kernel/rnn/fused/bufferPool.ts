import type { Compiled } from './compile.js';
import { createBuffers, releaseBuffers, type RunBuffers } from './runBuffers.js';

/** Most sets of buffers kept for lengths and batch sizes that were seen. */
const mostIdle = 4;

/**
 * Runs that are dropped without going back give their memory back: the engine's is not seen by the garbage collector.
 * What is registered must not be reachable from what is done then, so no closures here.
 */
const droppedRuns = new FinalizationRegistry<{ pool: BufferPool; buffers: RunBuffers }>(
  ({ pool, buffers }) => pool.giveBack(buffers),
);

/** The buffers of one layer: taken for a run, given back after it, used again for the next of the same size. */
export class BufferPool {
  readonly #idle: RunBuffers[] = [];
  /** Idle or taken. */
  readonly #all = new Set<RunBuffers>();
  /** Bytes of the sets that are taken. */
  bytesTaken = 0;

  constructor(private readonly compiled: Compiled) {}

  take(timeSteps: number, batchSize: number, parts: number): RunBuffers {
    const buffers =
      this.#takeIdle(timeSteps, batchSize, parts) ?? this.#create(timeSteps, batchSize, parts);
    buffers.use = 'taken';
    this.bytesTaken += buffers.bytes;
    return buffers;
  }

  #takeIdle(timeSteps: number, batchSize: number, parts: number): RunBuffers | undefined {
    const idle = this.#idle;
    for (let k = idle.length - 1; k >= 0; k--) {
      const one = idle[k]!;
      if (one.timeSteps !== timeSteps || one.batchSize !== batchSize) continue;
      // Mostly the last: it was given back a moment ago.
      if (one.parts.length === parts)
        return k === idle.length - 1 ? idle.pop() : idle.splice(k, 1)[0];
    }
    return undefined;
  }

  #create(timeSteps: number, batchSize: number, parts: number): RunBuffers {
    const buffers = createBuffers(this.compiled, timeSteps, batchSize, parts);
    this.#all.add(buffers);
    return buffers;
  }

  /** Has the buffers given back when the run is garbage. */
  watch(run: object, buffers: RunBuffers): void {
    buffers.use = 'watched';
    droppedRuns.register(run, { pool: this, buffers }, buffers);
  }

  giveBack(buffers: RunBuffers): void {
    if (buffers.use === 'idle') return;
    if (buffers.use === 'watched') droppedRuns.unregister(buffers);
    buffers.use = 'idle';
    this.bytesTaken -= buffers.bytes;
    this.#idle.push(buffers);
    if (this.#idle.length > mostIdle) this.#release(this.#idle.shift()!);
  }

  #release(buffers: RunBuffers): void {
    this.#all.delete(buffers);
    releaseBuffers(this.compiled.engine, buffers);
  }

  /** Nobody will take any more, and no run is left. */
  close(): void {
    for (const buffers of this.#all) {
      // What is still to be heard of a dropped run must not give it back again.
      buffers.use = 'idle';
      this.#release(buffers);
    }
    this.#idle.length = 0;
    this.bytesTaken = 0;
  }
}
