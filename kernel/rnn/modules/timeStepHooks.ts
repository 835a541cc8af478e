import { valueNames } from '../cell/program.js';
import { sizeOf, type NdArray } from '../ndarray.js';
import { noGrad, Tensor } from '../tensor.js';
import type { CellLayer, Direction, RecurrentDetail } from './cellLayer.js';

/** What a recurrent layer computed at one time step. */
export interface TimeStep {
  /** Counted from the bottom. */
  readonly layer: number;
  readonly direction: Direction;
  readonly t: number;
  /** What the layer read, `[B, features]`. */
  readonly x: Tensor;
  /** The states before the time step, by name, `[B, size]`. */
  readonly previous: Readonly<Record<string, Tensor>>;
  /**
   * What the cell computed, `[B, …]`: the states after the time step by their names (`h`, `c`), gates by the
   * literature's (`i f g o`, `r z n`), and `output`. Zero for sequences that have ended.
   */
  readonly values: Readonly<Record<string, Tensor>>;
}

/** Sees each time step of each layer and direction, in the order in which they were computed. */
export type TimeStepHook = (step: TimeStep) => void;

/** Shows hooks a pass that a layer has made. The values are computed once more, node by node; training is as without. */
export function showTimeSteps(
  hooks: Iterable<TimeStepHook>,
  layer: CellLayer,
  index: number,
  [input, states]: readonly [Tensor, readonly Tensor[]],
  detail: RecurrentDetail,
): void {
  const { program, direction, timeSteps } = detail;
  const all = noGrad(() => layer.observe(input, states, detail));
  const at = (node: number, t: number): Tensor => step(all[node]!, t);
  const named = labelled(program);
  for (let p = 0; p < timeSteps; p++) {
    const t = direction === 'reverse' ? timeSteps - 1 - p : p;
    const read = (entries: readonly (readonly [string, number])[]): Record<string, Tensor> =>
      Object.fromEntries(entries.map(([name, node]) => [name, at(node, t)]));
    const shown: TimeStep = {
      layer: index,
      direction,
      t,
      x: at(program.input, t),
      previous: read(program.states.map(({ name, node }) => [name, node])),
      values: read(named),
    };
    for (const hook of hooks) hook(shown);
  }
}

/** Computed values that have a name; a state's last one is the state. */
function labelled(program: RecurrentDetail['program']): [string, number][] {
  const names = valueNames(program);
  const found = new Map<string, number>();
  program.nodes.forEach(({ kind, label, invariant }, node) => {
    if (kind === 'operation' && label !== undefined && !invariant) found.set(names[node]!, node);
  });
  for (const { name, next } of program.states) {
    for (const [known, node] of found) if (node === next) found.delete(known);
    found.set(name, next);
  }
  found.set('output', program.output);
  return [...found];
}

function step({ data, shape }: NdArray, t: number): Tensor {
  const size = sizeOf(shape.slice(1));
  return new Tensor(data.slice(t * size, (t + 1) * size), shape.slice(1));
}
