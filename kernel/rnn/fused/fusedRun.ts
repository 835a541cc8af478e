import type { Sequence, SequenceGradients } from '../executor/executor.js';
import type { NdArray } from '../ndarray.js';
import type { Buffer, Buffers, PackedProduct } from './buffers.js';
import type { Compiled } from './compile.js';
import { outputAdjoint, type BufferKey, type GroupKernel } from './groupKernels.js';
import { packStraight, packTransposed } from '../wasm/packing.js';
import { widthOf, type Preactivation } from './plan.js';

/** Time steps × sequences that one pass of a weight's gradient takes: they stay in the cache. */
const gradientRows = 128;

/** One way through a sequence and back, on buffers that nobody else uses meanwhile. */
export class FusedRun {
  constructor(
    private readonly compiled: Compiled,
    private readonly parameters: readonly NdArray[],
    private readonly buffers: Buffers,
  ) {}

  forward({ input, states }: Sequence): { output: NdArray; finalStates: NdArray[] } {
    const { plan } = this.compiled;
    const { program } = plan;
    const { timeSteps, batchSize } = this.buffers;
    this.#buffer(`value:${program.input}`).data.set(input.data);
    program.states.forEach(({ node }, k) => {
      this.#buffer(`value:${node}`).data.set(states[k]!.data);
    });
    for (const node of plan.vectors)
      this.#buffer(`value:${node}`).data.set(this.#parameterAt(node).data);
    plan.preactivations.forEach((preactivation, k) => {
      this.#startPreactivation(preactivation, this.buffers.products[k]!);
    });
    const steps = this.#stepPlan('forward');
    for (let t = 0; t < timeSteps; t++)
      for (const { products, loops } of steps) {
        for (const run of products) run(t);
        for (const run of loops) run(t);
      }
    const finalStates = program.states.map(({ node, size }) => ({
      data: this.#at(`value:${node}`, timeSteps).slice(0, size * batchSize),
      shape: [batchSize, size],
    }));
    return { output: this.#copyOutput(), finalStates };
  }

  #copyOutput(): NdArray {
    const { program, stored } = this.compiled.plan;
    const { timeSteps, batchSize } = this.buffers;
    const width = widthOf(program.nodes[program.output]!);
    const state = stored.find(({ node }) => node === program.output)!.state;
    const { data } = this.#buffer(
      state === undefined ? `value:${program.output}` : `next:${state}`,
    );
    return {
      data: new Float32Array(data.subarray(0, timeSteps * batchSize * width)),
      shape: [timeSteps, batchSize, width],
    };
  }

  /** Biases in every row, and the products with the input for all time steps at once. */
  #startPreactivation(
    { node, width, terms }: Preactivation,
    products: readonly PackedProduct[],
  ): void {
    const { data } = this.#buffer(`value:${node}`);
    const bias = new Float32Array(width);
    for (const { bias: rows } of terms) {
      if (!rows) continue;
      const source = this.parameters[rows.parameter]!.data;
      for (let i = 0; i < width; i++) bias[i]! += source[rows.start + i]!;
    }
    for (let at = 0; at < data.length; at += width) data.set(bias, at);
    const { timeSteps, batchSize } = this.buffers;
    for (const { product, forward } of products) {
      const { weight, depth } = product;
      const source = this.parameters[weight.parameter]!.data;
      packTransposed(forward, source, weight.start, weight.rows, depth);
      if (!product.isHoisted) continue;
      const x = this.#buffer(`value:${product.operand}`);
      const rows = timeSteps * batchSize;
      this.#multiply(data.byteOffset, width, x.data.byteOffset, depth, forward, rows, width, depth);
    }
  }

  /** target[rows, columns] += source[rows, depth]·packed */
  #multiply(
    target: number,
    targetWidth: number,
    source: number,
    sourceWidth: number,
    packed: Float32Array,
    rows: number,
    columns: number,
    depth: number,
  ): void {
    const { engine } = this.compiled;
    engine.gemmPacked(
      target,
      4 * targetWidth,
      source,
      4 * sourceWidth,
      packed.byteOffset,
      rows,
      columns,
      depth,
    );
  }

  /** What runs at each time step, by level. */
  #stepPlan(direction: 'forward' | 'backward') {
    const { plan, loops } = this.compiled;
    return Array.from({ length: plan.levels }, (_, level) => ({
      products: plan.preactivations.flatMap((preactivation, k) =>
        preactivation.level !== level
          ? []
          : this.buffers.products[k]!.filter(({ product }) => !product.isHoisted).map((packed) =>
              direction === 'forward'
                ? this.#forwardProduct(preactivation, packed)
                : this.#backwardProduct(preactivation, packed),
            ),
      ),
      loops: loops
        .filter(({ group }) => group.level === level)
        .map((loop) => this.#loop(loop[direction])),
    }));
  }

  #forwardProduct({ node, width }: Preactivation, { product, forward }: PackedProduct) {
    const target = this.#buffer(`value:${node}`);
    const source = this.#operandBuffer(product.operand);
    const { batchSize } = this.buffers;
    const { depth } = product;
    return (t: number): void =>
      this.#multiply(
        addressAt(target, t),
        width,
        addressAt(source, t),
        depth,
        forward,
        batchSize,
        width,
        depth,
      );
  }

  #loop({ name, buffers: keys }: GroupKernel) {
    const run = this.compiled.kernels[name]!;
    const { batchSize } = this.buffers;
    const buffers = keys.map((key) => this.#buffer(key));
    const addresses = new Array<number>(buffers.length);
    return (t: number): void => {
      for (let k = 0; k < buffers.length; k++) addresses[k] = addressAt(buffers[k]!, t);
      run(batchSize, ...addresses);
    };
  }

  // -------------------------------------------------------------------------------------------------
  // Back

  backward(
    output: NdArray | null,
    finals: readonly (NdArray | null)[],
    gradients: SequenceGradients,
  ): void {
    const { program } = this.compiled.plan;
    this.#startBackward(output, finals);
    const temporary = this.#temporaryAdjoints();
    const carries = program.states.map((_, k) => ({
      in: this.#buffer(`carryIn:${k}`),
      out: this.#buffer(`carryOut:${k}`),
    }));
    const steps = this.#stepPlan('backward').reverse();
    for (let t = this.buffers.timeSteps - 1; t >= 0; t--) {
      for (const { data } of temporary) data.fill(0);
      for (const { out } of carries) out.data.fill(0);
      for (const { products, loops } of steps) {
        for (const run of loops) run(t);
        for (const run of products) run(t);
      }
      for (const carry of carries) carry.in.data.set(carry.out.data);
    }
    this.#addGradients(gradients);
    gradients.states.forEach((gradient, k) => {
      if (gradient) addTo(gradient, carries[k]!.in.data);
    });
  }

  #startBackward(output: NdArray | null, finals: readonly (NdArray | null)[]): void {
    const { plan } = this.compiled;
    const start = (key: BufferKey, source: NdArray | null | undefined): void => {
      const { data } = this.#buffer(key);
      if (source) data.set(source.data);
      else data.fill(0);
    };
    start(outputAdjoint, output);
    plan.program.states.forEach((_, k) => start(`carryIn:${k}`, finals[k]));
    start(`adjoint:${plan.program.input}`, null);
    for (const node of plan.vectors) start(`adjoint:${node}`, null);
    plan.preactivations.forEach(({ node, accumulates }, k) => {
      if (accumulates) start(`adjoint:${node}`, null);
      for (const { product, backward } of this.buffers.products[k]!) {
        const { weight, depth } = product;
        const source = this.parameters[weight.parameter]!.data;
        packStraight(backward, source, weight.start, weight.rows, depth);
      }
    });
  }

  /** Adjoints of stored values, which live for one time step. */
  #temporaryAdjoints(): Buffer[] {
    return this.compiled.plan.stored
      .filter(({ hasAdjoint }) => hasAdjoint)
      .map(({ node }) => this.#buffer(`adjoint:${node}`));
  }

  /** The operand's adjoint += pre-activation's adjoint · W */
  #backwardProduct({ node, width }: Preactivation, { product, backward }: PackedProduct) {
    const source = this.#buffer(`adjoint:${node}`);
    const target = this.#operandAdjoint(product.operand);
    const { batchSize } = this.buffers;
    const { depth } = product;
    return (t: number): void =>
      this.#multiply(
        addressAt(target, t),
        depth,
        addressAt(source, t),
        width,
        backward,
        batchSize,
        depth,
        width,
      );
  }

  /** Over all time steps at once: of weights, biases, vectors and the input. */
  #addGradients(gradients: SequenceGradients): void {
    const { plan } = this.compiled;
    for (const gradient of this.buffers.weightGradients.values()) gradient.fill(0);
    plan.preactivations.forEach((preactivation, k) => {
      for (const packed of this.buffers.products[k]!)
        this.#addProductGradients(preactivation, packed, gradients);
    });
    for (const [parameter, sums] of this.buffers.weightGradients) {
      const gradient = gradients.parameters[parameter];
      if (gradient) addTo(gradient, sums);
    }
    plan.vectors.forEach((node) => {
      const at = plan.program.parameters.findIndex((one) => one.node === node);
      const gradient = gradients.parameters[at];
      if (gradient) addTo(gradient, this.#buffer(`adjoint:${node}`).data);
    });
    if (gradients.input) addTo(gradients.input, this.#buffer(`adjoint:${plan.program.input}`).data);
  }

  #addProductGradients(
    { node, width }: Preactivation,
    { product, backward }: PackedProduct,
    gradients: SequenceGradients,
  ): void {
    const { operand, weight, bias, depth, isHoisted } = product;
    const { engine } = this.compiled;
    const rows = this.buffers.timeSteps * this.buffers.batchSize;
    const adjoint = this.#buffer(`adjoint:${node}`).data;
    if (gradients.parameters[weight.parameter]) {
      const values = this.#operandBuffer(operand).data;
      const sums = this.buffers.weightGradients.get(weight.parameter)!;
      const target = sums.byteOffset + 4 * weight.start * depth;
      for (let at = 0; at < rows; at += gradientRows)
        engine.gemmTransposed(
          target,
          4 * depth,
          adjoint.byteOffset + 4 * at * width,
          4 * width,
          values.byteOffset + 4 * at * depth,
          4 * depth,
          width,
          depth,
          Math.min(gradientRows, rows - at),
        );
    }
    const biasGradient = bias && gradients.parameters[bias.parameter];
    if (biasGradient) addColumnSums(biasGradient, bias.start, adjoint, width, rows);
    if (isHoisted && gradients.input) {
      const target = this.#buffer(`adjoint:${operand}`).data;
      this.#multiply(
        target.byteOffset,
        depth,
        adjoint.byteOffset,
        width,
        backward,
        rows,
        depth,
        width,
      );
    }
  }

  // -------------------------------------------------------------------------------------------------
  // Where things are

  #buffer(key: BufferKey): Buffer {
    return this.buffers.byKey.get(key)!;
  }

  #at(key: BufferKey, t: number): Float32Array {
    const { data, stride } = this.#buffer(key);
    return data.subarray(t * stride);
  }

  #parameterAt(node: number): NdArray {
    const { parameters } = this.compiled.plan.program;
    return this.parameters[parameters.findIndex((one) => one.node === node)]!;
  }

  #storedState(node: number): number | undefined {
    return this.compiled.plan.stored.find((value) => value.node === node)?.state;
  }

  /** The values of a product's operand: a state as it was before the time step, or a value of it. */
  #operandBuffer(node: number): Buffer {
    const state = this.#storedState(node);
    return this.#buffer(state === undefined ? `value:${node}` : `next:${state}`);
  }

  #operandAdjoint(node: number): Buffer {
    const state = this.compiled.plan.program.states.findIndex((one) => one.node === node);
    return this.#buffer(state < 0 ? `adjoint:${node}` : `carryOut:${state}`);
  }
}

const addressAt = ({ data, stride }: Buffer, t: number): number => data.byteOffset + 4 * t * stride;

function addTo({ data }: NdArray, source: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i]! += source[i]!;
}

function addColumnSums(
  { data }: NdArray,
  start: number,
  matrix: Float32Array,
  width: number,
  rows: number,
): void {
  const sums = new Float64Array(width);
  for (let row = 0, p = 0; row < rows; row++)
    for (let j = 0; j < width; j++) sums[j]! += matrix[p++]!;
  for (let j = 0; j < width; j++) data[start + j]! += sums[j]!;
}
