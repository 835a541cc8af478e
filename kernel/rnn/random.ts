import { OptionError } from './errors.js';

/**
 * Philox-4x32-10, a counter-based generator: the n-th block of a stream is a pure function of seed, stream
 * and n, so streams never disturb each other and a state is two numbers.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011, https://doi.org/10.1145/2063384.2063405
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + (carry >>> 16)) | 0;
}

/** A stream of random numbers that depends on the seed and its own name only. */
export class RandomStream {
  private counter = 0;
  private readonly block = new Uint32Array(4);
  private used = 4;
  private readonly streamId: number;

  constructor(
    private seed: number,
    name: string,
  ) {
    this.streamId = hash(name);
  }

  /** How many times 32 bits were drawn: with seed and name all that there is to know of a stream. */
  get position(): number {
    return 4 * this.counter - 4 + this.used;
  }

  /** Goes on under `seed` after the first `position` draws. */
  moveTo(seed: number, position: number): void {
    this.seed = seed;
    this.counter = Math.floor(position / 4);
    this.used = 4;
    const drawn = position % 4;
    if (drawn === 0) return;
    this.nextBlock();
    this.used = drawn;
  }

  private nextBlock(): void {
    const low = this.counter >>> 0;
    const high = Math.floor(this.counter / 2 ** 32);
    const key = [this.seed >>> 0, Math.floor(this.seed / 2 ** 32)] as const;
    this.block.set(philox4x32([low, high, this.streamId, 0], key));
    this.counter++;
    this.used = 0;
  }

  /** 32 random bits. */
  bits(): number {
    if (this.used === 4) this.nextBlock();
    return this.block[this.used++]!;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** Standard normal, by the Box–Muller transform. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Uniform integer in [low, high), without bias. */
  integer(low: number, high: number): number {
    const range = high - low;
    const limit = 2 ** 32 - (2 ** 32 % range);
    let bits = this.bits();
    while (bits >= limit) bits = this.bits();
    return low + (bits % range);
  }
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

let currentSeed = 0;
/** Each name has one stream for ever, which whoever draws may hold on to. */
const namedStreams = new Map<string, RandomStream>();

/**
 * Fixes every random choice made from here on: initial weights, `rand…`, sampling.
 * The seed is 0 until this is called, so an unseeded notebook repeats itself too.
 *
 * @throws OptionError unless n is an integer from 0 to 2⁵³−1
 */
export function manualSeed(n: number): void {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new OptionError(`manualSeed: expected an integer from 0 to 2^53 − 1, got ${n}`);
  setRngState({ seed: n, streams: {} });
}

/** The stream of that name under the current seed; each use goes on where the last one stopped. */
export function randomStream(name: string): RandomStream {
  let stream = namedStreams.get(name);
  if (!stream) namedStreams.set(name, (stream = new RandomStream(currentSeed, name)));
  return stream;
}

/** Where all random streams stand, as plain data. */
export interface RngState {
  seed: number;
  /** By name of the stream: how many times 32 bits were drawn from it. */
  streams: Record<string, number>;
}

/** Where random numbers stand now: `setRngState` goes on from here, in this process or another one. */
export function getRngState(): RngState {
  const streams: Record<string, number> = {};
  for (const [name, stream] of namedStreams)
    if (stream.position > 0) streams[name] = stream.position;
  return { seed: currentSeed, streams };
}

/**
 * Goes on with random numbers from a state; streams that it does not know start anew.
 * @throws OptionError unless the state is of `getRngState`
 */
export function setRngState(state: RngState): void {
  checkRngState(state);
  currentSeed = state.seed;
  for (const [name, stream] of namedStreams)
    if (!Object.hasOwn(state.streams, name)) stream.moveTo(state.seed, 0);
  for (const [name, position] of Object.entries(state.streams))
    randomStream(name).moveTo(state.seed, position);
}

/** Remembers where the streams stand, again and again, without a state of its own for each time. */
export class RandomBookmark {
  #positions = new Float64Array(16);
  #count = 0;

  mark(): void {
    this.#count = namedStreams.size;
    if (this.#count > this.#positions.length) this.#positions = new Float64Array(2 * this.#count);
    let k = 0;
    for (const stream of namedStreams.values()) this.#positions[k++] = stream.position;
  }

  /** Puts the streams back; those that came later start anew. */
  goBack(): void {
    let k = 0;
    for (const stream of namedStreams.values())
      stream.moveTo(currentSeed, k < this.#count ? this.#positions[k++]! : 0);
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function checkRngState(state: unknown): void {
  const { seed, streams } = (state ?? {}) as Partial<RngState>;
  const isState =
    isCount(seed) &&
    typeof streams === 'object' &&
    (streams as object | null) !== null &&
    Object.values(streams).every(isCount);
  if (!isState)
    throw new OptionError('setRngState: expected { seed, streams } as getRngState gives them');
}

/** Runs `fn` and puts every stream back to where it was, so that random numbers drawn in it leave no trace. */
export function withRandomStateKept<T>(fn: () => T): T {
  const before = getRngState();
  try {
    return fn();
  } finally {
    setRngState(before);
  }
}
