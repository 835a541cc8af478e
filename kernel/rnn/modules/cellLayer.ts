import { withHiddenDropout, withZoneout, type StateRates } from '../cell/maskedProgram.js';
import type { CellProgram, ProgramMask } from '../cell/program.js';
import {
  arrange,
  runArranged,
  type ArrangedSequence,
  type Arrangement,
} from '../executor/arrange.js';
import type { Executor, Unrolled } from '../executor/executor.js';
import { createSteppedExecutor, observeSteps } from '../executor/stepped.js';
import { zeros } from '../factories.js';
import { createFusedExecutor } from '../fused/fusedExecutor.js';
import { createNdArray, sizeOf, type NdArray } from '../ndarray.js';
import { randomStream } from '../random.js';
import { isGradEnabled, needsGradient, record, type Parameter, type Tensor } from '../tensor.js';
import { dropoutMask } from './dropout.js';
import type { FloatType } from './linear.js';

export type Direction = 'forward' | 'reverse';

/** What a tape node of a recurrent layer says of itself. */
export interface RecurrentDetail {
  readonly program: CellProgram;
  readonly timeSteps: number;
  readonly direction: Direction;
  /** Valid time steps of each sequence; all where left out. */
  readonly lengths: Int32Array | undefined;
  /** The numbers of the program's masks, where it has some. */
  readonly masks: readonly NdArray[] | undefined;
}

/** How a cell is regularised in training. */
export interface CellNoise {
  /** Probability that a unit of the hidden state is dropped from what products read, for all time steps. */
  readonly hidden: number;
  /** Probability that a unit keeps its value, by state. */
  readonly zoneout: StateRates;
}

export const withoutNoise: CellNoise = { hidden: 0, zoneout: new Map() };

/** One pass of a layer over a sequence. */
export interface LayerCall {
  readonly training: boolean;
  readonly direction: Direction;
  readonly lengths: Int32Array | undefined;
  /** Masks that are the same at all time steps, by place among the program's masks; drawn where left out. */
  readonly hiddenMasks?: readonly NdArray[] | undefined;
}

interface Runner {
  readonly program: CellProgram;
  readonly executor: Executor;
}

/** One cell with one set of parameters: a layer in one direction. */
export class CellLayer {
  /** Initial states where none are given, for the batch size that came last. */
  #zeros: Tensor[] = [];
  #training: Runner | undefined;
  #evaluation: Runner | undefined;

  constructor(
    /** The cell as it is defined. */
    readonly program: CellProgram,
    /** Names of the parameters as fields of the module. */
    readonly fields: readonly string[],
    readonly parameters: readonly Parameter[],
    readonly dtype: FloatType,
    readonly direction: Direction,
    private readonly noise: CellNoise,
  ) {}

  /** `[1, B, size]` for each state. */
  zeros(batchSize: number): readonly Tensor[] {
    if (this.#zeros[0]?.shape[1] !== batchSize)
      this.#zeros = this.program.states.map(({ size }) =>
        zeros([1, batchSize, size], { dtype: this.dtype }),
      );
    return this.#zeros;
  }

  /** Masks for all time steps of `batchSize` sequences, by place among the program's masks. */
  drawHiddenMasks(batchSize: number): NdArray[] {
    const { masks } = this.#runner(true).program;
    return masks
      .filter(({ perStep }) => !perStep)
      .map((mask) => dropoutMask([batchSize, mask.size], mask.rate, this.dtype));
  }

  /** @param input `[T, B, features]`, @param states `[1, B, size]` each */
  run(input: Tensor, states: readonly Tensor[], call: LayerCall) {
    const { program, executor } = this.#runner(call.training);
    const { direction, lengths } = call;
    const inputs = isGradEnabled() ? [input, ...states, ...this.parameters] : [];
    const keep = needsGradient(inputs);
    const sequence: ArrangedSequence =
      program.masks.length === 0
        ? { input, states }
        : { input, states, masks: this.#masks(program, input, call) };
    const isArranged = direction === 'reverse' || lengths !== undefined;
    const run = isArranged
      ? runArranged(executor, sequence, arrangementOf(call), keep)
      : executor.run(sequence, keep);
    const outputs = [run.output];
    const batchSize = input.shape[1]!;
    for (const { data } of run.finalStates)
      outputs.push({ data, shape: [1, batchSize, data.length / batchSize] });
    const detail: RecurrentDetail = {
      program,
      timeSteps: input.shape[0]!,
      direction,
      lengths,
      masks: sequence.masks,
    };
    const results = record('recurrent', inputs, outputs, goBack(run, states.length), detail);
    return { output: results[0]!, finalStates: results.slice(1), detail };
  }

  /**
   * Every value of every time step of such a pass, node by node: `[T, B, …]` by node, time steps as they came, zero at
   * padding.
   */
  observe(input: Tensor, states: readonly Tensor[], detail: RecurrentDetail): readonly NdArray[] {
    const { program, lengths } = detail;
    const [timeSteps, batchSize] = input.shape as [number, number];
    const { rows, arranged } = arrange(
      { input, states, masks: detail.masks },
      { reverse: detail.direction === 'reverse', lengths },
    );
    const collected = program.nodes.map((node) => {
      const width = node.invariant ? 0 : sizeOf(node.shape.slice(1));
      return createNdArray(this.dtype, [timeSteps, batchSize, width]);
    });
    observeSteps(program, this.parameters, this.dtype, arranged, (t, values) =>
      collected.forEach((all, node) => {
        if (all.data.length > 0) all.data.set(values[node]!.data, t * values[node]!.data.length);
      }),
    );
    return collected.map((all) => (all.data.length > 0 ? rows.restore(all) : all));
  }

  #runner(training: boolean): Runner {
    const { noise } = this;
    if (noise.hidden === 0 && noise.zoneout.size === 0)
      return (this.#evaluation ??= this.#createRunner(this.program));
    const base =
      training && noise.hidden > 0 ? withHiddenDropout(this.program, noise.hidden) : this.program;
    if (training)
      return (this.#training ??= this.#createRunner(withZoneout(base, noise.zoneout, true)));
    return (this.#evaluation ??= this.#createRunner(withZoneout(base, noise.zoneout, false)));
  }

  #createRunner(program: CellProgram): Runner {
    const { parameters, dtype } = this;
    const executor =
      createFusedExecutor(program, parameters, dtype) ??
      createSteppedExecutor(program, parameters, dtype);
    return { program, executor };
  }

  #masks({ masks }: CellProgram, input: Tensor, { hiddenMasks }: LayerCall): NdArray[] {
    const [timeSteps, batchSize] = input.shape as [number, number];
    let fixed = 0;
    return masks.map((mask) => {
      if (mask.perStep) return drawZoneout(mask, [timeSteps, batchSize, mask.size], this.dtype);
      return hiddenMasks?.[fixed++] ?? dropoutMask([batchSize, mask.size], mask.rate, this.dtype);
    });
  }
}

const arrangementOf = ({ direction, lengths }: LayerCall): Arrangement => ({
  reverse: direction === 'reverse',
  lengths,
});

/** 1 with probability `rate`, else 0. */
function drawZoneout({ rate }: ProgramMask, shape: readonly number[], dtype: FloatType): NdArray {
  const stream = randomStream('zoneout');
  const mask = createNdArray(dtype, shape);
  const { data } = mask;
  // A mask for each time step is many numbers: two of 16 bits each from one draw, which meet the rate to 2⁻¹⁶.
  const threshold = rate * 2 ** 16;
  for (let i = 0; i < data.length; i += 2) {
    const bits = stream.bits();
    data[i] = (bits & 0xffff) < threshold ? 1 : 0;
    if (i + 1 < data.length) data[i + 1] = bits >>> 16 < threshold ? 1 : 0;
  }
  return mask;
}

const goBack =
  (run: Unrolled, states: number) =>
  (adjoints: readonly (NdArray | null)[], gradients: readonly (NdArray | null)[]): void =>
    run.backward(adjoints[0]!, adjoints.slice(1), {
      input: gradients[0]!,
      states: gradients.slice(1, 1 + states),
      parameters: gradients.slice(1 + states),
    });
