import { spreadEvenly } from '../rnn/inspect/vectors.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';

import { batch } from '../rnn/ndarray.js';

/** How much of a trace a picture carries in numbers; norms stand for every time step whatever is chosen. */
export interface TraceSample {
  /** Most bytes of the payload. Default 5 MB, of which 2 MB for values and adjoints, so that it opens fast. */
  bytes?: number;
  /** Time steps with values and adjoints. Default: as many as fit. */
  steps?: readonly number[];
  /** Sequences of the batch with values and adjoints. Default: as many as fit, 8 at most. */
  sequences?: readonly number[];
  /** Most numbers of one value. Default: as many as fit. */
  units?: number;
}

export const defaultBytes = 5_000_000;
/** Of these, what values and adjoints take: VS Code takes a quarter of a second for a megabyte of an output. */
export const defaultDetailBytes = 2_050_000;

/** What is carried in numbers, and what that leaves out. */
export interface DetailPlan {
  readonly steps: readonly number[];
  readonly sequences: readonly number[];
  /** Most units of a value. */
  readonly units: number;
  /** Whether the contributions on edges are carried. */
  readonly contributions: boolean;
  readonly leftOut: readonly string[];
}

/** Base64 of a float32. */
const bytesPerNumber = 16 / 3;
const fewestUnits = 16;
const unitChoices = [Infinity, 256, 128, 96, 64, 48, 40, 32, 28, 24, 20, fewestUnits];

/**
 * The richest detail that fits: first contributions on edges are left out, then sequences, then units of
 * wide values, then time steps.
 * @param available bytes for numbers
 */
export function planDetail(
  layers: readonly LayerTrace[],
  timeSteps: number,
  batchSize: number,
  sample: TraceSample,
  available: number,
): DetailPlan {
  const wantedSteps = sample.steps
    ? [...new Set(sample.steps)].sort((a, b) => a - b)
    : Array.from({ length: timeSteps }, (_, t) => t);
  const wantedSequences = sample.sequences
    ? [...new Set(sample.sequences)].sort((a, b) => a - b)
    : Array.from({ length: Math.min(batchSize, 8) }, (_, b) => b);
  const widths = unitChoices.filter((units) => units < (sample.units ?? Infinity));
  const choices = [sample.units ?? Infinity, ...widths].flatMap((units, rank) =>
    rank === 0
      ? [
          { units, sequences: wantedSequences, contributions: true },
          { units, sequences: wantedSequences, contributions: false },
          { units, sequences: wantedSequences.slice(0, 1), contributions: false },
        ]
      : [{ units, sequences: wantedSequences.slice(0, 1), contributions: false }],
  );
  const cost = ({ units, sequences, contributions }: (typeof choices)[number]): number =>
    sequences.length *
    bytesPerNumber *
    sum(layers, (layer) => numbersPerStep(layer, units, contributions));
  const fitting = choices.find((choice) => wantedSteps.length * cost(choice) <= available);
  const chosen = fitting ?? choices.at(-1)!;
  const most = Math.max(0, Math.floor(available / cost(chosen)));
  const steps = fitting ? wantedSteps : spreadEvenly(wantedSteps, most);
  return {
    ...chosen,
    steps,
    leftOut: sayLeftOut(layers, timeSteps, batchSize, { ...chosen, steps }),
  };
}

const sum = <T>(list: readonly T[], of: (one: T) => number): number =>
  list.reduce((total, one) => total + of(one), 0);

/** Numbers of one sequence at one time step. */
function numbersPerStep(layer: LayerTrace, units: number, contributions: boolean): number {
  const { nodes, states, output } = layer.program;
  const width = (node: number): number => unitsOf(layer, node, units).length;
  const own = sum(
    nodes.map((_, node) => node).filter((node) => !nodes[node]!.invariant),
    (node) => 2 * width(node),
  );
  const outside = sum(states, ({ next }) => width(next)) + width(output);
  const edges = contributions ? sum(layer.edges, ({ from }) => width(from)) : 0;
  return own + outside + edges;
}

/** The flat indices, within one sequence, of the numbers of a value that are carried. */
export function unitsOf(layer: LayerTrace, node: number, most: number): number[] {
  const { shape } = layer.run.machine.values[node]!;
  const isBatched = layer.program.nodes[node]!.shape[0] === batch;
  const size = (isBatched ? shape.slice(1) : shape).reduce((product, n) => product * n, 1);
  return spreadEvenly(
    Array.from({ length: size }, (_, unit) => unit),
    most,
  );
}

function sayLeftOut(
  layers: readonly LayerTrace[],
  timeSteps: number,
  batchSize: number,
  plan: Omit<DetailPlan, 'leftOut'>,
): string[] {
  const widest = Math.max(
    ...layers.flatMap((layer) =>
      layer.program.nodes.map((node, k) =>
        node.invariant ? 0 : unitsOf(layer, k, Infinity).length,
      ),
    ),
  );
  return [
    ...(plan.steps.length < timeSteps
      ? [
          `Values and adjoints are carried for ${plan.steps.length} of ${timeSteps} time steps; norms for all.`,
        ]
      : []),
    ...(plan.sequences.length < batchSize
      ? [
          `Values and adjoints are carried for ${plan.sequences.length} of ${batchSize} sequences; norms are over all.`,
        ]
      : []),
    ...(plan.units < widest
      ? [
          `Of values with more than ${plan.units} numbers a sequence, ${plan.units} evenly spread ones are carried.`,
        ]
      : []),
    ...(plan.contributions ? [] : ['Contributions to adjoints are carried as norms only.']),
  ];
}
