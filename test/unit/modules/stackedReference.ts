/** Layers with all their regularisation as loops over plain numbers, given the masks that a run drew. */
import assert from 'node:assert/strict';
import {
  Recurrent,
  Tensor,
  type RecurrentState,
  type VariationalMasks,
} from '../../../kernel/rnn/index.js';
import type { RecurrentDetail } from '../../../kernel/rnn/modules/cellLayer.js';
import type { NdArray } from '../../../kernel/rnn/ndarray.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';
import { runReference, type Matrix, type ReferenceLayer } from './recurrentReference.js';

/** By layer and direction, by state, `[T, B, size]`: read off the tape. */
export function zoneoutOf(result: {
  output: Tensor;
  state: RecurrentState;
}): Record<string, NdArray>[] {
  const nodes = new Set(
    [result.output, ...Object.values(result.state)].flatMap((one) => tapeOrder(one)),
  );
  return [...nodes]
    .filter(({ op }) => op === 'recurrent')
    .map((node) => {
      const { program, masks = [] } = node.detail as RecurrentDetail;
      const entries = program.masks.flatMap(({ kind, state }, k) =>
        kind === 'zoneout' ? [[state, masks[k]!] as const] : [],
      );
      return Object.fromEntries(entries);
    });
}

export const nested = (tensor: NdArray): number[][][] =>
  new Tensor(tensor.data, tensor.shape).toNested() as number[][][];

export function stackedReference(
  layer: Recurrent,
  input: Tensor,
  state: RecurrentState | undefined,
  lengths: readonly number[] | undefined,
  masks: VariationalMasks,
  zoneout: readonly Record<string, NdArray>[],
) {
  const [timeSteps, batchSize] = input.shape as [number, number];
  const directions = layer.bidirectional ? 2 : 1;
  const finals: Record<string, number[][][]> = {};
  const outputs: number[][][] = nested(input).map((step) => step.map(() => []));
  for (let b = 0; b < batchSize; b++) {
    const length = lengths?.[b] ?? timeSteps;
    const times = (row: readonly number[], mask: Tensor | undefined): number[] =>
      mask ? row.map((v, i) => v * nested(mask)[0]![b]![i]!) : [...row];
    let sequence: Matrix = nested(input)
      .slice(0, length)
      .map((step) => times(step[b]!, masks.input));
    for (let l = 0; l < layer.numLayers; l++) {
      if (l > 0) sequence = sequence.map((row) => times(row, masks.layers[l - 1]));
      const sides: number[][][] = [];
      for (let d = 0; d < directions; d++) {
        const at = l * directions + d;
        const suffix = `_l${l}${d === 1 ? '_reverse' : ''}`;
        const initial = Object.fromEntries(
          layer.programs[0]!.states.map(({ name, size }) => [
            name,
            state
              ? nested(state[name]!)[at]![b]!
              : [...(layer[`initial_${name}${suffix}`]?.data ?? Array<number>(size).fill(0))],
          ]),
        );
        const keep = Object.fromEntries(
          Object.entries(zoneout[at] ?? {}).map(([name, mask]) => {
            const steps = nested(mask)
              .slice(0, length)
              .map((step) => step[b]!);
            return [name, d === 1 ? steps.reverse() : steps];
          }),
        );
        const hidden = masks.hidden[at]?.[0];
        const width = hidden?.shape[1] ?? 0;
        const run = runReference(
          referenceLayer(layer, suffix),
          d === 1 ? [...sequence].reverse() : sequence,
          initial,
          { hidden: hidden && [...hidden.data.subarray(b * width, (b + 1) * width)], keep },
        );
        sides.push(d === 1 ? run.outputs.reverse() : run.outputs);
        for (const [name, values] of Object.entries(run.state))
          ((finals[name] ??= [])[at] ??= [])[b] = values;
      }
      sequence = sides[0]!.map((row, t) => sides.flatMap((side) => side[t] ?? row));
    }
    for (let t = 0; t < timeSteps; t++)
      outputs[t]![b] =
        t < length ? times(sequence[t]!, masks.output) : Array<number>(layer.outputSize).fill(0);
  }
  return { output: outputs, state: finals };
}

export function referenceLayer(layer: Recurrent, suffix: string): ReferenceLayer {
  const names = ['weight_ih', 'weight_hh', 'weight_hr', 'bias_ih', 'bias_hh', 'weight_peephole'];
  const known = names.flatMap((name) => {
    const parameter = (layer as unknown as Record<string, Tensor | undefined>)[name + suffix];
    return parameter ? [[name, parameter.toNested()] as const] : [];
  });
  return {
    kind: layer.constructor.name as ReferenceLayer['kind'],
    weights: Object.fromEntries(known) as never,
    biases: Object.fromEntries(known) as never,
  };
}

export function assertClose(
  actual: Tensor,
  expected: readonly (readonly (readonly number[])[])[],
): void {
  const flat = expected.flat(2);
  assert.equal(actual.size, flat.length);
  actual.data.forEach((value, i) =>
    assert.ok(Math.abs(value - flat[i]!) < 1e-12, `element ${i}: ${value}, expected ${flat[i]!}`),
  );
}
