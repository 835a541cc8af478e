/** A trace's payload as numbers: the verdict, and how the gradient goes back through time. */
import type { FloatArray } from '../../kernel/contract/floatText.js';
import type { TraceData, TraceLayer } from '../../kernel/contract/trace.js';
import { rounded, thinnedPositions } from './numbers.js';

/** Time steps that are told of each norm at most. */
const mostSteps = 64;

export function gradientNumbers(trace: TraceData) {
  const { title, dtype, timeSteps, batchSize, loss, gradient, clip, truncation, verdict } = trace;
  const steps = thinnedPositions(timeSteps, mostSteps);
  const norms = ({ data }: FloatArray) => steps.map((t) => rounded(data[t]));
  return {
    title,
    dtype,
    timeSteps,
    batchSize,
    loss: rounded(loss.value),
    verdict: {
      sentence: verdict.sentence,
      findings: verdict.findings.map(({ kind, text, layer, step }) => ({
        kind,
        text,
        ...(layer === undefined ? {} : { layer: trace.layers[layer]?.name }),
        ...(step === undefined ? {} : { timeStep: step }),
      })),
    },
    gradientNorm: rounded(gradient.norm),
    ...(clip ? { clip: { ...clip, factor: rounded(clip.factor) } } : {}),
    ...(truncation ? { truncation } : {}),
    parameters: gradient.parameters.map(({ name, shape, valueNorm, gradientNorm }) => ({
      name,
      shape,
      valueNorm: rounded(valueNorm),
      gradientNorm: rounded(gradientNorm),
    })),
    /** What the lists of norms below are of. */
    timeStepsShown: steps,
    layers: trace.layers.map((layer) => layerNumbers(layer, norms)),
    worstCheck: worstOf(trace),
  };
}

function layerNumbers(
  layer: TraceLayer<FloatArray>,
  norms: (array: FloatArray) => (number | null)[],
) {
  const { name, type, direction, states, nodes, jacobian } = layer;
  return {
    name,
    type,
    direction,
    states: states.map((state) => ({
      name: state.name,
      size: state.size,
      adjointNorm: norms(nodes[state.next]!.adjointNorm),
      adjointNormFromNextStep: norms(state.carried),
    })),
    gates: nodes.flatMap(({ label, saturation }) =>
      label === undefined || !saturation
        ? []
        : [
            {
              label,
              range: [saturation.low, saturation.high],
              mean: mean(saturation.mean),
              nearLow: mean(saturation.nearLow),
              nearHigh: mean(saturation.nearHigh),
            },
          ],
    ),
    ...(jacobian
      ? {
          jacobian: {
            from: jacobian.product.from,
            productNorm: norms(jacobian.product.norm),
            spectralRadii: jacobian.radii.map((one) => ({ ...one, radius: rounded(one.radius) })),
          },
        }
      : {}),
  };
}

const mean = ({ data }: FloatArray): number | null =>
  rounded(data.reduce((sum, one) => sum + one, 0) / Math.max(1, data.length));

/** The invariant that holds least well: how far these numbers can be trusted. */
function worstOf({ checks }: TraceData) {
  const [worst] = [...checks].sort(
    (a, b) => (b.error ?? Infinity) / b.tolerance - (a.error ?? Infinity) / a.tolerance,
  );
  return worst && { ...worst, error: worst.error === null ? null : rounded(worst.error) };
}
