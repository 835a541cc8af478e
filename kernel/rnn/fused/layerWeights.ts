import type { NdArray } from '../ndarray.js';
import type { SequenceGradients } from '../executor/executor.js';
import { packedLength, paddedLength } from '../wasm/packing.js';
import type { Compiled } from './compile.js';
import type { ParameterRows } from './plan.js';

/** What a layer's weights become for its runs, made anew for each from what the parameters hold then. */
export class LayerWeights {
  /** Pieces of the engine's memory by purpose, allocated when first needed. */
  readonly #pieces = new Map<string, Float32Array>();
  /** Which pieces hold gradients that have to be added to arrays elsewhere. */
  readonly #wanted: (() => void)[] = [];

  constructor(
    private readonly compiled: Compiled,
    private readonly parameters: readonly NdArray[],
  ) {}

  /** Gives all memory back. */
  release(): void {
    for (const piece of this.#pieces.values()) this.compiled.engine.release(piece);
    this.#pieces.clear();
  }

  /**
   * Biases summed, and weights in the forms that a run reads.
   * @param recurrent whether batches are large enough for packed weights, @param input whether the whole sequence is
   */
  prepareForward(words: Int32Array, recurrent: boolean, input: boolean): void {
    const { frame, products, engine } = this.compiled;
    this.#sumBiases(words);
    for (const { product, index } of products) {
      const { weight, depth, isHoisted } = product;
      const address = this.#weightAddress(weight, depth);
      words[frame.product(index, 'weight')] = address;
      const isOneHot = isHoisted && words[frame.oneHot] !== 0;
      if (isOneHot) {
        const to = this.#piece(`transposed ${index}`, weight.rows * depth).byteOffset;
        engine.core['transpose']!(to, 4 * weight.rows, address, 4 * depth, weight.rows, depth);
        words[frame.product(index, 'transposed')] = to;
      } else if (isHoisted ? input : recurrent) {
        const to = this.#piece(`packed ${index}`, packedLength(weight.rows, depth)).byteOffset;
        engine.core['packTransposed']!(to, address, 4 * depth, weight.rows, depth);
        words[frame.product(index, 'packed')] = to;
      }
    }
  }

  prepareBackward(words: Int32Array, recurrent: boolean, input: boolean): void {
    const { frame, products, engine } = this.compiled;
    for (const { product, index } of products) {
      const { weight, depth, isHoisted } = product;
      const isNeeded = isHoisted ? words[frame.wantsInput] !== 0 && input : recurrent;
      const address = this.#weightAddress(weight, depth);
      words[frame.product(index, 'weight')] = address;
      if (!isNeeded) continue;
      const to = this.#piece(`packedBack ${index}`, packedLength(depth, weight.rows)).byteOffset;
      engine.core['packStraight']!(to, address, 4 * depth, weight.rows, depth);
      words[frame.product(index, 'packedBack')] = to;
    }
  }

  /** Says where gradients are to be added; `finishGradients` then brings them to where they are wanted. */
  openGradients(words: Int32Array, gradients: SequenceGradients['parameters']): void {
    const { frame, products, plan } = this.compiled;
    this.#wanted.length = 0;
    for (const { product, index } of products) {
      const { weight, depth, isHoisted } = product;
      const gradient = gradients[weight.parameter];
      const isOneHot = isHoisted && words[frame.oneHot] !== 0;
      const [own, other] = isOneHot
        ? (['transposedGradient', 'gradient'] as const)
        : (['gradient', 'transposedGradient'] as const);
      words[frame.product(index, other)] = 0;
      words[frame.product(index, own)] = !gradient
        ? 0
        : isOneHot
          ? this.#transposedGradient(index, weight, depth, gradient)
          : this.#gradientAddress(weight.parameter, gradient) + 4 * weight.start * depth;
    }
    plan.preactivations.forEach(({ width, terms }, k) => {
      const biases = terms.flatMap(({ bias }) => (bias && gradients[bias.parameter] ? [bias] : []));
      const sums = biases.length > 0 ? this.#piece(`biasAdjoint ${k}`, width).fill(0) : undefined;
      words[frame.bias(k, 'adjoint')] = sums?.byteOffset ?? 0;
      if (sums)
        for (const { parameter, start } of biases)
          this.#wanted.push(() => this.#add(gradients[parameter]!, start, sums));
    });
  }

  finishGradients(): void {
    for (const finish of this.#wanted) finish();
    this.#wanted.length = 0;
  }

  /** target[start …] += source, source in the engine's memory */
  #add({ data }: NdArray, start: number, source: Float32Array): void {
    const { engine } = this.compiled;
    if (engine.owns(data))
      engine.core['add']!(data.byteOffset + 4 * start, source.byteOffset, source.length);
    else for (let i = 0; i < source.length; i++) data[start + i]! += source[i]!;
  }

  #gradientAddress(parameter: number, gradient: NdArray): number {
    const { engine } = this.compiled;
    if (engine.owns(gradient.data)) return gradient.data.byteOffset;
    const name = `gradient ${parameter}`;
    const isOpen = this.#open.has(name);
    const sums = this.#piece(name, gradient.data.length);
    if (!isOpen) {
      sums.fill(0);
      this.#open.add(name);
      this.#wanted.push(() => {
        this.#open.delete(name);
        this.#add(gradient, 0, sums);
      });
    }
    return sums.byteOffset;
  }

  /** Gradients of this run that several products add to. */
  readonly #open = new Set<string>();

  #transposedGradient(
    index: number,
    { rows, start, parameter }: ParameterRows,
    depth: number,
    gradient: NdArray,
  ): number {
    const { engine } = this.compiled;
    const sums = this.#piece(`transposedGradient ${index}`, rows * depth).fill(0);
    this.#wanted.push(() => {
      const straight = this.#piece(`straightGradient ${parameter}`, rows * depth);
      engine.core['transpose']!(
        straight.byteOffset,
        4 * depth,
        sums.byteOffset,
        4 * rows,
        depth,
        rows,
      );
      this.#add(gradient, start * depth, straight);
    });
    return sums.byteOffset;
  }

  /** The sum of the biases of each pre-activation, zeros where it has none. */
  #sumBiases(words: Int32Array): void {
    const { plan, frame, engine } = this.compiled;
    plan.preactivations.forEach(({ width, terms }, k) => {
      const sum = this.#piece(`bias ${k}`, paddedLength(width)).fill(0);
      words[frame.bias(k, 'sum')] = sum.byteOffset;
      for (const { bias } of terms)
        if (bias) {
          const from = this.#parameterAddress(bias.parameter) + 4 * bias.start;
          engine.core['add']!(sum.byteOffset, from, width);
        }
    });
  }

  #weightAddress({ parameter, start }: ParameterRows, depth: number): number {
    return this.#parameterAddress(parameter) + 4 * start * depth;
  }

  /** Where a parameter stands in the engine's memory: its own place, or a copy. */
  #parameterAddress(parameter: number): number {
    const { data } = this.parameters[parameter]!;
    if (this.compiled.engine.owns(data)) return data.byteOffset;
    const copy = this.#piece(`parameter ${parameter}`, data.length);
    copy.set(data);
    return copy.byteOffset;
  }

  #piece(name: string, length: number): Float32Array {
    let piece = this.#pieces.get(name);
    if (!piece) this.#pieces.set(name, (piece = this.compiled.engine.allocate(length).fill(0)));
    return piece;
  }
}
