import { average } from './gates.js';
import { spectralRadii } from './jacobians.js';
import type { LayerTrace } from './layerTrace.js';
import { ledger } from './ledger.js';
import { printable } from './printable.js';
import type { Trace } from './trace.js';

export type FindingKind =
  | 'vanishing'
  | 'exploding'
  | 'saturated'
  | 'dead'
  | 'notFinite'
  | 'truncated'
  | 'flowing'
  | 'wrong';

/** One thing that a trace shows, as a sentence with its kind. */
export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
  readonly layer?: LayerTrace;
  readonly step?: number;
}

/** What a trace says about its gradients, in a sentence, with the evidence for it. */
export interface Verdict {
  readonly sentence: string;
  readonly findings: readonly Finding[];
}

/** A gradient has vanished where it is below this part of what it was at lag 0, exploded above its inverse. */
const vanished = 1e-3;

/** The verdict's rules stand in docs/inspection.md. */
export function verdict(trace: Trace): Verdict {
  const findings = [
    ...notFinite(trace),
    ...trace.layers.flatMap((layer) => flow(trace, layer)),
    ...truncated(trace),
  ];
  const sentence = findings.map(({ text }) => text).join(' ');
  const found = { sentence: sentence === '' ? 'Nothing flows back.' : sentence, findings };
  return printable(found, (one) => one.sentence, found.sentence);
}

function notFinite({ loss, layers }: Trace): Finding[] {
  if (!Number.isFinite(loss.total))
    return [{ kind: 'notFinite', text: `The loss is ${loss.total}.` }];
  for (const layer of layers)
    for (let t = layer.timeSteps - 1; t >= 0; t--) {
      const node = layer.norms.adjoints.findIndex((series) => !Number.isFinite(series[t]));
      if (node >= 0)
        return [
          {
            kind: 'notFinite',
            text: `${layer.name}: going back, the adjoint of ${layer.ids[node]!} is not finite from t=${t} on.`,
            layer,
            step: layer.start + t,
          },
        ];
    }
  return [];
}

function flow(trace: Trace, layer: LayerTrace): Finding[] {
  if (trace.loss.measuredAt.length === 0 || layer.timeSteps < 2) return [];
  const { rows, matrix, state } = ledger(trace, { layer: layer.name });
  const profile = lagProfile(matrix, rows, layer);
  if (profile.length < 2) return [];
  const evidence = evidenceOf(layer);
  const because = evidence === '' ? '' : `: ${evidence}`;
  const gone = profile.findIndex((value) => value < vanished);
  if (gone > 0)
    return [
      {
        kind: 'vanishing',
        text: `${layer.name}: the gradient vanishes by t−${gone} (‖∂L/∂${state}‖ is ${percent(profile[gone]!)} of what it is at t)${because}.`,
        layer,
        step: stepBack(layer, rows, gone),
      },
    ];
  const blown = profile.findIndex((value) => value > 1 / vanished);
  if (blown > 0)
    return [
      {
        kind: 'exploding',
        text: `${layer.name}: the gradient explodes, by t−${blown} it is ${profile[blown]!.toPrecision(2)} times what it is at t${because}.`,
        layer,
        step: stepBack(layer, rows, blown),
      },
    ];
  const lag = profile.length - 1;
  return [
    {
      kind: 'flowing',
      text: `${layer.name}: the gradient reaches t−${lag} with ${percent(profile[lag]!)} of its size at t${because}.`,
      layer,
    },
  ];
}

/** On the trace's axis, so many steps before the layer's last with a loss. */
function stepBack({ start, timeSteps }: LayerTrace, rows: readonly number[], lag: number): number {
  const last = Math.min(rows.at(-1)!, start + timeSteps - 1);
  return Math.max(start, last - lag);
}

/**
 * By lag, the geometric mean over the loss terms of ‖∂Lⱼ/∂sⱼ₋lag‖ / ‖∂Lⱼ/∂sⱼ‖, as long as half of the terms
 * reach that far within the sequence and its truncation; zero as soon as one of them is zero there.
 */
function lagProfile(
  matrix: readonly Float64Array[],
  rows: readonly number[],
  { direction, timeSteps, run, start }: LayerTrace,
): number[] {
  const back = direction === 'forward' ? -1 : 1;
  const usable = rows.flatMap((term, r) => {
    // Of a loss that is measured later, in a decoder: from the layer's own last step.
    const j = term < start + timeSteps ? term - start : run.inOrder(timeSteps - 1);
    return matrix[r]![j]! > 0 ? [{ j, row: matrix[r]! }] : [];
  });
  const profile: number[] = [];
  for (let lag = 0; lag < timeSteps; lag++) {
    const ratios = usable.flatMap(({ j, row }) => {
      const value = row[j + back * lag];
      return value === undefined || lag > reach(run, j) ? [] : [value / row[j]!];
    });
    if (ratios.length === 0 || 2 * ratios.length < usable.length) break;
    profile.push(Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length));
  }
  return profile;
}

/** How many steps back truncation lets a gradient flow from step j. */
function reach(run: LayerTrace['run'], j: number): number {
  let lag = 0;
  for (let p = run.inOrder(j); p > 0 && !run.isCutBefore(run.inOrder(p)); p--) lag++;
  return lag;
}

/** What the cell's gates and weights have to do with it, the most telling first. */
function evidenceOf(layer: LayerTrace): string {
  const { activations, saturations: measured } = layer.norms;
  const keeping = activations.flatMap((one, k) => {
    if (one.keeps === undefined) return [];
    const low = average(measured[k]!.nearLow);
    const high = average(measured[k]!.nearHigh);
    const mean = average(measured[k]!.mean);
    if (low >= 0.25) return [`${percent(low)} of ${one.name} gates are below 0.1`];
    if (high >= 0.25) return [`${percent(high)} of ${one.name} gates are above 0.9`];
    return [`${one.name}, which multiplies ${one.keeps}, is ${mean.toFixed(2)} on average`];
  });
  if (keeping.length > 0) return keeping.join(', ');
  const squashed = activations.flatMap(({ name, low, high }, k) => {
    const share = average(measured[k]!.nearLow) + average(measured[k]!.nearHigh);
    return share >= 0.25
      ? [`${percent(share)} of ${name} are within a tenth of the range of ${low} or ${high}`]
      : [];
  });
  const radii = spectralRadii(layer).map(
    ({ parameter, radius }) => `the spectral radius of ${parameter} is ${radius.toFixed(2)}`,
  );
  return [...squashed, ...(radii.length === 1 ? radii : [])].join(', ');
}

function truncated({ layers, options }: Trace): Finding[] {
  const { truncate } = options;
  if (truncate === undefined) return [];
  return layers.flatMap((layer): Finding[] => {
    const cuts = layer.run.cut[0]!.size;
    if (cuts === 0) return [];
    return [
      {
        kind: 'truncated',
        text: `${layer.name}: backpropagation is cut every ${truncate} steps, at ${cuts} ${cuts === 1 ? 'boundary' : 'boundaries'}.`,
        layer,
      },
    ];
  });
}

function percent(part: number): string {
  const value = 100 * part;
  if (value === 0) return '0 %';
  return `${value >= 1e-4 ? Number(value.toPrecision(2)) : value.toExponential(1)} %`;
}
