import type { FunctionBuilder, Local, ModuleBuilder } from '../wasm/assembler.js';
import { importCore } from '../wasm/core.js';
import type { FrameMap } from './frame.js';
import { defineGradients } from './gradientKernel.js';
import { defineLoop, type GroupKernel } from './groupKernels.js';
import { operandAdjoint, operandKey, type Layout } from './layout.js';
import { numberProducts, type NumberedProduct } from './numberedProducts.js';
import type { BufferKey, Plan } from './plan.js';
import { TimeStep, type Parts } from './timeStep.js';

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

class SequenceWriter {
  readonly #t: Local;
  /** Whether there is one time step of so few sequences that two products are one pass over their weights. */
  readonly #isSingle: Local;
  readonly #step: TimeStep;

  constructor(
    private readonly f: FunctionBuilder,
    address: Local,
    private readonly parts: Parts,
  ) {
    this.#t = f.local('i32');
    this.#isSingle = f.local('i32');
    this.#step = new TimeStep(f, address, parts);
  }

  forward(loops: readonly GroupKernel[]): void {
    const { f, parts } = this;
    const { plan, products } = parts;
    const timeSteps = this.#step.load(parts.frame.timeSteps);
    const rows = this.#step.load(parts.frame.rows);
    this.#step.openPointers('first');
    this.#decideSingle(timeSteps, rows);
    const waits = new Set(products.map(({ before }) => before));
    for (const one of products) {
      if (!one.product.isHoisted) continue;
      if (waits.has(one))
        f.get(this.#isSingle)
          .op('i32_eqz')
          .if(() => this.#startWithInput(one, rows));
      else this.#startWithInput(one, rows);
    }
    f.countTo(this.#t, timeSteps, 1, () => {
      this.#step.leaveIfCancelled();
      this.#step.countRunning(() => f.get(this.#t));
      this.#step.clearEnded(this.#step.operandPlaces());
      for (let level = 0; level < plan.levels; level++) {
        for (const one of products)
          if (one.sum.level === level && !one.product.isHoisted) this.#multiply(one);
        for (const one of plan.normalisations) if (one.level === level) this.#normalise(one);
        for (const loop of loops) if (loop.group.level === level) this.#run(loop);
      }
      this.#step.movePointers(1);
    });
  }

  backward(loops: readonly GroupKernel[]): void {
    const { f, parts } = this;
    const { plan, products } = parts;
    const timeSteps = this.#step.load(parts.frame.timeSteps);
    this.#step.openPointers('last');
    this.#step.clearAccumulated();
    f.countTo(this.#t, timeSteps, 1, () => {
      this.#step.leaveIfCancelled();
      this.#step.countRunning(() =>
        f.get(timeSteps).i32(1).op('i32_sub').get(this.#t).op('i32_sub'),
      );
      this.#step.clearTemporary();
      this.#step.clearEnded(this.#step.adjointPlaces());
      for (let level = plan.levels - 1; level >= 0; level--) {
        for (const loop of loops) if (loop.group.level === level) this.#run(loop);
        for (const one of plan.normalisations) if (one.level === level) this.#normaliseBack(one);
        for (const one of products)
          if (one.sum.level === level && !one.product.isHoisted) this.#multiplyBack(one);
      }
      this.#step.movePointers(-1);
      this.#step.passStates();
    });
    this.#step.leaveStates();
    this.#inputAdjoint();
  }

  // -----------------------------------------------------------------------------------------------

  /** A product with the input at all time steps, or a gather of weights where the input is one-hot. */
  #startWithInput(one: NumberedProduct, rows: Local): void {
    const { f, parts } = this;
    const { frame, core } = parts;
    const { product, sum, index } = one;
    const [oneHot, y] = [this.#step.load(frame.oneHot), this.#step.at(`value:${sum.node}`)];
    f.get(oneHot);
    f.if(
      () => {
        if (one.isFirst) {
          f.get(y).i32(4 * sum.width);
          this.#step.push(frame.bias(one.k, 'sum'));
          f.get(rows).i32(sum.width).call(core['fillRows']!);
        }
        f.get(y).i32(4 * sum.width);
        this.#step.push(frame.product(index, 'transposed'));
        f.i32(4 * product.weight.rows)
          .get(oneHot)
          .get(rows)
          .i32(sum.width);
        f.call(core['gather']!);
      },
      () => this.#multiplyRows(one, `value:${product.operand}`, rows),
    );
  }

  #decideSingle(timeSteps: Local, rows: Local): void {
    const { f, parts } = this;
    f.get(timeSteps).i32(1).op('i32_eq');
    f.get(rows).i32(packedRows).op('i32_lt_s').op('i32_and');
    f.get(this.#step.load(parts.frame.oneHot)).op('i32_eqz').op('i32_and').set(this.#isSingle);
  }

  #multiply(one: NumberedProduct): void {
    const { before } = one;
    const operand = operandKey(this.parts.plan, one.product.operand);
    const alone = () => this.#multiplyRows(one, operand, this.#step.running);
    if (!before) alone();
    else this.f.get(this.#isSingle).if(() => this.#multiplyTwo(before, one), alone);
  }

  /** The pre-activation's rows = bias + input·Wᵀ + operand·W₂ᵀ. */
  #multiplyTwo(first: NumberedProduct, second: NumberedProduct): void {
    const { f, parts } = this;
    const { frame, core, plan } = parts;
    const pushTerm = ({ product, index }: NumberedProduct, operand: BufferKey): void => {
      f.get(this.#step.at(operand)).i32(4 * product.depth);
      this.#step.push(frame.product(index, 'weight'));
      f.i32(4 * product.depth);
    };
    f.get(this.#step.at(`value:${first.sum.node}`)).i32(4 * first.sum.width);
    pushTerm(first, `value:${first.product.operand}`);
    this.#step.push(frame.bias(first.k, 'sum'));
    f.get(this.#step.running).i32(first.sum.width).i32(first.product.depth);
    pushTerm(second, operandKey(plan, second.product.operand));
    f.i32(second.product.depth).call(core['gemvTwoRows']!);
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
      f.get(this.#step.at(`value:${sum.node}`)).i32(4 * sum.width);
      f.get(this.#step.at(operand)).i32(4 * product.depth);
    };
    const pushSizes = (): void => {
      if (isFirst) this.#step.push(frame.bias(k, 'sum'));
      else f.i32(0);
      f.get(rows).i32(sum.width).i32(product.depth);
    };
    f.get(rows).i32(packedRows).op('i32_ge_s');
    f.if(
      () => {
        pushOperands();
        this.#step.push(frame.product(index, 'packed'));
        pushSizes();
        f.call(core['gemmPacked']!);
      },
      () => {
        pushOperands();
        this.#step.push(frame.product(index, 'weight'));
        f.i32(4 * product.depth);
        pushSizes();
        f.call(core['gemvRows']!);
      },
    );
  }

  /** The operand's adjoint += the pre-activation's adjoint · W */
  #multiplyBack(one: NumberedProduct): void {
    const target = operandAdjoint(this.parts.plan, one.product.operand);
    this.#multiplyRowsBack(one, target, this.#step.running);
  }

  #multiplyRowsBack(
    { product, sum, index }: NumberedProduct,
    target: BufferKey,
    rows: Local,
  ): void {
    const { f, parts } = this;
    const { frame, core } = parts;
    const pushOperands = (): void => {
      f.get(this.#step.at(target)).i32(4 * product.depth);
      f.get(this.#step.at(`adjoint:${sum.node}`)).i32(4 * sum.width);
    };
    const pushSizes = () => f.get(rows).i32(product.depth).i32(sum.width);
    f.get(rows).i32(packedRows).op('i32_ge_s');
    f.if(
      () => {
        pushOperands();
        this.#step.push(frame.product(index, 'packedBack'));
        f.i32(0);
        pushSizes().call(core['gemmPacked']!);
      },
      () => {
        pushOperands();
        this.#step.push(frame.product(index, 'weight'));
        f.i32(4 * product.depth);
        pushSizes().call(core['gemvColumns']!);
      },
    );
  }

  #inputAdjoint(): void {
    const { f, parts } = this;
    const { frame, plan, products } = parts;
    const rows = this.#step.load(frame.rows);
    f.get(this.#step.load(frame.wantsInput));
    f.if(() => {
      this.#step.openPointers('first');
      for (const one of products)
        if (one.product.isHoisted)
          this.#multiplyRowsBack(one, `adjoint:${plan.program.input}`, rows);
    });
  }

  #normalise({ node, operand, width, eps }: Plan['normalisations'][number]): void {
    const { f, parts } = this;
    const key = operandKey(parts.plan, operand);
    f.get(this.#step.at(`value:${node}`)).get(this.#step.at(`inverse:${node}`));
    f.get(this.#step.at(key)).i32(4 * this.#step.widthOf(key));
    f.get(this.#step.running).i32(width).f32(eps).call(parts.core['normalise']!);
  }

  #normaliseBack({ node, operand, width }: Plan['normalisations'][number]): void {
    const { f, parts } = this;
    const target = operandAdjoint(parts.plan, operand);
    f.get(this.#step.at(target)).i32(4 * this.#step.widthOf(target));
    f.get(this.#step.at(`adjoint:${node}`)).get(this.#step.at(`value:${node}`));
    f.get(this.#step.at(`inverse:${node}`))
      .get(this.#step.running)
      .i32(width);
    f.call(parts.core['normaliseBack']!);
  }

  #run({ body, pointers }: GroupKernel): void {
    this.f.get(this.#step.running);
    for (const pointer of pointers) this.f.get(this.#step.pointer(pointer));
    this.f.call(body);
  }
}
