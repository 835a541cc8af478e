import { isRecurrent, splitInputs, type Network, type RecurrentOperation } from './network.js';

/**
 * One axis of time for all layers of a network. Layers that run over the same sequence share its time steps; one that
 * begins where another ended (a decoder after its encoder, a cell that is called step by step) follows it:
 *
 *     encoder  0 … S−1   decoder  S … S+T−1
 */
export interface TimeAxis {
  /** Length of the axis. */
  readonly timeSteps: number;
  /** Where the time steps of a layer begin. */
  readonly starts: ReadonlyMap<RecurrentOperation, number>;
}

interface Group {
  readonly start: number;
  readonly timeSteps: number;
  readonly members: RecurrentOperation[];
}

/** T of a layer. */
export const stepsOf = (
  { slots }: Pick<Network, 'slots'>,
  { inputs }: RecurrentOperation,
): number => slots[inputs[0]!]!.shape[0]!;

export function timeAxisOf(network: Network): TimeAxis {
  const groups: Group[] = [];
  const starts = new Map<RecurrentOperation, number>();
  /** By slot: the layers that it depends on; those that it depends on step by step, through their output. */
  const behind = new Map<number, ReadonlySet<RecurrentOperation>>();
  const aligned = new Map<number, ReadonlySet<RecurrentOperation>>();
  for (const operation of network.operations) {
    const before = union(behind, operation.inputs);
    if (isRecurrent(operation)) {
      const beside = aligned.get(operation.inputs[0]!) ?? none;
      const group = findGroup(groups, network, operation, before, beside);
      group.members.push(operation);
      starts.set(operation, group.start);
      operation.outputs.forEach((slot, k) => {
        behind.set(slot, new Set([...before, operation]));
        aligned.set(slot, k === 0 ? new Set([operation]) : none);
      });
    } else {
      const beside = union(aligned, operation.inputs);
      for (const slot of operation.outputs) {
        behind.set(slot, before);
        aligned.set(slot, beside);
      }
    }
  }
  const timeSteps = groups.reduce((sum, group) => sum + group.timeSteps, 0);
  return { timeSteps, starts };
}

const none: ReadonlySet<RecurrentOperation> = new Set();

function union(
  sets: ReadonlyMap<number, ReadonlySet<RecurrentOperation>>,
  slots: readonly number[],
): ReadonlySet<RecurrentOperation> {
  const found = slots.map((slot) => sets.get(slot) ?? none).filter(({ size }) => size > 0);
  return found.length > 1 ? new Set(found.flatMap((one) => [...one])) : (found[0] ?? none);
}

/** The latest group that the layer runs along with, or a new one after all others. */
function findGroup(
  groups: Group[],
  network: Network,
  operation: RecurrentOperation,
  before: ReadonlySet<RecurrentOperation>,
  beside: ReadonlySet<RecurrentOperation>,
): Group {
  const timeSteps = stepsOf(network, operation);
  const found = groups.findLast((group) => {
    if (group.timeSteps !== timeSteps) return false;
    const ahead = group.members.filter((member) => before.has(member));
    // The same weights after themselves: the next call of one layer, not the layer above it.
    if (ahead.some((member) => areSameWeights(member, operation))) return false;
    return ahead.length === 0 || ahead.some((member) => beside.has(member));
  });
  if (found) return found;
  const last = groups.at(-1);
  const group = { start: last ? last.start + last.timeSteps : 0, timeSteps, members: [] };
  groups.push(group);
  return group;
}

function areSameWeights(a: RecurrentOperation, b: RecurrentOperation): boolean {
  const [own, other] = [splitInputs(a).parameters, splitInputs(b).parameters];
  return own.length > 0 && own[0] === other[0];
}
