import type { SequenceGradients } from '../executor/executor.js';
import type { NdArray } from '../ndarray.js';
import { packedLength, paddedLength } from '../wasm/packing.js';
import type { Compiled } from './compile.js';
import type { ParameterRows } from './plan.js';

/** One product's weight and what becomes of it. */
interface Weight {
  readonly rows: ParameterRows;
  readonly depth: number;
  readonly isHoisted: boolean;
  /** Its words in a frame. */
  readonly words: Readonly<
    Record<
      'weight' | 'packed' | 'packedBack' | 'transposed' | 'gradient' | 'transposedGradient',
      number
    >
  >;
  packed?: Float32Array;
  packedBack?: Float32Array;
  transposed?: Float32Array;
  transposedGradient?: Float32Array;
}

/** A pre-activation's biases, summed for forward and, backward, the sum of its adjoints. */
interface Bias {
  readonly terms: readonly ParameterRows[];
  readonly sum: Float32Array;
  readonly adjoint: Float32Array;
  readonly words: Readonly<Record<'sum' | 'adjoint', number>>;
}

/** What a layer's weights become for its runs, made anew for each from what the parameters hold then. */
export class LayerWeights {
  readonly #weights: readonly Weight[];
  readonly #biases: readonly Bias[];
  /** Of parameters that stand in the engine's memory, by position: their numbers never move. */
  readonly #addresses: readonly (number | undefined)[];
  /** Copies of parameters and of gradients that are not in the engine's memory, by position. */
  readonly #copies: (Float32Array | undefined)[] = [];
  readonly #sums: (Float32Array | undefined)[] = [];

  constructor(
    private readonly compiled: Compiled,
    private readonly parameters: readonly NdArray[],
  ) {
    const { frame, plan, products, engine } = compiled;
    this.#addresses = parameters.map(({ data }) =>
      engine.owns(data) ? data.byteOffset : undefined,
    );
    this.#weights = products.map(({ product, index }) => ({
      rows: product.weight,
      depth: product.depth,
      isHoisted: product.isHoisted,
      words: {
        weight: frame.product(index, 'weight'),
        packed: frame.product(index, 'packed'),
        packedBack: frame.product(index, 'packedBack'),
        transposed: frame.product(index, 'transposed'),
        gradient: frame.product(index, 'gradient'),
        transposedGradient: frame.product(index, 'transposedGradient'),
      },
    }));
    this.#biases = plan.preactivations.map(({ width, terms }, k) => ({
      terms: terms.flatMap(({ bias }) => (bias ? [bias] : [])),
      // Cleared once: kernels read beyond the width.
      sum: this.#allocate(paddedLength(width)),
      adjoint: this.#allocate(width),
      words: { sum: frame.bias(k, 'sum'), adjoint: frame.bias(k, 'adjoint') },
    }));
  }

  /** Gives all memory back. */
  release(): void {
    const pieces = [
      ...this.#weights.flatMap((weight) => [
        weight.packed,
        weight.packedBack,
        weight.transposed,
        weight.transposedGradient,
      ]),
      ...this.#biases.flatMap(({ sum, adjoint }) => [sum, adjoint]),
      ...this.#copies,
      ...this.#sums,
    ];
    for (const piece of pieces) if (piece) this.compiled.engine.release(piece);
  }

  /**
   * Biases summed, and weights in the forms that a run reads.
   * @param recurrent whether batches are large enough for packed weights, @param input whether the whole sequence is
   */
  prepareForward(words: Int32Array, recurrent: boolean, input: boolean): void {
    const { core } = this.compiled.engine;
    const isOneHot = words[this.compiled.frame.oneHot] !== 0;
    this.#sumBiases(words);
    for (const weight of this.#weights) {
      const { rows, depth, isHoisted } = weight;
      const from = this.#addressOf(rows, depth);
      words[weight.words.weight] = from;
      if (isHoisted && isOneHot) {
        const to = (weight.transposed ??= this.#allocate(rows.rows * depth)).byteOffset;
        core['transpose']!(to, 4 * rows.rows, from, 4 * depth, rows.rows, depth);
        words[weight.words.transposed] = to;
      } else if (isHoisted ? input : recurrent) {
        const to = (weight.packed ??= this.#allocate(packedLength(rows.rows, depth))).byteOffset;
        core['packTransposed']!(to, from, 4 * depth, rows.rows, depth);
        words[weight.words.packed] = to;
      }
    }
  }

  prepareBackward(words: Int32Array, recurrent: boolean, input: boolean): void {
    const { core } = this.compiled.engine;
    const wantsInput = words[this.compiled.frame.wantsInput] !== 0;
    for (const weight of this.#weights) {
      const { rows, depth, isHoisted } = weight;
      const from = this.#addressOf(rows, depth);
      words[weight.words.weight] = from;
      if (!(isHoisted ? input && wantsInput : recurrent)) continue;
      const to = (weight.packedBack ??= this.#allocate(packedLength(depth, rows.rows))).byteOffset;
      core['packStraight']!(to, from, 4 * depth, rows.rows, depth);
      words[weight.words.packedBack] = to;
    }
  }

  /** Says where gradients are to be added; `finishGradients` then brings them to where they are wanted. */
  openGradients(words: Int32Array, gradients: SequenceGradients['parameters']): void {
    const isOneHot = words[this.compiled.frame.oneHot] !== 0;
    const { engine } = this.compiled;
    gradients.forEach((gradient, parameter) => {
      if (gradient && !engine.owns(gradient.data))
        engine.clear((this.#sums[parameter] ??= this.#allocate(gradient.data.length)));
    });
    for (const weight of this.#weights) {
      const { rows, depth } = weight;
      const gradient = gradients[rows.parameter];
      words[weight.words.gradient] = 0;
      words[weight.words.transposedGradient] = 0;
      if (!gradient) continue;
      if (weight.isHoisted && isOneHot) {
        const sums = engine.clear(
          (weight.transposedGradient ??= this.#allocate(rows.rows * depth)),
        );
        words[weight.words.transposedGradient] = sums.byteOffset;
      } else
        words[weight.words.gradient] =
          this.#gradientAddress(gradient, rows.parameter) + 4 * rows.start * depth;
    }
    for (const bias of this.#biases) {
      const isWanted = bias.terms.some(({ parameter }) => gradients[parameter]);
      words[bias.words.adjoint] = isWanted ? bias.adjoint.byteOffset : 0;
      if (isWanted) engine.clear(bias.adjoint);
    }
  }

  finishGradients(words: Int32Array, gradients: SequenceGradients['parameters']): void {
    const { engine } = this.compiled;
    for (const weight of this.#weights) {
      const from = words[weight.words.transposedGradient]!;
      if (from !== 0) this.#addTransposed(weight, from, gradients[weight.rows.parameter]!);
    }
    for (const { terms, adjoint, words: own } of this.#biases)
      if (words[own.adjoint] !== 0)
        for (const { parameter, start } of terms) {
          const gradient = gradients[parameter];
          if (!gradient) continue;
          const to = this.#gradientAddress(gradient, parameter) + 4 * start;
          engine.core['add']!(to, adjoint.byteOffset, adjoint.length);
        }
    gradients.forEach((gradient, parameter) => {
      if (!gradient || engine.owns(gradient.data)) return;
      const sums = this.#sums[parameter]!;
      for (let i = 0; i < sums.length; i++) gradient.data[i]! += sums[i]!;
    });
  }

  #addTransposed({ rows, depth }: Weight, from: number, gradient: NdArray): void {
    const { engine } = this.compiled;
    const straight = engine.scratch(rows.rows * depth);
    engine.core['transpose']!(straight, 4 * depth, from, 4 * rows.rows, depth, rows.rows);
    const to = this.#gradientAddress(gradient, rows.parameter) + 4 * rows.start * depth;
    engine.core['add']!(to, straight, rows.rows * depth);
  }

  /** Where a parameter's gradient is added up: in its own place, or in sums that are added to it at the end. */
  #gradientAddress({ data }: NdArray, parameter: number): number {
    return this.compiled.engine.owns(data) ? data.byteOffset : this.#sums[parameter]!.byteOffset;
  }

  /** The sum of the biases of each pre-activation, zeros where it has none. */
  #sumBiases(words: Int32Array): void {
    const { engine } = this.compiled;
    const { core } = engine;
    for (const { terms, sum, words: own } of this.#biases) {
      const to = sum.byteOffset;
      words[own.sum] = to;
      if (terms.length === 0) engine.clear(sum);
      for (let k = 0; k < terms.length; k++) {
        const { rows } = terms[k]!;
        const from = this.#addressOf(terms[k]!, 1);
        if (k === 0) core['fillRows']!(to, 0, from, 1, rows);
        else core['add']!(to, from, rows);
      }
    }
  }

  /** Where some rows of a parameter stand in the engine's memory: in their own place, or in a copy. */
  #addressOf({ parameter, start }: ParameterRows, width: number): number {
    const address = this.#addresses[parameter];
    if (address !== undefined) return address + 4 * start * width;
    const { data } = this.parameters[parameter]!;
    const copy = (this.#copies[parameter] ??= this.#allocate(data.length));
    copy.set(data);
    return copy.byteOffset + 4 * start * width;
  }

  #allocate(length: number): Float32Array {
    const { engine } = this.compiled;
    return engine.clear(engine.allocate(length));
  }
}
