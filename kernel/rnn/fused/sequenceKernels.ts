import type { Callable, FunctionBuilder, Local, ModuleBuilder } from '../wasm/assembler.js';
import { cancelAddress, importCore } from '../wasm/core.js';
import type { FrameMap } from './frame.js';
import { defineLoop, type GroupKernel } from './groupKernels.js';
import { operandAdjoint, operandKey, type Layout, type Pointer } from './layout.js';
import type { BufferKey, Plan, Preactivation, Product } from './plan.js';

/**
 * A program's way through a sequence and back, as one module. All arguments are i32.
 *
 * `forward(frame)` and `backward(frame)`: all time steps of one part of the batch.
 * `gradients(frames, count, part, parts, scratch)`: the gradients of weights and biases over all frames, of which
 * this call computes one part of each weight's rows.
 */
export function defineSequence(
  module: ModuleBuilder,
  plan: Plan,
  layout: Layout,
  frame: FrameMap,
): void {
  const core = importCore(module);
  const loops = (direction: 'forward' | 'backward'): GroupKernel[] =>
    plan.groups.map((group) => defineLoop(module, plan, layout, group, direction));
  const forward = loops('forward');
  const backward = loops('backward');
  const parts: Parts = { plan, layout, frame, core, products: numberProducts(plan) };
  module.define('forward', ['i32'], (f, address) => {
    new SequenceWriter(f, address, parts).forward(forward);
  });
  module.define('backward', ['i32'], (f, address) => {
    new SequenceWriter(f, address, parts).backward(backward);
  });
  defineGradients(module, parts);
}

/** Rows from which packed weights pay; below, products read the weights as they lie. */
export const packedRows = 4;

type Core = Readonly<Record<string, Callable>>;

interface NumberedProduct {
  readonly product: Product;
  readonly sum: Preactivation;
  /** Position of the pre-activation, and of the product among all. */
  readonly k: number;
  readonly index: number;
  /** Whether it is the first to write its pre-activation, with the bias. */
  readonly isFirst: boolean;
}

interface Parts {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly frame: FrameMap;
  readonly core: Core;
  readonly products: readonly NumberedProduct[];
}

/** All products in the order in which they write: those for all time steps first. */
export function numberProducts({ preactivations }: Plan): NumberedProduct[] {
  let index = 0;
  return preactivations.flatMap((sum, k) => {
    const hoisted = sum.terms.filter(({ isHoisted }) => isHoisted);
    const others = sum.terms.filter(({ isHoisted }) => !isHoisted);
    return [...hoisted, ...others].map((product, at) => ({
      product,
      sum,
      k,
      index: index++,
      isFirst: at === 0,
    }));
  });
}

class SequenceWriter {
  readonly #t: Local;
  readonly #batchSize: Local;
  /** Sequences that are running at the present time step. */
  readonly #running: Local;
  readonly #pointers = new Map<string, Local>();
  readonly #strides = new Map<number, Local>();

  constructor(
    private readonly f: FunctionBuilder,
    private readonly address: Local,
    private readonly parts: Parts,
  ) {
    this.#t = f.local('i32');
    this.#batchSize = this.#load(parts.frame.batchSize);
    this.#running = this.#load(parts.frame.batchSize);
  }

  forward(loops: readonly GroupKernel[]): void {
    const { f, parts } = this;
    const { plan, products } = parts;
    const timeSteps = this.#load(parts.frame.timeSteps);
    const rows = this.#load(parts.frame.rows);
    this.#openPointers('first');
    for (const one of products) if (one.product.isHoisted) this.#startWithInput(one, rows);
    f.countTo(this.#t, timeSteps, 1, () => {
      this.#leaveIfCancelled();
      this.#countRunning(() => f.get(this.#t));
      this.#clearEnded(this.#operandPlaces());
      for (let level = 0; level < plan.levels; level++) {
        for (const one of products)
          if (one.sum.level === level && !one.product.isHoisted) this.#multiply(one);
        for (const one of plan.normalisations) if (one.level === level) this.#normalise(one);
        for (const loop of loops) if (loop.group.level === level) this.#run(loop);
      }
      this.#movePointers(1);
    });
  }

  backward(loops: readonly GroupKernel[]): void {
    const { f, parts } = this;
    const { plan, products } = parts;
    const timeSteps = this.#load(parts.frame.timeSteps);
    this.#openPointers('last');
    this.#clearAccumulated();
    f.countTo(this.#t, timeSteps, 1, () => {
      this.#leaveIfCancelled();
      this.#countRunning(() => f.get(timeSteps).i32(1).op('i32_sub').get(this.#t).op('i32_sub'));
      this.#clearTemporary();
      this.#clearEnded(this.#adjointPlaces());
      for (let level = plan.levels - 1; level >= 0; level--) {
        for (const loop of loops) if (loop.group.level === level) this.#run(loop);
        for (const one of plan.normalisations) if (one.level === level) this.#normaliseBack(one);
        for (const one of products)
          if (one.sum.level === level && !one.product.isHoisted) this.#multiplyBack(one);
      }
      this.#movePointers(-1);
      this.#passStates();
    });
    this.#leaveStates();
    this.#inputAdjoint();
  }

  // -----------------------------------------------------------------------------------------------
  // Products and normalisations

  /** A product with the input at all time steps, or a gather of weights where the input is one-hot. */
  #startWithInput(one: NumberedProduct, rows: Local): void {
    const { f, parts } = this;
    const { frame, core } = parts;
    const { product, sum, index } = one;
    const [oneHot, y] = [this.#load(frame.oneHot), this.#at(`value:${sum.node}`)];
    f.get(oneHot);
    f.if(
      () => {
        if (one.isFirst) {
          f.get(y).i32(4 * sum.width);
          this.#push(frame.bias(one.k, 'sum'));
          f.get(rows).i32(sum.width).call(core['fillRows']!);
        }
        f.get(y).i32(4 * sum.width);
        this.#push(frame.product(index, 'transposed'));
        f.i32(4 * product.weight.rows)
          .get(oneHot)
          .get(rows)
          .i32(sum.width);
        f.call(core['gather']!);
      },
      () => this.#multiplyRows(one, `value:${product.operand}`, rows),
    );
  }

  #multiply(one: NumberedProduct): void {
    this.#multiplyRows(one, operandKey(this.parts.plan, one.product.operand), this.#running);
  }

  /** The pre-activation's rows = bias + operand·Wᵀ, or += for all products but the first. */
  #multiplyRows(
    { product, sum, k, index, isFirst }: NumberedProduct,
    operand: BufferKey,
    rows: Local,
  ): void {
    const { f, parts } = this;
    const { frame, core } = parts;
    const pushOperands = (): void => {
      f.get(this.#at(`value:${sum.node}`)).i32(4 * sum.width);
      f.get(this.#at(operand)).i32(4 * product.depth);
    };
    const pushSizes = (): void => {
      if (isFirst) this.#push(frame.bias(k, 'sum'));
      else f.i32(0);
      f.get(rows).i32(sum.width).i32(product.depth);
    };
    f.get(rows).i32(packedRows).op('i32_ge_s');
    f.if(
      () => {
        pushOperands();
        this.#push(frame.product(index, 'packed'));
        pushSizes();
        f.call(core['gemmPacked']!);
      },
      () => {
        pushOperands();
        this.#push(frame.product(index, 'weight'));
        f.i32(4 * product.depth);
        pushSizes();
        f.call(core['gemvRows']!);
      },
    );
  }

  /** The operand's adjoint += the pre-activation's adjoint · W */
  #multiplyBack(one: NumberedProduct): void {
    const target = operandAdjoint(this.parts.plan, one.product.operand);
    this.#multiplyRowsBack(one, target, this.#running);
  }

  #multiplyRowsBack(
    { product, sum, index }: NumberedProduct,
    target: BufferKey,
    rows: Local,
  ): void {
    const { f, parts } = this;
    const { frame, core } = parts;
    const pushOperands = (): void => {
      f.get(this.#at(target)).i32(4 * product.depth);
      f.get(this.#at(`adjoint:${sum.node}`)).i32(4 * sum.width);
    };
    const pushSizes = () => f.get(rows).i32(product.depth).i32(sum.width);
    f.get(rows).i32(packedRows).op('i32_ge_s');
    f.if(
      () => {
        pushOperands();
        this.#push(frame.product(index, 'packedBack'));
        f.i32(0);
        pushSizes().call(core['gemmPacked']!);
      },
      () => {
        pushOperands();
        this.#push(frame.product(index, 'weight'));
        f.i32(4 * product.depth);
        pushSizes().call(core['gemvColumns']!);
      },
    );
  }

  #inputAdjoint(): void {
    const { f, parts } = this;
    const { frame, plan, products } = parts;
    const rows = this.#load(frame.rows);
    f.get(this.#load(frame.wantsInput));
    f.if(() => {
      this.#openPointers('first');
      for (const one of products)
        if (one.product.isHoisted)
          this.#multiplyRowsBack(one, `adjoint:${plan.program.input}`, rows);
    });
  }

  #normalise({ node, operand, width, eps }: Plan['normalisations'][number]): void {
    const { f, parts } = this;
    const key = operandKey(parts.plan, operand);
    f.get(this.#at(`value:${node}`)).get(this.#at(`inverse:${node}`));
    f.get(this.#at(key)).i32(4 * this.#widthOf(key));
    f.get(this.#running).i32(width).f32(eps).call(parts.core['normalise']!);
  }

  #normaliseBack({ node, operand, width }: Plan['normalisations'][number]): void {
    const { f, parts } = this;
    const target = operandAdjoint(parts.plan, operand);
    f.get(this.#at(target)).i32(4 * this.#widthOf(target));
    f.get(this.#at(`adjoint:${node}`)).get(this.#at(`value:${node}`));
    f.get(this.#at(`inverse:${node}`))
      .get(this.#running)
      .i32(width);
    f.call(parts.core['normaliseBack']!);
  }

  #run({ body, pointers }: GroupKernel): void {
    this.f.get(this.#running);
    for (const pointer of pointers) this.f.get(this.#pointer(pointer));
    this.f.call(body);
  }

  // -----------------------------------------------------------------------------------------------
  // Memory

  #load(word: number): Local {
    const local = this.f.local('i32');
    this.#push(word);
    this.f.set(local);
    return local;
  }

  #push(word: number): void {
    this.f.get(this.address).memory('i32_load', 4 * word);
  }

  #widthOf(key: BufferKey): number {
    const { rooms, places } = this.parts.layout;
    return rooms[places.get(key)!.room]!.width;
  }

  #at(key: BufferKey): Local {
    return this.#pointer(this.parts.layout.places.get(key)!);
  }

  #pointer({ room, shift }: Pointer): Local {
    return this.#pointers.get(`${room}:${shift}`)!;
  }

  /** Bytes of one time step in a room. */
  #stride(width: number): Local {
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
  #openPointers(step: 'first' | 'last'): void {
    const { f, parts } = this;
    const lastStep = f.local('i32');
    this.#push(parts.frame.timeSteps);
    f.i32(1).op('i32_sub').set(lastStep);
    parts.layout.rooms.forEach(({ width, steps }, room) => {
      for (const shift of steps === 'states' ? ([0, 1] as const) : ([0] as const)) {
        const key = `${room}:${shift}`;
        const local = this.#pointers.get(key) ?? f.local('i32');
        this.#pointers.set(key, local);
        const stride = this.#stride(width);
        this.#push(parts.frame.room(room));
        if (shift === 1) f.get(stride).op('i32_add');
        if (step === 'last' && (steps === 'each' || steps === 'states'))
          f.get(stride).get(lastStep).op('i32_mul').op('i32_add');
        f.set(local);
      }
    });
  }

  #movePointers(direction: 1 | -1): void {
    const { f, parts } = this;
    for (const [key, pointer] of this.#pointers) {
      const { width, steps } = parts.layout.rooms[Number(key.split(':')[0])]!;
      if (steps === 'one' || steps === 'shared') continue;
      f.get(pointer).get(this.#stride(width));
      f.op(direction === 1 ? 'i32_add' : 'i32_sub').set(pointer);
    }
  }

  /** What backward adds to over all time steps starts from zero. */
  #clearAccumulated(): void {
    const { plan, frame, layout } = this.parts;
    const keys: BufferKey[] = [`adjoint:${plan.program.input}`];
    for (const { node, accumulates } of plan.preactivations)
      if (accumulates) keys.push(`adjoint:${node}`);
    for (const key of keys) {
      this.#push(frame.room(layout.places.get(key)!.room));
      this.f.i32(0);
      this.#push(frame.rows);
      this.f
        .i32(4 * this.#widthOf(key))
        .op('i32_mul')
        .op('memory_fill');
    }
  }

  /** What backward adds to within a time step starts from zero, for the sequences that are running. */
  #clearTemporary(): void {
    const { plan } = this.parts;
    const keys: BufferKey[] = plan.program.states.map((_, k) => `carryOut:${k}` as const);
    const nodes = plan.stores.filter(({ hasAdjoint }) => hasAdjoint).map(({ node }) => node);
    for (const node of [...nodes, ...plan.normalisations.map((one) => one.node)])
      keys.push(`adjoint:${node}`);
    for (const key of new Set(keys)) {
      this.f.get(this.#at(key)).i32(0).get(this.#running);
      this.f
        .i32(4 * this.#widthOf(key))
        .op('i32_mul')
        .op('memory_fill');
    }
  }

  #countRunning(pushTimeStep: () => void): void {
    const { f, parts } = this;
    this.#push(parts.frame.active);
    f.if(() => {
      this.#push(parts.frame.active);
      pushTimeStep();
      f.i32(4).op('i32_mul').op('i32_add').memory('i32_load').set(this.#running);
    });
  }

  /** What the gradients of weights read is zero for sequences that have ended. */
  #clearEnded(keys: readonly BufferKey[]): void {
    const { f } = this;
    f.get(this.#running).get(this.#batchSize).op('i32_lt_s');
    f.if(() => {
      for (const key of new Set(keys)) {
        const bytes = 4 * this.#widthOf(key);
        f.get(this.#running).i32(bytes).op('i32_mul').get(this.#at(key)).op('i32_add').i32(0);
        f.get(this.#batchSize).get(this.#running).op('i32_sub').i32(bytes).op('i32_mul');
        f.op('memory_fill');
      }
    });
  }

  /** Operands of products that a time step computes. */
  #operandPlaces(): BufferKey[] {
    const { plan, products } = this.parts;
    return products.flatMap(({ product }) => {
      if (product.isHoisted) return [];
      const state = plan.program.states.findIndex(({ node }) => node === product.operand);
      return [state < 0 ? operandKey(plan, product.operand) : (`next:${state}` as const)];
    });
  }

  #adjointPlaces(): BufferKey[] {
    return this.parts.plan.preactivations.flatMap(({ node, accumulates }) =>
      accumulates ? [] : [`adjoint:${node}` as const],
    );
  }

  /** The adjoint that a time step hands on is what the one before it gets. */
  #passStates(): void {
    const { f, parts } = this;
    parts.plan.program.states.forEach((_, k) => {
      const [received, handed] = [this.#at(`carryIn:${k}`), this.#at(`carryOut:${k}`)];
      f.get(received).get(handed).set(received).set(handed);
    });
  }

  /** The adjoints of the initial states, to where each began. */
  #leaveStates(): void {
    const { f, parts } = this;
    parts.plan.program.states.forEach(({ size }, k) => {
      const key: BufferKey = `carryIn:${k}`;
      this.#push(parts.frame.room(parts.layout.places.get(key)!.room));
      f.get(this.#at(key)).get(this.#stride(size)).op('memory_copy');
    });
  }

  #leaveIfCancelled(): void {
    this.f.i32(cancelAddress).memory('i32_load');
    this.f.if(() => this.f.op('return'));
  }
}

function defineGradients(module: ModuleBuilder, parts: Parts): void {
  const { plan, layout, frame, core, products } = parts;
  const parameters = Array<'i32'>(5).fill('i32');
  module.define('gradients', parameters, (f, frames, count, part, ofParts, scratch) => {
    const [k, address, from, rows, width] = f.locals('i32', 5) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const push = (word: number) => f.get(address).memory('i32_load', 4 * word);
    const pushRoom = (key: BufferKey, column: Local): void => {
      const place = layout.places.get(key)!;
      push(frame.room(place.room));
      if (place.shift === 1)
        push(frame.batchSize)
          .i32(4 * layout.rooms[place.room]!.width)
          .op('i32_mul')
          .op('i32_add');
      f.get(column).i32(4).op('i32_mul').op('i32_add');
    };
    /** This part's columns of a pre-activation: `width` from `from` on, whole vectors. */
    const setColumns = (columns: number): void => {
      const blocks = Math.ceil(columns / 4);
      const boundary = (extra: number): void => {
        f.get(part).i32(extra).op('i32_add').i32(blocks).op('i32_mul');
        f.get(ofParts).op('i32_div_u').i32(4).op('i32_mul').set(width);
        f.get(width).i32(columns).get(width).i32(columns).op('i32_lt_s').op('select').set(width);
      };
      boundary(0);
      f.get(width).set(from);
      boundary(1);
      f.get(width).get(from).op('i32_sub').set(width);
    };
    const zero = f.local('i32');
    f.countTo(k, count, 1, () => {
      f.get(frames).get(k).i32(4).op('i32_mul').op('i32_add').memory('i32_load').set(address);
      push(frame.rows).set(rows);
      for (const { product, sum, index } of products) {
        setColumns(sum.width);
        const operand = operandKey(plan, product.operand);
        const weightGradient = (): void => {
          push(frame.product(index, 'gradient'));
          f.if(() => {
            push(frame.product(index, 'gradient'));
            f.get(from)
              .i32(4 * product.depth)
              .op('i32_mul')
              .op('i32_add')
              .i32(4 * product.depth);
            pushRoom(`adjoint:${sum.node}`, from);
            f.i32(4 * sum.width);
            pushRoom(operand, zero);
            f.i32(4 * product.depth)
              .get(width)
              .i32(product.depth)
              .get(rows)
              .get(scratch);
            f.call(core['gemmTransposed']!);
          });
        };
        if (!product.isHoisted) {
          weightGradient();
          continue;
        }
        push(frame.oneHot);
        f.if(() => {
          push(frame.product(index, 'transposedGradient'));
          f.if(() => {
            push(frame.product(index, 'transposedGradient'));
            f.get(from)
              .i32(4)
              .op('i32_mul')
              .op('i32_add')
              .i32(4 * sum.width);
            pushRoom(`adjoint:${sum.node}`, from);
            f.i32(4 * sum.width);
            push(frame.oneHot);
            f.get(rows).get(width).call(core['scatter']!);
          });
        }, weightGradient);
      }
      plan.preactivations.forEach(({ node, width: columns }, at) => {
        push(frame.bias(at, 'adjoint'));
        f.if(() => {
          setColumns(columns);
          push(frame.bias(at, 'adjoint')).get(from).i32(4).op('i32_mul').op('i32_add');
          pushRoom(`adjoint:${node}`, from);
          f.i32(4 * columns)
            .get(rows)
            .get(width)
            .call(core['columnSums']!);
        });
      });
    });
  });
}
