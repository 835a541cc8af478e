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

/** Scales of a trace. @param isChange zero means that nothing changed, and has no shade */
export function toTraceScales(trace: TraceData, isChange = false): TraceScales {
  const [scales] = toSharedScales([trace]);
  if (!isChange) return scales!;
  return {
    ...scales!,
    stages: scales!.stages.map(withoutZero),
    nodes: (layer) => withoutZero(scales!.nodes(layer)),
  };
}

const withoutZero = (scale: Scale): Scale => ({
  ...scale,
  share: (value) => (value > 0 ? scale.share(value) : undefined),
});

/** Scales of several traces in which the same number has the same shade in each. */
export function toSharedScales(traces: readonly TraceData[]): TraceScales[] {
  const adjoint = logScale(traces.flatMap(adjointSeries));
  const loss = linearScale(traces.map((trace) => trace.loss.terms.data));
  const stages = new Map<string, Scale>();
  const nodes = new Map<number, Scale>();
  // Stages and layers of the same place share a scale, whatever stands there.
  const stageScale = (key: string): Scale => {
    const made =
      stages.get(key) ??
      linearScale(
        traces.flatMap((trace) =>
          trace.stages
            .filter((_, index) => stageKey(trace, index) === key)
            .map(({ valueNorm }) => valueNorm.data),
        ),
      );
    stages.set(key, made);
    return made;
  };
  const nodeScale = (at: number): Scale => {
    const made =
      nodes.get(at) ?? linearScale(traces.flatMap(({ layers }) => rootMeanSquares(layers[at])));
    nodes.set(at, made);
    return made;
  };
  return traces.map((trace) => ({
    adjoint,
    loss,
    stages: trace.stages.map((_, index) => stageScale(stageKey(trace, index))),
    nodes: (layer) => nodeScale(trace.layers.indexOf(layer)),
  }));
}

function stageKey({ stages }: TraceData, index: number): string {
  const { layer, name } = stages[index]!;
  return layer === undefined ? `stage ${name}` : `layer ${layer}`;
}

const adjointSeries = ({ stages, layers }: TraceData): Float32Array[] => [
  ...stages.map(({ adjointNorm }) => adjointNorm.data),
  ...layers.flatMap((layer) => [
    ...layer.nodes
      .filter(({ kind }) => kind === 'operation')
      .map(({ adjointNorm }) => adjointNorm.data),
    ...layer.states.map(({ carried }) => carried.data),
  ]),
];

/** Of a layer's values at every time step. */
function rootMeanSquares(layer: Layer | undefined): Float32Array[] {
  return (layer?.nodes ?? [])
    .filter(({ kind }) => kind === 'operation')
    .map(({ valueNorm, shape }) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const root = Math.sqrt(Math.max(1, size));
      return valueNorm.data.map((norm) => norm / root);
    });
}
