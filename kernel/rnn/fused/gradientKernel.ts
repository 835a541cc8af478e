import type { FunctionBuilder, Local, ModuleBuilder } from '../wasm/assembler.js';
import { operandKey } from './layout.js';
import type { NumberedProduct } from './numberedProducts.js';
import type { BufferKey } from './plan.js';
import type { Parts } from './timeStep.js';

/**
 * `gradients(frames, count, part, parts, scratch)`: the gradients of weights and biases over all frames, of which this
 * call computes one part of each weight's rows.
 */
export function defineGradients(module: ModuleBuilder, parts: Parts): void {
  const parameters = Array<'i32'>(5).fill('i32');
  module.define('gradients', parameters, (f, frames, count, part, ofParts, scratch) => {
    const [k, address] = f.locals('i32', 2) as [Local, Local];
    const writer = new GradientWriter(f, parts, { address, part, ofParts, scratch });
    f.countTo(k, count, 1, () => {
      f.get(frames).get(k).i32(4).op('i32_mul').op('i32_add').memory('i32_load').set(address);
      writer.readRows();
      for (const one of parts.products) writer.weight(one);
      parts.plan.preactivations.forEach(({ node, width }, at) => writer.bias(node, width, at));
    });
  });
}

interface Arguments {
  readonly address: Local;
  readonly part: Local;
  readonly ofParts: Local;
  readonly scratch: Local;
}

class GradientWriter {
  /** T·B */
  readonly #rows: Local;
  /** This part's columns of a pre-activation: `width` from `from` on, whole vectors. */
  readonly #from: Local;
  readonly #width: Local;
  readonly #zero: Local;

  constructor(
    private readonly f: FunctionBuilder,
    private readonly parts: Parts,
    private readonly given: Arguments,
  ) {
    [this.#rows, this.#from, this.#width, this.#zero] = f.locals('i32', 4) as [
      Local,
      Local,
      Local,
      Local,
    ];
  }

  readRows(): void {
    this.#push(this.parts.frame.rows).set(this.#rows);
  }

  /** Of a product's weight; by rows of its transpose where the input is one-hot. */
  weight(one: NumberedProduct): void {
    const { f, parts } = this;
    this.#setColumns(one.sum.width);
    if (!one.product.isHoisted) {
      this.#dense(one);
      return;
    }
    this.#push(parts.frame.oneHot);
    f.if(
      () => this.#scattered(one),
      () => this.#dense(one),
    );
  }

  /** Gradient of the sum of a pre-activation's biases. */
  bias(node: number, columns: number, at: number): void {
    const { f, parts } = this;
    const word = parts.frame.bias(at, 'adjoint');
    this.#push(word);
    f.if(() => {
      this.#setColumns(columns);
      this.#push(word).get(this.#from).i32(4).op('i32_mul').op('i32_add');
      this.#pushRoom(`adjoint:${node}`, this.#from);
      f.i32(4 * columns)
        .get(this.#rows)
        .get(this.#width)
        .call(parts.core['columnSums']!);
    });
  }

  // -----------------------------------------------------------------------------------------------

  #dense({ product, sum, index }: NumberedProduct): void {
    const { f, parts } = this;
    const word = parts.frame.product(index, 'gradient');
    const rowBytes = 4 * product.depth;
    this.#push(word);
    f.if(() => {
      this.#push(word);
      f.get(this.#from).i32(rowBytes).op('i32_mul').op('i32_add').i32(rowBytes);
      this.#pushRoom(`adjoint:${sum.node}`, this.#from);
      f.i32(4 * sum.width);
      this.#pushRoom(operandKey(parts.plan, product.operand), this.#zero);
      f.i32(rowBytes).get(this.#width).i32(product.depth).get(this.#rows).get(this.given.scratch);
      f.call(parts.core['gemmTransposed']!);
    });
  }

  #scattered({ sum, index }: NumberedProduct): void {
    const { f, parts } = this;
    const word = parts.frame.product(index, 'transposedGradient');
    this.#push(word);
    f.if(() => {
      this.#push(word);
      f.get(this.#from).i32(4).op('i32_mul').op('i32_add');
      f.i32(4 * sum.width);
      this.#pushRoom(`adjoint:${sum.node}`, this.#from);
      f.i32(4 * sum.width);
      this.#push(parts.frame.oneHot);
      f.get(this.#rows).get(this.#width).call(parts.core['scatter']!);
    });
  }

  #push(word: number): FunctionBuilder {
    return this.f.get(this.given.address).memory('i32_load', 4 * word);
  }

  /** Where a buffer begins at the first time step, from a column on. */
  #pushRoom(key: BufferKey, column: Local): void {
    const { f, parts } = this;
    const { room, shift } = parts.layout.places.get(key)!;
    const bytes = 4 * parts.layout.rooms[room]!.width;
    this.#push(parts.frame.room(room));
    if (shift === 1) this.#push(parts.frame.batchSize).i32(bytes).op('i32_mul').op('i32_add');
    f.get(column).i32(4).op('i32_mul').op('i32_add');
  }

  #setColumns(columns: number): void {
    const { f } = this;
    const { part, ofParts } = this.given;
    const blocks = Math.ceil(columns / 4);
    const boundary = (extra: number): void => {
      f.get(part).i32(extra).op('i32_add').i32(blocks).op('i32_mul');
      f.get(ofParts).op('i32_div_u').i32(4).op('i32_mul').set(this.#width);
      f.get(this.#width).i32(columns).get(this.#width).i32(columns).op('i32_lt_s');
      f.op('select').set(this.#width);
    };
    boundary(0);
    f.get(this.#width).set(this.#from);
    boundary(1);
    f.get(this.#width).get(this.#from).op('i32_sub').set(this.#width);
  }
}
