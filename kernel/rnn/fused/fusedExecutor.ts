import { AutogradError } from '../errors.js';
import type { CreateExecutor, Executor, Sequence, Unrolled } from '../executor/executor.js';
import { createSteppedExecutor } from '../executor/stepped.js';
import { getThreads, type Engine } from '../wasm/engine.js';
import { compileProgram, type Compiled } from './compile.js';
import { FusedRun } from './fusedRun.js';
import { LayerWeights } from './layerWeights.js';
import { BufferPool } from './bufferPool.js';
import type { RunBuffers } from './runBuffers.js';

/**
 * Layers that are dropped give their memory back: the engine's is not seen by the garbage collector.
 * What is registered must not be reachable from what is done then, so no closures here.
 */
const droppedLayers = new FinalizationRegistry<{ pool: BufferPool; weights: LayerWeights }>(
  ({ pool, weights }) => {
    pool.close();
    weights.release();
  },
);

/**
 * Most bytes that runs of one layer may hold while they wait for `backward`. Beyond that, runs are stepped, in
 * memory that the garbage collector sees.
 */
const mostTaken = 2 ** 28;

/** Multiplications and additions of a pass forward from which one more thread pays: about half a millisecond. */
const workOfThread = 1e7;

/**
 * Runs a cell program by its plan, in WebAssembly: float32 only.
 * @returns undefined where the program has no plan or the machine no engine
 */
export function createFusedExecutor(
  ...[program, parameters, dtype, engine]: [...Parameters<CreateExecutor>, engine?: Engine]
): Executor | undefined {
  const compiled = dtype === 'float32' ? compileProgram(program, engine) : undefined;
  if (!compiled) return undefined;
  const pool = new BufferPool(compiled);
  const weights = new LayerWeights(compiled, parameters);
  /** Held by the layer and by its runs: memory is given back when none of them is left. */
  const life = {};
  droppedLayers.register(life, { pool, weights });
  /** The run that was begun last, while it has not gone back. Watched only when the next begins: that is rare. */
  let latest: { run: FusedRun; buffers: RunBuffers } | undefined;

  const begin = ({ input }: Sequence): { run: FusedRun; buffers: RunBuffers } => {
    if (latest) pool.watch(latest.run, latest.buffers);
    const [timeSteps, batchSize] = input.shape as [number, number];
    const buffers = pool.take(timeSteps, batchSize, partsOf(compiled, timeSteps, batchSize));
    // Remembered before it runs: user code may be terminated anywhere.
    return (latest = { run: new FusedRun(compiled, weights, parameters, buffers, life), buffers });
  };
  const end = (buffers: RunBuffers): void => {
    if (latest?.buffers === buffers) latest = undefined;
    pool.giveBack(buffers);
  };

  const runOnce = (sequence: Sequence): Unrolled => {
    const { run, buffers } = begin(sequence);
    const { output, finalStates } = run.forward(sequence);
    end(buffers);
    return { output, finalStates, backward: refuseWithoutValues };
  };

  const runKeeping = (sequence: Sequence): Unrolled => {
    const { run, buffers } = begin(sequence);
    const { output, finalStates } = run.forward(sequence);
    const unrolled: Unrolled = {
      output,
      finalStates,
      backward(outputAdjoint, finalAdjoints, gradients) {
        unrolled.backward = refuse('it ran already');
        run.backward(outputAdjoint, finalAdjoints, gradients);
        end(buffers);
      },
    };
    return unrolled;
  };

  return {
    run(sequence, keep) {
      if (!keep) return runOnce(sequence);
      if (pool.bytesTaken > mostTaken)
        return createSteppedExecutor(program, parameters, dtype).run(sequence, keep);
      return runKeeping(sequence);
    },
  };
}

/** How many parts a batch is split into, one thread each. */
function partsOf({ work }: Compiled, timeSteps: number, batchSize: number): number {
  const worth = Math.floor((work * timeSteps * batchSize) / workOfThread);
  return Math.max(1, Math.min(getThreads(), worth, Math.floor(batchSize / 4)));
}

const refuseWithoutValues = refuse('the run did not keep its values');

function refuse(reason: string): () => never {
  return () => {
    throw new AutogradError(`backward through time is not possible: ${reason}`);
  };
}
