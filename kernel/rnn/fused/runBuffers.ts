import type { Engine } from '../wasm/engine.js';
import type { Compiled } from './compile.js';
import { outputAdjoint } from './groupBody.js';
import type { BufferKey } from './plan.js';

/** The memory of a run for some sequences of the batch: a frame and the rooms that it points to. */
export interface Part {
  /** Position of its first sequence in the batch. */
  readonly start: number;
  readonly batchSize: number;
  readonly words: Int32Array;
  readonly rooms: readonly Float32Array[];
  readonly views: Views;
  /** Positions of the ones of a one-hot input, allocated when one comes. */
  positions: Int32Array | undefined;
  /** How many of its sequences are running at each time step, allocated when lengths come. */
  active: Int32Array | undefined;
}

/** What goes in and comes out, of a part's sequences. */
export interface Views {
  /** `[T, B, inputSize]` */
  readonly input: Float32Array;
  readonly inputAdjoint: Float32Array;
  /** `[T, B, outputSize]` */
  readonly output: Float32Array;
  readonly outputAdjoint: Float32Array;
  /** By state, `[B, size]`: before the first time step, after the last, and the adjoints of either. */
  readonly initial: readonly Float32Array[];
  readonly final: readonly Float32Array[];
  readonly adjoint: readonly Float32Array[];
  /** Where an adjoint may stand too before a sequence's last time step. */
  readonly otherAdjoint: readonly Float32Array[];
  /** By state, `[T, B, size]`: after each time step. */
  readonly next: readonly Float32Array[];
  /** By mask, `[T, B, size]` or `[B, size]`. */
  readonly masks: readonly Float32Array[];
  /** By vector. */
  readonly vectors: readonly Float32Array[];
  readonly vectorAdjoints: readonly Float32Array[];
}

/** All memory of a run over T time steps and B sequences, in one part for each thread. */
export interface RunBuffers {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly parts: readonly Part[];
  /** Addresses of the parts' frames. */
  readonly frames: Int32Array;
  readonly bytes: number;
  /** By whom: nobody, a run, or a run that may be dropped without notice. */
  use: 'idle' | 'taken' | 'watched';
}

export function createBuffers(
  compiled: Compiled,
  timeSteps: number,
  batchSize: number,
  count: number,
): RunBuffers {
  const { engine } = compiled;
  const parts = splitBatch(batchSize, count).map(({ start, size }) =>
    createPart(compiled, timeSteps, start, size),
  );
  const frames = engine.allocateWords(parts.length);
  frames.set(parts.map(({ words }) => words.byteOffset));
  const bytes = parts
    .flatMap(({ rooms }) => rooms)
    .reduce((total, { byteLength }) => total + byteLength, 0);
  return { timeSteps, batchSize, parts, frames, bytes, use: 'idle' };
}

/** Sizes of the parts: whole blocks of four sequences, as even as can be. */
function splitBatch(batchSize: number, count: number): { start: number; size: number }[] {
  const blocks = Math.ceil(batchSize / 4);
  const boundary = (k: number): number => Math.min(batchSize, 4 * Math.floor((k * blocks) / count));
  return Array.from({ length: count }, (_, k) => ({
    start: boundary(k),
    size: (k === count - 1 ? batchSize : boundary(k + 1)) - boundary(k),
  }));
}

function createPart(compiled: Compiled, timeSteps: number, start: number, batchSize: number): Part {
  const { engine, layout, frame } = compiled;
  const steps = { one: 1, each: timeSteps, states: timeSteps + 1 };
  const rooms = layout.rooms.map((room) =>
    engine.allocate(
      room.steps === 'shared' ? room.width : room.width * batchSize * steps[room.steps],
    ),
  );
  const words = engine.allocateWords(frame.size).fill(0);
  words[frame.timeSteps] = timeSteps;
  words[frame.batchSize] = batchSize;
  words[frame.rows] = timeSteps * batchSize;
  rooms.forEach(({ byteOffset }, k) => {
    words[frame.room(k)] = byteOffset;
  });
  const views = createViews(compiled, rooms, timeSteps, batchSize);
  return { start, batchSize, words, rooms, views, positions: undefined, active: undefined };
}

function createViews(
  { plan, layout }: Compiled,
  rooms: readonly Float32Array[],
  timeSteps: number,
  batchSize: number,
): Views {
  const { program, stores, vectors } = plan;
  /** `count` time steps of a buffer, from a time step on. */
  const view = (key: BufferKey, t = 0, count = 1): Float32Array => {
    const { room, shift } = layout.places.get(key)!;
    const stride = layout.rooms[room]!.width * batchSize;
    return rooms[room]!.subarray((t + shift) * stride, (t + shift + count) * stride);
  };
  const shared = (key: BufferKey): Float32Array => rooms[layout.places.get(key)!.room]!;
  const output = stores.find(({ node }) => node === program.output)!.key;
  return {
    input: view(`value:${program.input}`, 0, timeSteps),
    inputAdjoint: view(`adjoint:${program.input}`, 0, timeSteps),
    output: view(output, 0, timeSteps),
    outputAdjoint: view(outputAdjoint, 0, timeSteps),
    initial: program.states.map(({ node }) => view(`value:${node}`)),
    final: program.states.map((_, k) => view(`next:${k}`, timeSteps - 1)),
    adjoint: program.states.map((_, k) => view(`carryIn:${k}`)),
    otherAdjoint: program.states.map((_, k) => view(`carryOut:${k}`)),
    next: program.states.map((_, k) => view(`next:${k}`, 0, timeSteps)),
    masks: program.masks.map(({ node, perStep }) =>
      view(`value:${node}`, 0, perStep ? timeSteps : 1),
    ),
    vectors: vectors.map((node) => shared(`value:${node}`)),
    vectorAdjoints: vectors.map((node) => shared(`adjoint:${node}`)),
  };
}

export function releaseBuffers(engine: Engine, { parts, frames }: RunBuffers): void {
  engine.release(frames);
  for (const { words, rooms, positions, active } of parts) {
    engine.release(words);
    if (positions) engine.release(positions);
    if (active) engine.release(active);
    for (const room of rooms) engine.release(room);
  }
}
