import { norm, spreadEvenly } from '../rnn/inspect/vectors.js';
import { encodeFloats, type EncodedArray } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import type { Formula } from '../rnn/inspect/formula.js';
import { part } from '../rnn/inspect/layerRun.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';

import { localErrors } from '../rnn/inspect/localCheck.js';

import type { Trace } from '../rnn/inspect/trace.js';
import { batch, sizeOf, type NdArray } from '../rnn/ndarray.js';
import { boundariesOf, onAxisOf, series, toSpan, type OnAxis } from './traceAxis.js';
import { unitsOf, type DetailPlan } from './traceDetail.js';

type Layer = TracePayload['layers'][number];
type Node = Layer['nodes'][number];
type Edge = Layer['edges'][number];

/** Parameters up to this size travel with their numbers. */
export const smallParameter = 1_024;
/** Most columns of a ledger's matrix. */
const ledgerSize = 200;
/** Most time steps with singular values, most of these, and the largest state for which they are computed. */
const mostSpectra = 48;
const spectrumRanks = 16;
const spectrumSize = 192;
/** How far back products of Jacobians go, and below which part of the largest they count as nothing. */
const mostLags = 256;
const negligible = 1e-12;
/** Multiplications that singular values may take, in cubes of the state's size, and products of Jacobians. */
const spectrumWork = 4e7;
const productWork = 1.5e8;

/** A layer without its numbers in detail. */
export function toLayer(trace: Trace, layer: LayerTrace): Layer {
  const { program, norms, run } = layer;
  const onAxis = onAxisOf(trace, layer);
  return {
    name: layer.name,
    type: program.name,
    layer: layer.layer,
    direction: layer.direction,
    ...toSpan(trace, layer),
    nodes: toNodes(layer, onAxis),
    edges: layer.edges.map((edge, k): Edge => {
      const formula = layer.equations.backward(edge);
      return { ...edge, equation: formula.text, math: formula.math, norm: onAxis(norms.edges[k]!) };
    }),
    states: program.states.map(({ name, size, node, next }, k) => ({
      name,
      size,
      node,
      next,
      carried: onAxis(norms.carried[k]!),
      ...(run.options.boundaries?.size && {
        cut: series(boundariesOf(trace).map((t) => norm(run.cut[k]!.get(t - layer.start) ?? []))),
      }),
    })),
    output: program.output,
    fromAbove: onAxis(norms.fromAbove),
    ledgers: program.states.map(({ name }) => toLedger(trace, layer, name)),
    ...toJacobian(trace, layer),
  };
}

function toNodes(layer: LayerTrace, onAxis: OnAxis): Node[] {
  const { program, norms, equations, ids, gates, run } = layer;
  const { activations, saturations: measured } = norms;
  return program.nodes.map((node, index): Node => {
    const equation = equations.operation[index]!;
    const full = equations.full[index];
    const active = activations.findIndex((one) => one.node === index);
    return {
      id: node.kind === 'constant' ? `constant ${index}` : ids[index]!,
      kind: node.kind,
      ...(node.op && { op: node.op }),
      ...(node.label && { label: node.label }),
      ...(gates[index] !== undefined && { gate: gates[index] }),
      operands: [...node.operands],
      shape: [...run.machine.values[index]!.shape],
      once: node.invariant,
      ...written('equation', equation),
      ...(full && { formula: { text: full.text, math: full.math } }),
      valueNorm: node.invariant ? series([norms.values[index]![0]!]) : onAxis(norms.values[index]!),
      adjointNorm: onAxis(norms.adjoints[index]!),
      units: [],
      ...(active >= 0 && {
        saturation: {
          low: activations[active]!.low,
          high: activations[active]!.high,
          mean: onAxis(measured[active]!.mean),
          nearLow: onAxis(measured[active]!.nearLow),
          nearHigh: onAxis(measured[active]!.nearHigh),
        },
      }),
    };
  });
}

const written = (member: 'equation', { text, math }: Formula) => ({ [member]: text, math });

function toLedger(trace: Trace, layer: LayerTrace, state: string): Layer['ledgers'][number] {
  const ledger = trace.ledger({ layer: layer.name, state });
  const rows = [...ledger.rows];
  const columns = spreadEvenly(ledger.columns, ledgerSize);
  const pick = (row: Float64Array): number[] => columns.map((k) => row[k]!);
  return {
    state,
    rows,
    columns: columns.map((k) => layer.start + k),
    matrix: encodeFloats(ledger.matrix.flatMap(pick), [rows.length, columns.length]),
    adjoint: series(pick(ledger.adjoint)),
    fromLoss: series(pick(ledger.fromLoss)),
    fromNext: series(pick(ledger.fromNext)),
    through: [...ledger.through].map(([name, norms]) => ({
      state: name,
      norm: series(pick(norms)),
    })),
  };
}

const stateSize = ({ program }: LayerTrace): number =>
  program.states.reduce((total, { size }) => total + size, 0);

/** Time steps with singular values: fewer for large states. */
function spectrumSteps(layer: LayerTrace): number[] {
  const all = Array.from({ length: layer.timeSteps }, (_, t) => t);
  const affordable = Math.floor(spectrumWork / stateSize(layer) ** 3);
  return spreadEvenly(all, Math.min(mostSpectra, Math.max(8, affordable)));
}

/** How far back the product goes: less far for large layers. */
function productLags(layer: LayerTrace): number {
  const weights = layer.program.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const affordable = Math.floor(productWork / (stateSize(layer) * weights));
  return Math.min(mostLags, Math.max(32, affordable));
}

/** What the picture leaves out of a layer's spectra. */
export function spectrumLeftOut(layer: LayerTrace): string[] {
  const { name, timeSteps } = layer;
  const size = stateSize(layer);
  if (size > spectrumSize)
    return [`${name}: no Jacobians, its state of ${size} numbers is larger than ${spectrumSize}.`];
  const steps = spectrumSteps(layer).length;
  const lags = productLags(layer);
  return [
    ...(steps < timeSteps
      ? [`${name}: singular values are carried for ${steps} of ${timeSteps} time steps.`]
      : []),
    ...(lags < timeSteps - 1
      ? [`${name}: the product of Jacobians is carried ${lags} steps back.`]
      : []),
  ];
}

function toJacobian(trace: Trace, layer: LayerTrace): Pick<Layer, 'jacobian'> {
  const { timeSteps } = layer;
  const size = stateSize(layer);
  if (size > spectrumSize) return {};
  const steps = spectrumSteps(layer);
  const ranks = spreadEvenly(
    Array.from({ length: size }, (_, r) => size - 1 - r),
    spectrumRanks,
  ).reverse();
  const found = trace.jacobians({
    layer: layer.name,
    direction: layer.direction,
    steps,
    lags: productLags(layer),
    negligible,
  });
  const product = new Float64Array(timeSteps);
  found.product.k.forEach((k, i) => (product[k] = found.product.norm[i]!));
  return {
    jacobian: {
      sequence: found.sequence,
      states: [...found.states],
      steps: steps.map((t) => layer.start + t),
      ranks,
      singular: encodeFloats(
        found.steps.flatMap(({ singularValues }) => ranks.map((rank) => singularValues[rank]!)),
        [steps.length, ranks.length],
      ),
      product: { from: layer.start + found.product.from, norm: onAxisOf(trace, layer)(product) },
      radii: found.radii.map(({ parameter, block, radius }) => ({
        parameter,
        block,
        radius: Number.isFinite(radius) ? radius : null,
      })),
    },
  };
}

/** The numbers of one kind, step after step. */
class DetailColumn {
  private readonly data: Float32Array;
  private at = 0;

  constructor(
    private readonly shape: readonly [number, number, number],
    private readonly units: readonly number[],
    private readonly sequences: readonly number[],
  ) {
    this.data = new Float32Array(shape[0] * shape[1] * shape[2]);
  }

  /** Leaves a step out: zeros. */
  skip(): void {
    this.at += this.shape[1] * this.shape[2];
  }

  push(numbers: ArrayLike<number>, perSequence: number): void {
    for (const sequence of this.sequences)
      for (const unit of this.units) this.data[this.at++] = numbers[sequence * perSequence + unit]!;
  }

  encode(): EncodedArray {
    return encodeFloats(this.data, this.shape);
  }
}

/** Adds the numbers in detail to a layer. */
export function withDetail(layer: Layer, source: LayerTrace, plan: DetailPlan): Layer {
  const { program, run, edges } = source;
  const { steps, sequences } = plan;
  const units = program.nodes.map((node, k) =>
    unitsOf(source, k, plan.units).filter(() => !node.invariant || isSmall(run.machine.values[k]!)),
  );
  const column = (node: number): DetailColumn => {
    const own = program.nodes[node]!.invariant ? [0] : sequences;
    return new DetailColumn([steps.length, own.length, units[node]!.length], units[node]!, own);
  };
  const hasAdjoint = (node: number) => !program.nodes[node]!.invariant || plan.contributions;
  const indices = program.nodes.map((_, node) => node);
  const values = indices.map(column);
  const adjoints = indices.map(column);
  const checks = indices.map(() => new Float32Array(steps.length));
  const contributions = edges.map(({ from }) => column(from));
  const carried = program.states.map(({ next }) => column(next));
  const fromAbove = column(program.output);
  const perSequence = (node: number): number => {
    const { data } = run.machine.values[node]!;
    return program.nodes[node]!.shape[0] === batch ? data.length / run.batchSize : 0;
  };
  const columns = [...values, ...adjoints, ...contributions, ...carried, fromAbove];
  steps.forEach((at, row) => {
    const t = at - source.start;
    if (t < 0 || t >= source.timeSteps) {
      for (const one of columns) one.skip();
      return;
    }
    const detail = source.visit(t);
    for (const node of indices) {
      values[node]!.push(detail.values[node]!.data, perSequence(node));
      adjoints[node]!.push(detail.adjoints[node]!.data, perSequence(node));
    }
    if (plan.contributions)
      edges.forEach(({ from }, k) =>
        contributions[k]!.push(detail.contributions[k]!.data, perSequence(from)),
      );
    program.states.forEach(({ next }, k) =>
      carried[k]!.push(part(run.carried[k]!, t), perSequence(next)),
    );
    if (run.fromAbove) fromAbove.push(part(run.fromAbove, t), perSequence(program.output));
    else fromAbove.skip();
    localErrors(source, t, detail).forEach((error, node) => (checks[node]![row] = error));
  });
  return {
    ...layer,
    nodes: layer.nodes.map((node, k) => ({
      ...node,
      units: units[k]!,
      ...(node.once
        ? constantValue(run.machine.values[k]!, units[k]!)
        : { value: values[k]!.encode() }),
      ...(units[k]!.length > 0 && hasAdjoint(k) && { adjoint: adjoints[k]!.encode() }),
      ...(node.kind === 'operation' && { check: series(checks[k]!) }),
    })),
    edges: layer.edges.map((edge, k) => ({
      ...edge,
      ...(plan.contributions &&
        units[edge.from]!.length > 0 && { contribution: contributions[k]!.encode() }),
    })),
    states: layer.states.map((state, k) => ({ ...state, carriedAdjoint: carried[k]!.encode() })),
    fromAboveAdjoint: fromAbove.encode(),
  };
}

const isSmall = ({ data }: NdArray): boolean => data.length <= smallParameter;

const constantValue = ({ data }: NdArray, units: readonly number[]) =>
  units.length === 0
    ? {}
    : {
        value: encodeFloats(
          units.map((unit) => data[unit]!),
          [1, 1, units.length],
        ),
      };
