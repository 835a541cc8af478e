import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';
import { ignoredTarget, padBatch, type Sample } from './padBatch.js';

/** Options of `streamBatches`. */
export interface StreamBatchesOptions<T> {
  /** B, samples in each batch. */
  batchSize: number;
  /** Makes a batch of samples. Default: `padBatch`. */
  collate?: (samples: T[]) => Batch;
  /** Samples kept back, of which one at random comes next, fixed by `manualSeed`; 0: in order. Default 0. */
  shuffleBuffer?: number;
  /** Leave out a batch that is not full. Default false. */
  dropLast?: boolean;
}

/**
 * Batches of samples that arrive one after the other (from a file, a socket, a generator), without ever holding more
 * than a batch and the shuffle buffer.
 */
export function streamBatches(
  source: AsyncIterable<Sample> | Iterable<Sample>,
  options: StreamBatchesOptions<Sample>,
): AsyncGenerator<Batch, void>;
export function streamBatches<T>(
  source: AsyncIterable<T> | Iterable<T>,
  options: StreamBatchesOptions<T> & { collate: (samples: T[]) => Batch },
): AsyncGenerator<Batch, void>;
export function streamBatches<T>(
  source: AsyncIterable<T> | Iterable<T>,
  options: StreamBatchesOptions<T>,
): AsyncGenerator<Batch, void> {
  checkOptions('streamBatches', options, {
    batchSize: is.positiveInteger,
    collate: optional(is.function),
    shuffleBuffer: optional(is.nonNegative),
    dropLast: optional(is.boolean),
  });
  return readBatches(source, options);
}

async function* readBatches<T>(
  source: AsyncIterable<T> | Iterable<T>,
  options: StreamBatchesOptions<T>,
): AsyncGenerator<Batch, void> {
  const { batchSize, shuffleBuffer = 0, dropLast = false } = options;
  const collate = options.collate ?? ((samples: T[]) => padBatch(samples as Sample[]));
  let waiting: T[] = [];
  for await (const sample of mixed(source, shuffleBuffer)) {
    waiting.push(sample);
    if (waiting.length < batchSize) continue;
    yield collate(waiting);
    waiting = [];
  }
  if (waiting.length > 0 && !dropLast) yield collate(waiting);
}

/** Each new sample takes the place of a random one of the buffer, which goes out; at the end the rest, at random. */
async function* mixed<T>(
  source: AsyncIterable<T> | Iterable<T>,
  size: number,
): AsyncGenerator<T, void> {
  const stream = randomStream('streamBatches');
  const buffer: T[] = [];
  for await (const sample of source) {
    if (buffer.length < size) {
      buffer.push(sample);
      continue;
    }
    if (size === 0) {
      yield sample;
      continue;
    }
    const k = stream.integer(0, size);
    const out = buffer[k]!;
    buffer[k] = sample;
    yield out;
  }
  while (buffer.length > 0) {
    const k = stream.integer(0, buffer.length);
    const out = buffer[k]!;
    buffer[k] = buffer.at(-1)!;
    buffer.pop();
    yield out;
  }
}

/** Options of `streamLanes`. */
export interface StreamLanesOptions {
  /** B, the number of lanes read side by side. */
  batchSize: number;
  /** T, the time steps of each batch: the truncation length of backpropagation through time. */
  sequenceLength: number;
  /**
   * A piece never shares a state with another one: each begins at the start of a batch, in a lane whose state is then
   * zero, and what its end leaves of a batch is padding (input 0, target −100). Default false: pieces are joined.
   */
  separate?: boolean;
}

/**
 * As `textLanes`, from pieces that arrive one after the other (encoded documents, lines): a lane that runs out takes the
 * next piece. Each batch goes on where the one before ended. Ends when a lane can't be filled any more; what is left
 * over in the others then, less than a piece and T symbols each, is not used.
 *
 * @returns batches of input and target `[T, B]` (int32)
 */
export function streamLanes(
  source: AsyncIterable<ArrayLike<number>> | Iterable<ArrayLike<number>>,
  options: StreamLanesOptions,
): AsyncGenerator<Batch, void> {
  checkOptions('streamLanes', options, {
    batchSize: is.positiveInteger,
    sequenceLength: is.positiveInteger,
    separate: optional(is.boolean),
  });
  return options.separate ? readSeparateLanes(source, options) : readLanes(source, options);
}

async function* readLanes(
  source: AsyncIterable<ArrayLike<number>> | Iterable<ArrayLike<number>>,
  { batchSize, sequenceLength }: StreamLanesOptions,
): AsyncGenerator<Batch, void> {
  const pieces = (async function* () {
    yield* source;
  })();
  const lanes = Array.from({ length: batchSize }, (): number[] => []);
  try {
    for (let continues = false; ; continues = true) {
      for (const lane of lanes)
        while (lane.length <= sequenceLength) {
          const next = await pieces.next();
          if (next.done) return;
          for (let i = 0; i < next.value.length; i++) lane.push(next.value[i]!);
        }
      const input = new Int32Array(sequenceLength * batchSize);
      const target = new Int32Array(sequenceLength * batchSize);
      lanes.forEach((lane, b) => {
        for (let t = 0; t < sequenceLength; t++) {
          input[t * batchSize + b] = lane[t]!;
          target[t * batchSize + b] = lane[t + 1]!;
        }
        lane.splice(0, sequenceLength);
      });
      const shape = [sequenceLength, batchSize];
      yield { input: new Tensor(input, shape), target: new Tensor(target, shape), continues };
    }
  } finally {
    await pieces.return(undefined);
  }
}

/** A lane that is out of its piece takes the next one; ends when all are through. */
async function* readSeparateLanes(
  source: AsyncIterable<ArrayLike<number>> | Iterable<ArrayLike<number>>,
  { batchSize, sequenceLength }: StreamLanesOptions,
): AsyncGenerator<Batch, void> {
  const pieces = (async function* () {
    yield* source;
  })();
  const lanes = Array.from({ length: batchSize }, () => ({
    piece: [] as ArrayLike<number>,
    at: 0,
  }));
  const isOut = ({ piece, at }: (typeof lanes)[number]): boolean => at + 1 >= piece.length;
  try {
    while (true) {
      const continues = lanes.map((lane) => !isOut(lane));
      for (const lane of lanes)
        while (isOut(lane)) {
          const next = await pieces.next();
          if (next.done) break;
          Object.assign(lane, { piece: next.value, at: 0 });
        }
      if (lanes.every(isOut)) return;
      const input = new Int32Array(sequenceLength * batchSize);
      const target = new Int32Array(sequenceLength * batchSize).fill(ignoredTarget);
      lanes.forEach((lane, b) => {
        const { piece, at } = lane;
        const steps = Math.max(0, Math.min(sequenceLength, piece.length - 1 - at));
        for (let t = 0; t < steps; t++) {
          input[t * batchSize + b] = piece[at + t]!;
          target[t * batchSize + b] = piece[at + t + 1]!;
        }
        lane.at += steps;
      });
      const shape = [sequenceLength, batchSize];
      yield { input: new Tensor(input, shape), target: new Tensor(target, shape), continues };
    }
  } finally {
    await pieces.return(undefined);
  }
}
