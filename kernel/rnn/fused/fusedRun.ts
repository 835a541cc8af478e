import type { Sequence, SequenceGradients } from '../executor/executor.js';
import type { NdArray, NumberArray } from '../ndarray.js';
import { transposedScratch } from '../wasm/gemmKernels.js';
import type { Compiled } from './compile.js';
import { outputAdjoint } from './groupBody.js';
import type { LayerWeights } from './layerWeights.js';
import { oneHotPositions } from './oneHot.js';
import { widthOf, type BufferKey } from './plan.js';
import { bufferOf, type Part, type RunBuffers } from './runBuffers.js';
import { packedRows } from './sequenceKernels.js';

/** One way through a sequence and back, on buffers that nobody else uses meanwhile. */
export class FusedRun {
  constructor(
    private readonly compiled: Compiled,
    private readonly weights: LayerWeights,
    private readonly parameters: readonly NdArray[],
    private readonly buffers: RunBuffers,
  ) {}

  forward({ input, states }: Sequence): { output: NdArray; finalStates: NdArray[] } {
    const { plan, engine, module } = this.compiled;
    const { parts, batchSize, timeSteps } = this.buffers;
    const { program } = plan;
    this.#readInput(input.data);
    for (const part of parts) {
      program.states.forEach(({ node, size }, k) => {
        const initial = bufferOf(this.compiled, part, `value:${node}`);
        const given = states[k];
        const [from, to] = [part.start * size, (part.start + part.batchSize) * size];
        if (given) initial.set(given.data.subarray(from, to));
        else initial.fill(0, 0, to - from);
      });
      for (const node of plan.vectors)
        bufferOf(this.compiled, part, `value:${node}`).set(this.#parameterAt(node).data);
    }
    this.#prepare('prepareForward');
    engine.runParallel(
      module,
      'forward',
      parts.map(({ words }) => [words.byteOffset]),
    );
    const finalStates = program.states.map(({ size }, k) => {
      const final: NdArray = { data: new Float32Array(batchSize * size), shape: [batchSize, size] };
      for (const part of parts) {
        const length = part.batchSize * size;
        const from = (timeSteps - 1) * length;
        const values = bufferOf(this.compiled, part, `next:${k}`).subarray(from, from + length);
        final.data.set(values, part.start * size);
      }
      return final;
    });
    return { output: this.#output(), finalStates };
  }

  backward(
    output: NdArray | null,
    finals: readonly (NdArray | null)[],
    gradients: SequenceGradients,
  ): void {
    const { plan, engine, module, frame } = this.compiled;
    const { parts, frames } = this.buffers;
    const { program } = plan;
    for (const part of parts) {
      part.words[frame.wantsInput] = gradients.input ? 1 : 0;
      if (output)
        this.#scatter(output.data, part, outputAdjoint, widthOf(program.nodes[program.output]!));
      else bufferOf(this.compiled, part, outputAdjoint).fill(0);
      program.states.forEach(({ size }, k) => {
        const adjoint = bufferOf(this.compiled, part, `carryIn:${k}`);
        const [from, to] = [part.start * size, (part.start + part.batchSize) * size];
        const final = finals[k];
        if (final) adjoint.set(final.data.subarray(from, to));
        else adjoint.fill(0, 0, to - from);
      });
      for (const node of plan.vectors) bufferOf(this.compiled, part, `adjoint:${node}`).fill(0);
    }
    this.#prepare('prepareBackward');
    this.weights.openGradients(parts[0]!.words, gradients.parameters);
    this.#shareWords();
    engine.runParallel(
      module,
      'backward',
      parts.map(({ words }) => [words.byteOffset]),
    );
    const scratch = parts.map(() => engine.allocate(this.#scratchLength()));
    const count = parts.length;
    engine.runParallel(
      module,
      'gradients',
      parts.map((_, k) => [frames.byteOffset, count, k, count, scratch[k]!.byteOffset]),
    );
    scratch.forEach((piece) => engine.release(piece));
    this.weights.finishGradients();
    this.#addGradients(gradients);
  }

  // -----------------------------------------------------------------------------------------------

  /** Weights for all parts: made once, known by the first frame, then told to the others. */
  #prepare(step: 'prepareForward' | 'prepareBackward'): void {
    const { parts, timeSteps, batchSize } = this.buffers;
    const smallest = Math.min(...parts.map((part) => part.batchSize));
    const isPacked = parts.some((part) => part.batchSize >= packedRows) || smallest >= packedRows;
    const isInputPacked = timeSteps * batchSize >= packedRows;
    this.weights[step](parts[0]!.words, isPacked, isInputPacked);
    this.#shareWords();
  }

  #shareWords(): void {
    const { frame } = this.compiled;
    const [first, ...others] = this.buffers.parts;
    const shared = first!.words.subarray(frame.bias(0, 'sum'));
    for (const { words } of others) words.set(shared, frame.bias(0, 'sum'));
  }

  #readInput(input: NumberArray): void {
    const { frame, plan, engine } = this.compiled;
    const { parts, timeSteps, batchSize } = this.buffers;
    const { program } = plan;
    const width = program.inputSize;
    const isRead = program.nodes.some(
      ({ op, operands }) => op !== 'linear' && operands.includes(program.input),
    );
    const positions = isRead ? undefined : oneHotPositions(input, width);
    for (const part of parts) {
      if (!positions) {
        part.words[frame.oneHot] = 0;
        this.#scatter(input, part, `value:${program.input}`, width);
        continue;
      }
      const own = (part.positions ??= engine.allocateWords(timeSteps * part.batchSize));
      part.words[frame.oneHot] = own.byteOffset;
      for (let t = 0, i = 0; t < timeSteps; t++)
        for (let b = 0; b < part.batchSize; b++)
          own[i++] = positions[t * batchSize + part.start + b]!;
    }
  }

  /** Copies a part's sequences out of `[T, B, width]` into one of its buffers. */
  #scatter(whole: NumberArray, part: Part, key: BufferKey, width: number): void {
    const { timeSteps, batchSize } = this.buffers;
    const target = bufferOf(this.compiled, part, key);
    if (part.batchSize === batchSize) {
      target.set(whole);
      return;
    }
    const length = part.batchSize * width;
    for (let t = 0; t < timeSteps; t++) {
      const from = (t * batchSize + part.start) * width;
      target.set(whole.subarray(from, from + length), t * length);
    }
  }

  /** Copies a part's sequences from one of its buffers to their place in `[T, B, width]`. */
  #collect(whole: NumberArray, part: Part, key: BufferKey, width: number): void {
    const { timeSteps, batchSize } = this.buffers;
    const source = bufferOf(this.compiled, part, key);
    const length = part.batchSize * width;
    if (part.batchSize === batchSize) {
      whole.set(source.subarray(0, timeSteps * length));
      return;
    }
    for (let t = 0; t < timeSteps; t++)
      whole.set(
        source.subarray(t * length, (t + 1) * length),
        (t * batchSize + part.start) * width,
      );
  }

  #output(): NdArray {
    const { plan } = this.compiled;
    const { parts, timeSteps, batchSize } = this.buffers;
    const { key, width } = plan.stores.find(({ node }) => node === plan.program.output)!;
    const data = new Float32Array(timeSteps * batchSize * width);
    for (const part of parts) this.#collect(data, part, key, width);
    return { data, shape: [timeSteps, batchSize, width] };
  }

  #scratchLength(): number {
    const depths = this.compiled.products.map(({ product }) => product.depth);
    return transposedScratch(Math.max(1, ...depths)) / 4;
  }

  /** Of vectors, the input and the initial states. */
  #addGradients(gradients: SequenceGradients): void {
    const { plan } = this.compiled;
    const { program } = plan;
    const { parts, timeSteps, batchSize } = this.buffers;
    for (const node of plan.vectors) {
      const gradient =
        gradients.parameters[program.parameters.findIndex((one) => one.node === node)];
      if (gradient)
        for (const part of parts)
          addTo(gradient.data, 0, bufferOf(this.compiled, part, `adjoint:${node}`));
    }
    if (gradients.input) {
      const width = program.inputSize;
      const adjoint = new Float32Array(timeSteps * batchSize * width);
      for (const part of parts) this.#collect(adjoint, part, `adjoint:${program.input}`, width);
      addTo(gradients.input.data, 0, adjoint);
    }
    program.states.forEach(({ size }, k) => {
      const gradient = gradients.states[k];
      if (gradient)
        for (const part of parts) {
          const adjoint = bufferOf(this.compiled, part, `carryIn:${k}`);
          addTo(gradient.data, part.start * size, adjoint.subarray(0, part.batchSize * size));
        }
    });
  }

  #parameterAt(node: number): NdArray {
    const { parameters } = this.compiled.plan.program;
    return this.parameters[parameters.findIndex((one) => one.node === node)]!;
  }
}

function addTo(target: NumberArray, start: number, source: Float32Array): void {
  for (let i = 0; i < source.length; i++) target[start + i]! += source[i]!;
}
