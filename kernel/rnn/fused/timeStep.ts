import type { Callable, FunctionBuilder, Local } from '../wasm/assembler.js';
import { cancelAddress } from '../wasm/core.js';
import type { FrameMap } from './frame.js';
import { operandKey, type Layout, type Pointer } from './layout.js';
import type { NumberedProduct } from './numberedProducts.js';
import type { BufferKey, Plan } from './plan.js';

/** What the code of a sequence is written from. */
export interface Parts {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly frame: FrameMap;
  readonly core: Readonly<Record<string, Callable>>;
  readonly products: readonly NumberedProduct[];
}

/**
 * The memory side of a sequence's loop over time: where everything of the present time step stands, and which
 * sequences are running. Writes instructions.
 */
export class TimeStep {
  /** Number of sequences that are running. */
  readonly running: Local;
  readonly #batchSize: Local;
  readonly #pointers = new Map<string, Local>();
  readonly #strides = new Map<number, Local>();

  constructor(
    private readonly f: FunctionBuilder,
    private readonly address: Local,
    private readonly parts: Parts,
  ) {
    this.#batchSize = this.load(parts.frame.batchSize);
    this.running = this.load(parts.frame.batchSize);
  }

  /** A word of the frame, in a local. */
  load(word: number): Local {
    const local = this.f.local('i32');
    this.push(word);
    this.f.set(local);
    return local;
  }

  /** A word of the frame, on the stack. */
  push(word: number): void {
    this.f.get(this.address).memory('i32_load', 4 * word);
  }

  /** Numbers of one sequence at one time step. */
  widthOf(key: BufferKey): number {
    const { rooms, places } = this.parts.layout;
    return rooms[places.get(key)!.room]!.width;
  }

  /** Address of a buffer at the present time step. */
  at(key: BufferKey): Local {
    return this.pointer(this.parts.layout.places.get(key)!);
  }

  /** The same by room. */
  pointer({ room, shift }: Pointer): Local {
    return this.#pointers.get(`${room}:${shift}`)!;
  }

  /** Bytes of one time step in a room. */
  stride(width: number): Local {
    let stride = this.#strides.get(width);
    if (!stride) {
      this.#strides.set(width, (stride = this.f.local('i32')));
      this.f
        .get(this.#batchSize)
        .i32(4 * width)
        .op('i32_mul')
        .set(stride);
    }
    return stride;
  }

  /** Sets a pointer for each room (two for states) to the first or the last time step. */
  openPointers(step: 'first' | 'last'): void {
    const { f, parts } = this;
    const lastStep = f.local('i32');
    this.push(parts.frame.timeSteps);
    f.i32(1).op('i32_sub').set(lastStep);
    parts.layout.rooms.forEach(({ width, steps }, room) => {
      for (const shift of steps === 'states' ? ([0, 1] as const) : ([0] as const)) {
        const key = `${room}:${shift}`;
        const local = this.#pointers.get(key) ?? f.local('i32');
        this.#pointers.set(key, local);
        const stride = this.stride(width);
        this.push(parts.frame.room(room));
        if (shift === 1) f.get(stride).op('i32_add');
        if (step === 'last' && (steps === 'each' || steps === 'states'))
          f.get(stride).get(lastStep).op('i32_mul').op('i32_add');
        f.set(local);
      }
    });
  }

  movePointers(direction: 1 | -1): void {
    const { f, parts } = this;
    for (const [key, pointer] of this.#pointers) {
      const { width, steps } = parts.layout.rooms[Number(key.split(':')[0])]!;
      if (steps === 'one' || steps === 'shared') continue;
      f.get(pointer).get(this.stride(width));
      f.op(direction === 1 ? 'i32_add' : 'i32_sub').set(pointer);
    }
  }

  /** What backward adds to over all time steps starts from zero. */
  clearAccumulated(): void {
    const { plan, frame, layout } = this.parts;
    const keys: BufferKey[] = [`adjoint:${plan.program.input}`];
    for (const { node, accumulates } of plan.preactivations)
      if (accumulates) keys.push(`adjoint:${node}`);
    for (const key of keys) {
      this.push(frame.room(layout.places.get(key)!.room));
      this.f.i32(0);
      this.push(frame.rows);
      this.f
        .i32(4 * this.widthOf(key))
        .op('i32_mul')
        .op('memory_fill');
    }
  }

  /** What backward adds to within a time step starts from zero, for the sequences that are running. */
  clearTemporary(): void {
    const { plan } = this.parts;
    const keys: BufferKey[] = plan.program.states.map((_, k) => `carryOut:${k}` as const);
    const nodes = plan.stores.filter(({ hasAdjoint }) => hasAdjoint).map(({ node }) => node);
    for (const node of [...nodes, ...plan.normalisations.map((one) => one.node)])
      keys.push(`adjoint:${node}`);
    for (const key of new Set(keys)) {
      this.f.get(this.at(key)).i32(0).get(this.running);
      this.f
        .i32(4 * this.widthOf(key))
        .op('i32_mul')
        .op('memory_fill');
    }
  }

  countRunning(pushTimeStep: () => void): void {
    const { f, parts } = this;
    this.push(parts.frame.active);
    f.if(() => {
      this.push(parts.frame.active);
      pushTimeStep();
      f.i32(4).op('i32_mul').op('i32_add').memory('i32_load').set(this.running);
    });
  }

  /** What the gradients of weights read is zero for sequences that have ended. */
  clearEnded(keys: readonly BufferKey[]): void {
    const { f } = this;
    f.get(this.running).get(this.#batchSize).op('i32_lt_s');
    f.if(() => {
      for (const key of new Set(keys)) {
        const bytes = 4 * this.widthOf(key);
        f.get(this.running).i32(bytes).op('i32_mul').get(this.at(key)).op('i32_add').i32(0);
        f.get(this.#batchSize).get(this.running).op('i32_sub').i32(bytes).op('i32_mul');
        f.op('memory_fill');
      }
    });
  }

  /** Operands of products that a time step computes. */
  operandPlaces(): BufferKey[] {
    const { plan, products } = this.parts;
    return products.flatMap(({ product }) => {
      if (product.isHoisted) return [];
      const state = plan.program.states.findIndex(({ node }) => node === product.operand);
      return [state < 0 ? operandKey(plan, product.operand) : (`next:${state}` as const)];
    });
  }

  adjointPlaces(): BufferKey[] {
    return this.parts.plan.preactivations.flatMap(({ node, accumulates }) =>
      accumulates ? [] : [`adjoint:${node}` as const],
    );
  }

  /** The adjoint that a time step hands on is what the one before it gets. */
  passStates(): void {
    const { f, parts } = this;
    parts.plan.program.states.forEach((_, k) => {
      const [received, handed] = [this.at(`carryIn:${k}`), this.at(`carryOut:${k}`)];
      f.get(received).get(handed).set(received).set(handed);
    });
  }

  /** The adjoints of the initial states, to where each began. */
  leaveStates(): void {
    const { f, parts } = this;
    parts.plan.program.states.forEach(({ size }, k) => {
      const key: BufferKey = `carryIn:${k}`;
      this.push(parts.frame.room(parts.layout.places.get(key)!.room));
      f.get(this.at(key)).get(this.stride(size)).op('memory_copy');
    });
  }

  leaveIfCancelled(): void {
    this.f.i32(cancelAddress).memory('i32_load');
    this.f.if(() => this.f.op('return'));
  }
}
