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
    private readonly seed: number,
    name: string,
  ) {
    this.streamId = hash(name);
  }

  /** Remembers where the stream stands. @returns puts it back there */
  bookmark(): () => void {
    const { counter, used } = this;
    const block = this.block.slice();
    return () => {
      this.counter = counter;
      this.used = used;
      this.block.set(block);
    };
  }

  /** 32 random bits. */
  bits(): number {
    if (this.used === 4) {
      const low = this.counter >>> 0;
      const high = Math.floor(this.counter / 2 ** 32);
      const key = [this.seed >>> 0, Math.floor(this.seed / 2 ** 32)] as const;
      this.block.set(philox4x32([low, high, this.streamId, 0], key));
      this.counter++;
      this.used = 0;
    }
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
const streams = new Map<string, RandomStream>();

/**
 * Fixes every random choice made from here on: initial weights, `rand…`, sampling.
 * The seed is 0 until this is called, so an unseeded notebook repeats itself too.
 *
 * @throws OptionError unless n is an integer from 0 to 2⁵³−1
 */
export function manualSeed(n: number): void {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new OptionError(`manualSeed: expected an integer from 0 to 2^53 − 1, got ${n}`);
  currentSeed = n;
  streams.clear();
}

/** The stream of that name under the current seed; each use goes on where the last one stopped. */
export function randomStream(name: string): RandomStream {
  let stream = streams.get(name);
  if (!stream) streams.set(name, (stream = new RandomStream(currentSeed, name)));
  return stream;
}

/** Runs `fn` and puts every stream back to where it was, so that random numbers drawn in it leave no trace. */
export function withRandomStateKept<T>(fn: () => T): T {
  const seed = currentSeed;
  const before = [...streams].map(([name, stream]) => [name, stream, stream.bookmark()] as const);
  try {
    return fn();
  } finally {
    currentSeed = seed;
    streams.clear();
    for (const [name, stream, goBack] of before) {
      goBack();
      streams.set(name, stream);
    }
  }
}
