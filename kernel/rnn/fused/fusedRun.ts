import type { Sequence, SequenceGradients } from '../executor/executor.js';
import { createNumbers, type NdArray, type NumberArray } from '../ndarray.js';
import { transposedScratch } from '../wasm/gemmKernels.js';
import type { Compiled } from './compile.js';
import { outputAdjoint } from './groupBody.js';
import type { LayerWeights } from './layerWeights.js';
import { oneHotPositions } from './oneHot.js';
import type { Part, RunBuffers, Views } from './runBuffers.js';
import { packedRows } from './sequenceKernels.js';

/** One way through a sequence and back, on buffers that nobody else uses meanwhile. */
export class FusedRun {
  constructor(
    private readonly compiled: Compiled,
    private readonly weights: LayerWeights,
    private readonly parameters: readonly NdArray[],
    private readonly buffers: RunBuffers,
    /** What the memory lives as long as. */
    readonly life: object,
  ) {}

  forward({ input, states, active, masks = noMasks }: Sequence): {
    output: NdArray;
    finalStates: NdArray[];
  } {
    const { parts, timeSteps, batchSize } = this.buffers;
    this.#readInput(input.data);
    for (const part of parts) {
      this.#readActive(part, active);
      const { initial, vectors } = part.views;
      for (let k = 0; k < initial.length; k++) copyIn(initial[k]!, part, states[k]?.data);
      for (let k = 0; k < masks.length; k++) {
        const { data, shape } = masks[k]!;
        if (shape.length === 3) this.#split(data, part, part.views.masks[k]!);
        else copyIn(part.views.masks[k]!, part, data);
      }
      for (let k = 0; k < vectors.length; k++) vectors[k]!.set(this.#vector(k).data);
    }
    const { words, batchSize: sequences } = parts[0]!;
    this.weights.prepareForward(
      words,
      sequences >= packedRows,
      timeSteps * sequences >= packedRows,
    );
    this.#shareWords(words);
    this.#runParts('forward');
    const { states: ends } = this.compiled.plan.program;
    const width = parts[0]!.views.output.length / (timeSteps * parts[0]!.batchSize);
    const output = this.#collect(outputOf, 0, createFloats(timeSteps * batchSize * width));
    const finalStates: NdArray[] = [];
    for (let k = 0; k < ends.length; k++) {
      const { size } = ends[k]!;
      const whole = createFloats(batchSize * size);
      const data = active
        ? this.#collectEnds(k, size, active, whole)
        : this.#collect(finalOf, k, whole, 1);
      finalStates.push({ data, shape: [batchSize, size] });
    }
    return { output: { data: output, shape: [timeSteps, batchSize, width] }, finalStates };
  }

  backward(
    output: NdArray | null,
    finals: readonly (NdArray | null)[],
    gradients: SequenceGradients,
  ): void {
    const { frame, engine } = this.compiled;
    const { parts, timeSteps } = this.buffers;
    for (const part of parts) {
      const { views } = part;
      part.words[frame.wantsInput] = gradients.input ? 1 : 0;
      this.#readOutputAdjoint(part, output);
      views.adjoint.forEach((adjoint, k) => copyIn(adjoint, part, finals[k]?.data));
      if (part.words[frame.active] !== 0)
        views.otherAdjoint.forEach((adjoint, k) => adjoint.set(views.adjoint[k]!));
      for (const adjoint of views.vectorAdjoints) engine.clear(adjoint);
    }
    const { words, batchSize } = parts[0]!;
    this.weights.prepareBackward(
      words,
      batchSize >= packedRows,
      timeSteps * batchSize >= packedRows,
    );
    this.weights.openGradients(words, gradients.parameters);
    this.#shareWords(words);
    this.#runParts('backward');
    this.#runGradients();
    this.weights.finishGradients(words, gradients.parameters);
    this.#addGradients(gradients);
  }

  // -----------------------------------------------------------------------------------------------

  #runParts(name: 'forward' | 'backward'): void {
    const { engine, module } = this.compiled;
    const { parts } = this.buffers;
    if (parts.length === 1) module.exports[name]!(parts[0]!.words.byteOffset);
    else
      engine.runParallel(
        module,
        name,
        parts.map(({ words }) => [words.byteOffset]),
      );
  }

  /** Of weights and biases: each thread some rows of every weight, over all parts. */
  #runGradients(): void {
    const { engine, module, products } = this.compiled;
    const { parts, frames } = this.buffers;
    const depth = products.reduce((most, { product }) => Math.max(most, product.depth), 1);
    const bytes = transposedScratch(depth);
    const scratch = engine.scratch((bytes / 4) * parts.length);
    const count = parts.length;
    if (count === 1) module.exports['gradients']!(frames.byteOffset, 1, 0, 1, scratch);
    else
      engine.runParallel(
        module,
        'gradients',
        parts.map((_, k) => [frames.byteOffset, count, k, count, scratch + k * bytes]),
      );
  }

  /** What weights became is made once, for the first frame, and told to the others. */
  #shareWords(first: Int32Array): void {
    const { parts } = this.buffers;
    if (parts.length === 1) return;
    const from = this.compiled.frame.bias(0, 'sum');
    for (const { words } of parts.slice(1)) words.set(first.subarray(from), from);
  }

  /** Read where it is if it can be; otherwise a copy of the part's sequences. */
  #readOutputAdjoint(part: Part, output: NdArray | null): void {
    const { engine, frame, layout } = this.compiled;
    const own = part.views.outputAdjoint;
    const isInPlace = output && this.buffers.parts.length === 1 && engine.owns(output.data);
    part.words[frame.room(layout.places.get(outputAdjoint)!.room)] = isInPlace
      ? output.data.byteOffset
      : own.byteOffset;
    if (isInPlace) return;
    if (output) this.#split(output.data, part, own);
    else engine.clear(own);
  }

  #readInput(input: NumberArray): void {
    const { frame, plan, engine } = this.compiled;
    const { parts, timeSteps, batchSize } = this.buffers;
    const positions = plan.readsInput ? undefined : oneHotPositions(input, plan.program.inputSize);
    for (const part of parts) {
      if (!positions) {
        part.words[frame.oneHot] = 0;
        this.#split(input, part, part.views.input);
        continue;
      }
      const own = (part.positions ??= engine.allocateWords(timeSteps * part.batchSize));
      part.words[frame.oneHot] = own.byteOffset;
      for (let t = 0, i = 0; t < timeSteps; t++)
        for (let b = 0; b < part.batchSize; b++)
          own[i++] = positions[t * batchSize + part.start + b]!;
    }
  }

  #readActive(part: Part, active: Int32Array | undefined): void {
    const { frame, engine } = this.compiled;
    part.words[frame.active] = 0;
    if (!active) return;
    const own = (part.active ??= engine.allocateWords(active.length));
    part.words[frame.active] = own.byteOffset;
    for (let t = 0; t < active.length; t++)
      own[t] = Math.max(0, Math.min(part.batchSize, active[t]! - part.start));
  }

  /** `[B, size]`: the k-th state of each sequence after its own last time step. */
  #collectEnds(k: number, size: number, active: Int32Array, ends: Float32Array): Float32Array {
    for (const { start, batchSize, views } of this.buffers.parts)
      for (let row = 0; row < batchSize; row++) {
        let last = active.length - 1;
        while (active[last]! <= start + row) last--;
        const from = (last * batchSize + row) * size;
        ends.set(views.next[k]!.subarray(from, from + size), (start + row) * size);
      }
    return ends;
  }

  /** Copies a part's sequences out of `[T, B, …]`. */
  #split(whole: NumberArray, part: Part, target: Float32Array): void {
    const { timeSteps, batchSize } = this.buffers;
    if (part.batchSize === batchSize) {
      target.set(whole);
      return;
    }
    const length = target.length / timeSteps;
    const step = (length / part.batchSize) * batchSize;
    const start = (length / part.batchSize) * part.start;
    for (let t = 0; t < timeSteps; t++) {
      const from = t * step + start;
      target.set(whole.subarray(from, from + length), t * length);
    }
  }

  /** `[T, B, …]` out of what the parts have. */
  #collect(
    viewOf: (views: Views, k: number) => Float32Array,
    k: number,
    whole: Float32Array,
    timeSteps = this.buffers.timeSteps,
  ): Float32Array {
    const { parts, batchSize } = this.buffers;
    const first = parts[0]!;
    if (parts.length === 1) {
      whole.set(viewOf(first.views, k));
      return whole;
    }
    const width = viewOf(first.views, k).length / (timeSteps * first.batchSize);
    for (const part of parts) {
      const view = viewOf(part.views, k);
      const length = view.length / timeSteps;
      for (let t = 0; t < timeSteps; t++) {
        const at = (t * batchSize + part.start) * width;
        whole.set(view.subarray(t * length, (t + 1) * length), at);
      }
    }
    return whole;
  }

  /** Of vectors, the input and the initial states. */
  #addGradients(gradients: SequenceGradients): void {
    const { program, vectors } = this.compiled.plan;
    const { parts } = this.buffers;
    vectors.forEach((node, k) => {
      const at = program.parameters.findIndex((one) => one.node === node);
      const gradient = gradients.parameters[at];
      if (gradient)
        for (const { views } of parts) addTo(gradient.data, 0, views.vectorAdjoints[k]!);
    });
    if (gradients.input)
      addTo(
        gradients.input.data,
        0,
        this.#collect(inputAdjointOf, 0, createFloats(gradients.input.data.length)),
      );
    program.states.forEach(({ size }, k) => {
      const gradient = gradients.states[k];
      if (gradient)
        for (const { start, views } of parts) addTo(gradient.data, start * size, views.adjoint[k]!);
    });
  }

  #vector(k: number): NdArray {
    const { program, vectors } = this.compiled.plan;
    return this.parameters[program.parameters.findIndex((one) => one.node === vectors[k])]!;
  }
}

const outputOf = (views: Views) => views.output;
const finalOf = (views: Views, k: number) => views.final[k]!;
const inputAdjointOf = (views: Views) => views.inputAdjoint;

/** A part's sequences of `[B, size]`, zeros where there are none. */
function copyIn(target: Float32Array, part: Part, source: NumberArray | undefined): void {
  if (!source) target.fill(0);
  else if (source.length === target.length) target.set(source);
  else {
    const size = target.length / part.batchSize;
    target.set(source.subarray(part.start * size, (part.start + part.batchSize) * size));
  }
}

const noMasks: readonly NdArray[] = [];

const createFloats = (length: number) => createNumbers('float32', length) as Float32Array;

function addTo(target: NumberArray, start: number, source: Float32Array): void {
  for (let i = 0; i < source.length; i++) target[start + i]! += source[i]!;
}
