import type { CellProgram } from '../cell/program.js';
import { AutogradError } from '../errors.js';
import type {
  CreateExecutor,
  Executor,
  Sequence,
  SequenceGradients,
  Unrolled,
} from '../executor/executor.js';
import type { NdArray } from '../ndarray.js';
import { findEngine, type Engine } from '../wasm/engine.js';
import { FusedRun } from './fusedRun.js';
import { defineBackward, defineForward, type GroupKernel } from './groupKernels.js';
import { isPlan, planProgram, type Group, type Plan } from './plan.js';
import { createBuffers, releaseBuffers, type Buffers } from './buffers.js';

/** A planned program with its compiled loops. */
export interface Compiled {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly kernels: Readonly<Record<string, (...arguments_: number[]) => void>>;
  readonly loops: readonly { group: Group; forward: GroupKernel; backward: GroupKernel }[];
}

/** Programs are the same for all layers of one cell and size; so are their loops. */
const compiledByProgram = new WeakMap<CellProgram, Compiled | undefined>();

function compile(program: CellProgram): Compiled | undefined {
  if (compiledByProgram.has(program)) return compiledByProgram.get(program);
  const engine = findEngine();
  const plan = planProgram(program);
  let compiled: Compiled | undefined;
  if (engine && isPlan(plan)) {
    const loops: Compiled['loops'][number][] = [];
    const kernels = engine.compile((module) => {
      for (const group of plan.groups)
        loops.push({
          group,
          forward: defineForward(module, plan, group),
          backward: defineBackward(module, plan, group),
        });
    });
    compiled = { plan, engine, kernels, loops };
  }
  compiledByProgram.set(program, compiled);
  return compiled;
}

/** Most sets of buffers that a layer keeps for lengths and batch sizes it has seen. */
const mostKept = 4;

/**
 * Runs a cell program by its plan, in WebAssembly: float32 only.
 * @returns undefined where the program has no plan or the machine no engine
 */
export function createFusedExecutor(
  ...[program, parameters, dtype]: Parameters<CreateExecutor>
): Executor | undefined {
  const compiled = dtype === 'float32' ? compile(program) : undefined;
  if (!compiled) return undefined;
  const idle: Buffers[] = [];
  const take = (timeSteps: number, batchSize: number): Buffers => {
    const at = idle.findIndex((one) => one.timeSteps === timeSteps && one.batchSize === batchSize);
    return at < 0
      ? createBuffers(compiled, parameters, timeSteps, batchSize)
      : idle.splice(at, 1)[0]!;
  };
  const giveBack = (buffers: Buffers): void => {
    idle.push(buffers);
    if (idle.length > mostKept) releaseBuffers(compiled.engine, idle.shift()!);
  };
  return {
    run(sequence: Sequence, keep: boolean): Unrolled {
      const [timeSteps, batchSize] = sequence.input.shape as [number, number];
      const buffers = take(timeSteps, batchSize);
      const run = new FusedRun(compiled, parameters, buffers);
      const result = run.forward(sequence);
      if (!keep) giveBack(buffers);
      let isOver = !keep;
      return {
        ...result,
        backward(
          output: NdArray | null,
          finals: readonly (NdArray | null)[],
          gradients: SequenceGradients,
        ) {
          if (isOver)
            throw new AutogradError(
              `backward through time is not possible: ${keep ? 'it ran already' : 'the run did not keep its values'}`,
            );
          isOver = true;
          run.backward(output, finals, gradients);
          giveBack(buffers);
        },
      };
    },
  };
}
