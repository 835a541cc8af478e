import type { TraceData } from '../../kernel/contract/trace.js';

/**
 * `[T]` norm of the adjoint of a stage's output. Of a recurrent layer the whole of it, with what comes from other time
 * steps: the stage itself knows only what comes from above, which is nothing between losses far apart.
 */
export function stageAdjoint({ stages, layers }: TraceData, stage: number): Float32Array {
  const { layer, adjointNorm } = stages[stage]!;
  const own = layer === undefined ? undefined : layers[layer];
  const output = own?.nodes[own.output];
  return output?.kind === 'operation' && !output.once ? output.adjointNorm.data : adjointNorm.data;
}
