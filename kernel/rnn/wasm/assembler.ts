/**
 * A WebAssembly module, written instruction by instruction.
 *
 * Only what the kernels need: functions over one imported memory, integers for addresses, SIMD for numbers.
 * Binary format: https://webassembly.github.io/spec/core/binary/
 */

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

const valueTypes: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** One- and multi-byte instructions without immediates. `fd` marks the SIMD prefix. */
const opcodes = {
  return: [0x0f],
  /** Stack: a, b, condition → a where the condition is not 0, else b. */
  select: [0x1b],
  i32_eqz: [0x45],
  i32_eq: [0x46],
  i32_lt_s: [0x48],
  i32_gt_s: [0x4a],
  i32_ge_s: [0x4e],
  i32_add: [0x6a],
  i32_sub: [0x6b],
  i32_mul: [0x6c],
  i32_div_u: [0x6e],
  i32_and: [0x71],
  i32_shl: [0x74],
  i32_shr_u: [0x76],
  f32_add: [0x92],
  f32_sub: [0x93],
  f32_mul: [0x94],
  f32_div: [0x95],
  f32_max: [0x97],
  f32_sqrt: [0x91],
  f32_demote_f64: [0xb6],
  f64_promote_f32: [0xbb],
  f64_sqrt: [0x9f],
  f64_convert_i32_s: [0xb7],
  f64_add: [0xa0],
  f64_sub: [0xa1],
  f64_mul: [0xa2],
  f64_div: [0xa3],
  /** Stack: address, byte, count → ; fills memory. */
  memory_fill: [0xfc, 0x0b, 0x00],
  /** Stack: target, source, count → ; copies memory. */
  memory_copy: [0xfc, 0x0a, 0x00, 0x00],
  i32x4_splat: [0xfd, 0x11],
  f32x4_splat: [0xfd, 0x13],
  f64x2_splat: [0xfd, 0x14],
  f32x4_lt: [0xfd, 0x43],
  v128_not: [0xfd, 0x4d],
  v128_and: [0xfd, 0x4e],
  v128_or: [0xfd, 0x50],
  v128_xor: [0xfd, 0x51],
  v128_bitselect: [0xfd, 0x52],
  f32x4_nearest: [0xfd, 0x6a],
  i32x4_add: [0xfd, 0xae, 0x01],
  i32x4_sub: [0xfd, 0xb1, 0x01],
  f32x4_eq: [0xfd, 0x41],
  f32x4_ne: [0xfd, 0x42],
  f32x4_gt: [0xfd, 0x44],
  f32x4_ge: [0xfd, 0x46],
  i32x4_trunc_sat_f32x4_s: [0xfd, 0xf8, 0x01],
  f32x4_abs: [0xfd, 0xe0, 0x01],
  f32x4_neg: [0xfd, 0xe1, 0x01],
  f32x4_sqrt: [0xfd, 0xe3, 0x01],
  f32x4_add: [0xfd, 0xe4, 0x01],
  f32x4_sub: [0xfd, 0xe5, 0x01],
  f32x4_mul: [0xfd, 0xe6, 0x01],
  f32x4_div: [0xfd, 0xe7, 0x01],
  f32x4_min: [0xfd, 0xe8, 0x01],
  f32x4_max: [0xfd, 0xe9, 0x01],
  /** Stack: a, b → b where b < a, else a: one instruction on common processors, and a NaN in a stays. */
  f32x4_pmin: [0xfd, 0xea, 0x01],
  /** Stack: a, b → b where a < b, else a. */
  f32x4_pmax: [0xfd, 0xeb, 0x01],
  /** The two lower float32 as two float64. */
  f64x2_promote_low_f32x4: [0xfd, 0x5f],
  f64x2_add: [0xfd, 0xf0, 0x01],
  f64x2_sub: [0xfd, 0xf1, 0x01],
  f64x2_mul: [0xfd, 0xf2, 0x01],
  f64x2_div: [0xfd, 0xf3, 0x01],
  /** a·b + c in one instruction where the processor has it: relaxed SIMD. */
  f32x4_relaxed_madd: [0xfd, 0x85, 0x02],
  f64x2_relaxed_madd: [0xfd, 0x87, 0x02],
} as const;

export type Opcode = keyof typeof opcodes;

/** Loads and stores: opcode bytes and the alignment hint (log₂ bytes). */
const memoryOpcodes = {
  i32_load: [[0x28], 2],
  f32_load: [[0x2a], 2],
  i32_store: [[0x36], 2],
  f32_store: [[0x38], 2],
  v128_load: [[0xfd, 0x00], 2],
  v128_load32_splat: [[0xfd, 0x09], 2],
  v128_load64_splat: [[0xfd, 0x0a], 3],
  v128_store: [[0xfd, 0x0b], 2],
  v128_load32_zero: [[0xfd, 0x5c], 2],
} as const;

export type MemoryOpcode = keyof typeof memoryOpcodes;

export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** LEB128, unsigned. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

/** LEB128, signed, 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  while (true) {
    const low = value & 0x7f;
    value >>= 7;
    if ((value === 0 && !(low & 0x40)) || (value === -1 && low & 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const vector = (items: readonly number[][]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const text = (value: string): number[] => {
  const bytes = Array.from(value, (character) => character.charCodeAt(0));
  return [...unsigned(bytes.length), ...bytes];
};

export interface ModuleOptions {
  /** Whether relaxed SIMD may be used. */
  readonly isRelaxed?: boolean;
  /** Where a 32-bit constant stands in memory, if it can. */
  readonly constantAt?: (bits: number) => number | undefined;
}

/** The body of one function. Methods push instructions; the operand stack is WebAssembly's own. */
export class FunctionBuilder {
  readonly #bytes: number[] = [];
  readonly #locals: ValueType[] = [];

  constructor(
    readonly index: number,
    private readonly parameters: readonly ValueType[],
    private readonly options: ModuleOptions = {},
  ) {}

  parameter(index: number): Local {
    return { index, type: this.parameters[index]! };
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.parameters.length + this.#locals.length - 1, type };
  }

  locals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  get(local: Local): this {
    return this.#push(0x20, ...unsigned(local.index));
  }
  set(local: Local): this {
    return this.#push(0x21, ...unsigned(local.index));
  }
  tee(local: Local): this {
    return this.#push(0x22, ...unsigned(local.index));
  }
  i32(value: number): this {
    return this.#push(0x41, ...signed(value));
  }
  f64(value: number): this {
    return this.#push(0x44, ...new Uint8Array(new Float64Array([value]).buffer));
  }
  f32(value: number): this {
    return this.#push(0x43, ...new Uint8Array(new Float32Array([value]).buffer));
  }
  /** The same number in all four lanes. */
  f32x4(value: number): this {
    return this.#lanes(new Int32Array(new Float32Array([value]).buffer)[0]!);
  }
  i32x4(value: number): this {
    return this.#lanes(value | 0);
  }
  /** A constant as an instruction is several for the processor, a load is one. */
  #lanes(bits: number): this {
    const address = bits === 0 ? undefined : this.options.constantAt?.(bits);
    if (address !== undefined) return this.i32(0).memory('v128_load32_splat', address);
    const lane = new Uint8Array(new Int32Array([bits]).buffer);
    return this.#push(0xfd, 0x0c, ...lane, ...lane, ...lane, ...lane);
  }
  op(opcode: Opcode): this {
    return this.#push(...opcodes[opcode]);
  }
  /** Stack: a, b → a·b + c, for four float32; in one instruction where relaxed SIMD is allowed. */
  multiplyAdd(pushC: () => void): this {
    const { isRelaxed } = this.options;
    if (!isRelaxed) this.op('f32x4_mul');
    pushC();
    return this.op(isRelaxed ? 'f32x4_relaxed_madd' : 'f32x4_add');
  }
  memory(opcode: MemoryOpcode, offset = 0): this {
    const [bytes, alignment] = memoryOpcodes[opcode];
    return this.#push(...bytes, alignment, ...unsigned(offset));
  }
  /** Stores the first lane only. */
  storeFirstLane(offset = 0): this {
    return this.#push(0xfd, 0x5a, 2, ...unsigned(offset), 0);
  }
  /** Shifts each 32-bit lane left. */
  i32x4ShiftLeft(bits: number): this {
    return this.i32(bits).#push(0xfd, 0xab, 0x01);
  }
  /** Shifts each 32-bit lane right, keeping its sign. */
  i32x4ShiftRight(bits: number): this {
    return this.i32(bits).#push(0xfd, 0xac, 0x01);
  }
  call(target: Callable): this {
    return this.#push(0x10, ...unsigned(target.index));
  }
  /** Loads one lane of a vector, keeping the others. Stack: address, vector → vector. */
  loadLane(lane: number, offset = 0): this {
    return this.#push(0xfd, 0x56, 2, ...unsigned(offset), lane);
  }
  /** Four lanes out of the eight of two vectors. */
  shuffle(...lanes: readonly [number, number, number, number]): this {
    const bytes = lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]);
    return this.#push(0xfd, 0x0d, ...bytes);
  }
  /** One lane as a float32. */
  extractLane(lane: number): this {
    return this.#push(0xfd, 0x1f, lane);
  }
  /** One lane of two float64. */
  extractDouble(lane: number): this {
    return this.#push(0xfd, 0x21, lane);
  }
  /** local += bytes */
  advance(local: Local, by: Local | number): this {
    this.get(local);
    if (typeof by === 'number') this.i32(by);
    else this.get(by);
    return this.op('i32_add').set(local);
  }

  /** Runs `body` while `counter` < `limit`, adding `step` to it each time; not at all if it starts there. */
  countTo(counter: Local, limit: Local, step: number, body: () => void): this {
    this.#push(0x02, 0x40, 0x03, 0x40);
    this.get(counter).get(limit).op('i32_ge_s').#push(0x0d, 0x01);
    body();
    this.advance(counter, step);
    return this.#push(0x0c, 0x00, 0x0b, 0x0b);
  }

  /** Runs `then` if the i32 on the stack is not 0, else `otherwise`. */
  if(then: () => void, otherwise?: () => void): this {
    this.#push(0x04, 0x40);
    then();
    if (otherwise) {
      this.#push(0x05);
      otherwise();
    }
    return this.#push(0x0b);
  }

  /** The function as an entry of the code section. */
  encode(): number[] {
    const locals = this.#locals.map((type) => [1, valueTypes[type]]);
    const body = [...vector(locals), ...this.#bytes, 0x0b];
    return [...unsigned(body.length), ...body];
  }

  #push(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
}

/** What `call` needs: a function of this module, or one that is imported. */
export interface Callable {
  readonly index: number;
}

interface Declared {
  builder: FunctionBuilder;
  parameters: readonly ValueType[];
  results: readonly ValueType[];
  exportName: string | undefined;
}

/** A module in the making, over a memory that is imported as `env.memory`. */
export class ModuleBuilder {
  readonly #imports: { name: string; parameters: readonly ValueType[] }[] = [];
  readonly #functions: Declared[] = [];

  /** @param memory whether it is shared between threads, with its largest size in pages of 64 KiB */
  constructor(
    private readonly memory: { shared: boolean; maximum: number },
    private readonly options: ModuleOptions,
  ) {}

  /** Whether a product and its sum are one instruction, which leaves a register more. */
  get isRelaxed(): boolean {
    return this.options.isRelaxed ?? false;
  }

  /** Imports `env.name`, a function without results. All imports come before the first definition. */
  importFunction(name: string, parameters: readonly ValueType[]): Callable {
    const known = this.#imports.findIndex((one) => one.name === name);
    if (known >= 0) return { index: known };
    if (this.#functions.length > 0) throw new Error(`import of ${name} after a definition`);
    this.#imports.push({ name, parameters });
    return { index: this.#imports.length - 1 };
  }

  /** Adds a function; `body` writes it. With a name it is exported. */
  define(
    exportName: string | undefined,
    parameters: readonly ValueType[],
    body: (f: FunctionBuilder, ...parameters: Local[]) => void,
    results: readonly ValueType[] = [],
  ): FunctionBuilder {
    const index = this.#imports.length + this.#functions.length;
    const builder = new FunctionBuilder(index, parameters, this.options);
    this.#functions.push({ builder, parameters, results, exportName });
    body(builder, ...parameters.map((_, index) => builder.parameter(index)));
    return builder;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const section = (id: number, content: number[]): number[] => [
      id,
      ...unsigned(content.length),
      ...content,
    ];
    const typeOf = (parameters: readonly ValueType[], results: readonly ValueType[]): number[] => [
      0x60,
      ...vector(parameters.map((type) => [valueTypes[type]])),
      ...vector(results.map((type) => [valueTypes[type]])),
    ];
    const types = [
      ...this.#imports.map(({ parameters }) => typeOf(parameters, [])),
      ...this.#functions.map(({ parameters, results }) => typeOf(parameters, results)),
    ];
    const limits = [this.memory.shared ? 3 : 1, 0, ...unsigned(this.memory.maximum)];
    const imports = [
      [...text('env'), ...text('memory'), 2, ...limits],
      ...this.#imports.map(({ name }, index) => [
        ...text('env'),
        ...text(name),
        0,
        ...unsigned(index),
      ]),
    ];
    const exported = this.#functions.flatMap(({ exportName, builder }) =>
      exportName === undefined ? [] : [[...text(exportName), 0, ...unsigned(builder.index)]],
    );
    const typeIndices = this.#functions.map((_, index) => unsigned(this.#imports.length + index));
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(types)),
      ...section(2, vector(imports)),
      ...section(3, vector(typeIndices)),
      ...section(7, vector(exported)),
      ...section(10, vector(this.#functions.map(({ builder }) => builder.encode()))),
    ]);
  }
}
