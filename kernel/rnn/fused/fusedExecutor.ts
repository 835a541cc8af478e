import { AutogradError } from '../errors.js';
import type { CreateExecutor, Executor, Sequence, Unrolled } from '../executor/executor.js';
import { createSteppedExecutor } from '../executor/stepped.js';
import { BufferPool } from './bufferPool.js';
import type { Buffers } from './buffers.js';
import { compileProgram } from './compile.js';
import { FusedRun } from './fusedRun.js';

/**
 * Runs and layers that are dropped give their memory back: the engine's is not seen by the garbage collector.
 * What is registered must not be reachable from what is done then, so no closures here.
 */
const droppedRuns = new FinalizationRegistry<{ pool: BufferPool; buffers: Buffers }>(
  ({ pool, buffers }) => pool.giveBack(buffers),
);
const droppedLayers = new FinalizationRegistry<BufferPool>((pool) => pool.close());

/**
 * Most bytes that runs of one layer may hold while they wait for `backward`. Beyond that, runs are stepped, in
 * memory that the garbage collector sees.
 */
const mostTaken = 2 ** 28;

/**
 * Runs a cell program by its plan, in WebAssembly: float32 only.
 * @returns undefined where the program has no plan or the machine no engine
 */
export function createFusedExecutor(
  ...[program, parameters, dtype]: Parameters<CreateExecutor>
): Executor | undefined {
  const compiled = dtype === 'float32' ? compileProgram(program) : undefined;
  if (!compiled) return undefined;
  const pool = new BufferPool(compiled, parameters);

  const runOnce = (sequence: Sequence): Unrolled => {
    const [timeSteps, batchSize] = sequence.input.shape as [number, number];
    const buffers = pool.take(timeSteps, batchSize);
    const result = new FusedRun(compiled, parameters, buffers).forward(sequence);
    pool.giveBack(buffers);
    return { ...result, backward: refuse('the run did not keep its values') };
  };

  const runKeeping = (sequence: Sequence): Unrolled => {
    const [timeSteps, batchSize] = sequence.input.shape as [number, number];
    const buffers = pool.take(timeSteps, batchSize);
    const run = new FusedRun(compiled, parameters, buffers);
    const unrolled: Unrolled = {
      ...run.forward(sequence),
      backward(output, finalStates, gradients) {
        unrolled.backward = refuse('it ran already');
        droppedRuns.unregister(buffers);
        run.backward(output, finalStates, gradients);
        pool.giveBack(buffers);
      },
    };
    droppedRuns.register(unrolled, { pool, buffers }, buffers);
    return unrolled;
  };

  const executor: Executor = {
    run(sequence, keep) {
      if (!keep) return runOnce(sequence);
      if (pool.bytesTaken > mostTaken)
        return createSteppedExecutor(program, parameters, dtype).run(sequence, keep);
      return runKeeping(sequence);
    },
  };
  droppedLayers.register(executor, pool);
  return executor;
}

function refuse(reason: string): () => never {
  return () => {
    throw new AutogradError(`backward through time is not possible: ${reason}`);
  };
}
