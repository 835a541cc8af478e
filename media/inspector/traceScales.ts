import type { TraceData } from '../../kernel/contract/trace.js';
import { linearScale, logScale, type Scale } from './scales.js';
import type { Layer } from './walk.js';

/** How numbers of a trace become shades, the same at every stop. */
export interface TraceScales {
  /** Norms of adjoints, of everything in one scale: logarithmic. */
  adjoint: Scale;
  /** Norms of values, per stage. */
  stages: Scale[];
  loss: Scale;
  /** Root mean squares of a layer's values. */
  nodes(layer: Layer): Scale;
}

export function toTraceScales(trace: TraceData): TraceScales {
  const { layers, stages } = trace;
  const nodes = new Map<Layer, Scale>();
  return {
    adjoint: logScale([
      ...stages.map(({ adjointNorm }) => adjointNorm.data),
      ...layers.flatMap((layer) => [
        ...layer.nodes
          .filter(({ kind }) => kind === 'operation')
          .map(({ adjointNorm }) => adjointNorm.data),
        ...layer.states.map(({ carried }) => carried.data),
      ]),
    ]),
    stages: stages.map(({ valueNorm }) => linearScale([valueNorm.data])),
    loss: linearScale([trace.loss.terms.data]),
    nodes: (layer) => {
      const known = nodes.get(layer);
      if (known) return known;
      const made = linearScale(
        layer.nodes
          .filter(({ kind }) => kind === 'operation')
          .map(({ valueNorm, shape }) => {
            const root = Math.sqrt(
              Math.max(
                1,
                shape.reduce((product, n) => product * n, 1),
              ),
            );
            return valueNorm.data.map((norm) => norm / root);
          }),
      );
      nodes.set(layer, made);
      return made;
    },
  };
}
