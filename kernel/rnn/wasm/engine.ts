import { ModuleBuilder } from './assembler.js';
import { defineGemm } from './gemmKernels.js';

/** The part of the JavaScript API that is used; the runtime assumes no environment's types. */
interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}
type Exports = Record<string, (...arguments_: number[]) => void>;
interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { exports: Exports };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

const pageBytes = 65_536;
const limits = { shared: true, maximum: 65_536 };
/** The first bytes of the memory: room for the kernels' own use. */
const scratch = 64;
const reserved = 1024;

/**
 * Memory for numbers and the modules that compute on it. Shared memory, so that views stay valid when it grows.
 */
export class Engine {
  readonly isRelaxed: boolean;
  readonly #api: WasmApi;
  readonly #memory: WasmMemory;
  readonly #products: Exports;
  /** Free pieces of memory by size in bytes. */
  readonly #free = new Map<number, number[]>();
  #end = reserved;

  constructor(api: WasmApi) {
    this.#api = api;
    this.#memory = new api.Memory({ initial: 16, ...limits });
    const relaxed = gemmModule(true);
    this.isRelaxed = api.validate(relaxed);
    this.#products = this.#instantiate(this.isRelaxed ? relaxed : gemmModule(false));
  }

  /** Compiles what `define` writes, over this memory. */
  compile(define: (module: ModuleBuilder) => void): Exports {
    const module = new ModuleBuilder(limits);
    define(module);
    return this.#instantiate(module.encode());
  }

  #instantiate(bytes: Uint8Array<ArrayBuffer>): Exports {
    const { Module, Instance } = this.#api;
    return new Instance(new Module(bytes), { env: { memory: this.#memory } }).exports;
  }

  /** Room for float32 numbers, zero at first or holding what was there. Freed by `release`. */
  allocate(length: number): Float32Array {
    const bytes = roomFor(length);
    const address = this.#free.get(bytes)?.pop() ?? this.#extend(bytes);
    return new Float32Array(this.#memory.buffer, address, length);
  }

  release(numbers: Float32Array): void {
    const bytes = roomFor(numbers.length);
    const list = this.#free.get(bytes);
    if (list) list.push(numbers.byteOffset);
    else this.#free.set(bytes, [numbers.byteOffset]);
  }

  /** Bytes that were ever handed out at the same time. */
  get size(): number {
    return this.#end;
  }

  #extend(bytes: number): number {
    const address = this.#end;
    const missing = address + bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    this.#end = address + bytes;
    return address;
  }

  /** C[m, n] += A[m, k]·B with B packed in panels; addresses and `ld…` in bytes. */
  gemmPacked(
    c: number,
    ldc: number,
    a: number,
    lda: number,
    b: number,
    m: number,
    n: number,
    k: number,
  ) {
    this.#products['gemmPacked']!(c, ldc, a, lda, b, m, n, k);
  }

  /** C[m, n] += Aᵀ·B with A `[k, m]` and B `[k, n]`. */
  gemmTransposed(
    ...[c, ldc, a, lda, b, ldb, m, n, k]: [
      c: number,
      ldc: number,
      a: number,
      lda: number,
      b: number,
      ldb: number,
      m: number,
      n: number,
      k: number,
    ]
  ) {
    this.#products['gemmTransposed']!(c, ldc, a, lda, b, ldb, m, n, k);
  }
}

function gemmModule(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(limits);
  defineGemm(module, { relaxed, scratch });
  return module.encode();
}

/** Bytes to reserve: whole cache lines, and one more because kernels may read a little beyond the end. */
const roomFor = (length: number): number => (Math.ceil((4 * length) / 64) + 1) * 64;

let engine: Engine | undefined | null = null;

/** The engine of this thread; undefined where WebAssembly SIMD or shared memory is missing. */
export function findEngine(): Engine | undefined {
  if (engine === null) engine = createEngine();
  return engine;
}

function createEngine(): Engine | undefined {
  const api = (globalThis as { WebAssembly?: WasmApi }).WebAssembly;
  if (!api || typeof SharedArrayBuffer === 'undefined' || !api.validate(gemmModule(false)))
    return undefined;
  return new Engine(api);
}
