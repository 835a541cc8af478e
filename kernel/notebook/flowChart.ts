/** The gradient's flow back through time while training goes on, as a heat map in plain Vega-Lite. */
import { vegaLiteMime, type Json, type MimeBundle } from '../contract/mime.js';
import { spreadEvenly } from '../rnn/inspect/vectors.js';
import type { GradientFlow } from '../rnn/train/gradientFlow.js';
import { Media } from './mimeBundle.js';

const mostRecords = 100;
const mostLags = 80;
/** Cells are drawn a little larger than their place, or one sees seams between neighbours. */
const overlap = 0.4;
/** Decades below the largest norm that colours tell apart. */
const decades = 8;

export function flowBundle(flow: GradientFlow): MimeBundle {
  return { [vegaLiteMime]: flowSpec(flow), 'text/plain': describeFlow(flow) };
}

/** The recorded flow of a run, to show again: `flowChart(run.history.gradientFlow)`. */
export const flowChart = (flow: GradientFlow): Media => new Media(flowBundle(flow));

/** One line: what is left of the gradient as far back as the record goes. */
function describeFlow(flow: GradientFlow): string {
  const last = flow.step.length - 1;
  if (last < 0) return 'Gradient flow: nothing recorded yet';
  const lag = flow.norm[last]!.length - 1;
  const share = (i: number) =>
    flow.reach(i, Math.min(lag, flow.norm[i]!.length - 1)).toExponential(1);
  return `Gradient flow of ${flow.layer} ${flow.state}: ${lag} steps back ${share(0)} of the gradient is left at step ${flow.step[0]!}, ${share(last)} at step ${flow.step[last]!}`;
}

interface Cell extends Record<string, Json> {
  step: number;
  stepEnd: number;
  lag: number;
  lagEnd: number;
  norm: number;
}

function toCells({ step, norm }: GradientFlow): Cell[] {
  const records = spreadEvenly([...step.keys()], mostRecords);
  const longest = Math.max(0, ...norm.map(({ length }) => length));
  const width = Math.ceil(longest / mostLags) || 1;
  return records.flatMap((record, place) => {
    const from = step[record]!;
    const next = records[place + 1];
    const before = records[place - 1];
    const stepEnd =
      next === undefined ? from + (before === undefined ? 1 : from - step[before]!) : step[next]!;
    const numbers = norm[record]!;
    return Array.from({ length: Math.ceil(numbers.length / width) }, (_, k): Cell => ({
      step: from,
      stepEnd,
      lag: k * width,
      lagEnd: Math.min(numbers.length, (k + 1) * width),
      norm: numbers[k * width]!,
    })).filter(({ norm: value }) => Number.isFinite(value));
  });
}

function flowSpec(flow: GradientFlow): Json {
  const values = toCells(flow);
  const largest = values.reduce((most, { norm }) => Math.max(most, norm), 0) || 1;
  const smallest = largest * 10 ** -decades;
  const lastStep = values.reduce((most, { stepEnd }) => Math.max(most, stepEnd), 1);
  const lastLag = values.reduce((most, { lagEnd }) => Math.max(most, lagEnd), 1);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: {
      text: `How far back the gradient reaches: ${flow.layer} ${flow.state}`,
      anchor: 'start',
    },
    width: 600,
    height: 220,
    data: {
      values: values.map((one) => ({
        ...one,
        shade: Math.max(one.norm, smallest),
        stepEnd: one.stepEnd + overlap * (one.stepEnd - one.step),
        lagEnd: one.lagEnd + overlap * (one.lagEnd - one.lag),
      })),
    },
    mark: { type: 'rect', tooltip: true, clip: true },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: 'training step',
        scale: { domain: [values[0]?.step ?? 0, lastStep], nice: false },
        axis: { grid: false },
      },
      x2: { field: 'stepEnd' },
      y: {
        field: 'lag',
        type: 'quantitative',
        title: 'time steps back from the loss',
        scale: { domain: [0, lastLag], nice: false },
        axis: { grid: false },
      },
      y2: { field: 'lagEnd' },
      color: {
        field: 'shade',
        type: 'quantitative',
        title: 'norm of the gradient',
        scale: { type: 'log', scheme: 'viridis', domain: [smallest, largest] },
        legend: { format: '.0e' },
      },
      tooltip: [
        { field: 'step', type: 'quantitative', title: 'training step' },
        { field: 'lag', type: 'quantitative', title: 'time steps back' },
        { field: 'norm', type: 'quantitative', title: 'norm', format: '.2e' },
      ],
    },
  };
}
