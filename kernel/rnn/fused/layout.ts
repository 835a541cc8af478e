import { accessesOf, outputAdjoint, placeOfValue } from './groupBody.js';
import { widthOf, type BufferKey, type Group, type Plan } from './plan.js';

/**
 * A piece of a run's memory, row-major: B rows of `width` numbers, for one time step (`one`), for each of T (`each`),
 * or for T and the one before the first (`states`); `shared` is a single row for all sequences and time steps.
 */
export interface Room {
  readonly width: number;
  readonly steps: 'one' | 'each' | 'states' | 'shared';
}

/** Where a buffer stands: in a room, from a column on, `shift` time steps ahead of the present one. */
export interface Place {
  readonly room: number;
  readonly shift: 0 | 1;
  readonly column: number;
}

export type Pointer = Pick<Place, 'room' | 'shift'>;

export interface Layout {
  readonly rooms: readonly Room[];
  readonly places: ReadonlyMap<BufferKey, Place>;
}

/** The rooms that hold some buffers, each once. */
export function pointersOf({ places }: Layout, keys: readonly BufferKey[]): Pointer[] {
  const pointers: Pointer[] = [];
  for (const key of keys) {
    const { room, shift } = places.get(key)!;
    if (!pointers.some((one) => one.room === room && one.shift === shift))
      pointers.push({ room, shift });
  }
  return pointers;
}

/**
 * Gives every buffer of a plan its place, as few numbers as possible for each time step:
 * - A pre-activation's adjoint takes the place of its value, where one loop reads the value and writes the adjoint.
 * - What that loop computes and backward needs (a gate) takes the place of the part of the pre-activation that it was
 *   computed from, where backward does not need that part itself.
 */
export function layOut(plan: Plan): Layout {
  const { program } = plan;
  const rooms: Room[] = [];
  const places = new Map<BufferKey, Place>();
  const add = (key: BufferKey, width: number, steps: Room['steps']): void => {
    if (places.has(key)) return;
    rooms.push({ width, steps });
    places.set(key, { room: rooms.length - 1, shift: 0, column: 0 });
  };
  const width = (node: number): number => widthOf(program.nodes[node]!);

  add(`value:${program.input}`, program.inputSize, 'each');
  add(`adjoint:${program.input}`, program.inputSize, 'each');
  add(outputAdjoint, width(program.output), 'each');
  for (const { node, width: columns, accumulates } of plan.preactivations) {
    add(`value:${node}`, columns, 'each');
    if (accumulates) add(`adjoint:${node}`, columns, 'each');
    else places.set(`adjoint:${node}`, places.get(`value:${node}`)!);
  }
  for (const { node, width: columns } of plan.normalisations) {
    add(`value:${node}`, columns, 'each');
    add(`adjoint:${node}`, columns, 'one');
    add(`inverse:${node}`, 1, 'each');
  }
  program.states.forEach(({ node, size }, k) => {
    add(`value:${node}`, size, 'states');
    places.set(`next:${k}`, { ...places.get(`value:${node}`)!, shift: 1 });
    add(`carryIn:${k}`, size, 'one');
    add(`carryOut:${k}`, size, 'one');
  });
  for (const { node, size, perStep } of program.masks)
    add(`value:${node}`, size, perStep ? 'each' : 'one');
  for (const node of plan.vectors)
    for (const kind of ['value', 'adjoint'] as const) add(`${kind}:${node}`, width(node), 'shared');
  for (const [key, place] of gatesInPlace(plan, places)) places.set(key, place);
  for (const { node, key, width: columns, hasAdjoint } of plan.stores) {
    add(key, columns, 'each');
    if (hasAdjoint) add(`adjoint:${node}`, columns, 'one');
  }
  return { rooms, places };
}

/** Stored values that can stand where the part of a pre-activation stood that they were computed from. */
function gatesInPlace(plan: Plan, places: ReadonlyMap<BufferKey, Place>): Map<BufferKey, Place> {
  const found = new Map<BufferKey, Place>();
  for (const group of plan.groups) {
    const needed = new Set(
      accessesOf(plan, group, 'backward').flatMap(({ key, offset, isLoad }) =>
        isLoad ? [`${key}+${offset}`] : [],
      ),
    );
    for (const store of group.stores) {
      if (store.key !== `value:${store.node}` || isReadLater(plan, store.node)) continue;
      const alone: Group = { ...group, stores: [store] };
      const slot = accessesOf(plan, alone, 'forward').find(
        ({ key, offset, isLoad }) =>
          isLoad && isOverwritten(plan, key) && !needed.has(`${key}+${offset}`),
      );
      if (!slot) continue;
      needed.add(`${slot.key}+${slot.offset}`);
      found.set(store.key, { ...places.get(slot.key)!, column: slot.offset });
    }
  }
  return found;
}

/** Whether a value is read after the time step's backward loops: its place must not be overwritten by them. */
const isReadLater = ({ program, preactivations, normalisations }: Plan, node: number): boolean =>
  node === program.output ||
  preactivations.some(({ terms }) => terms.some(({ operand }) => operand === node)) ||
  normalisations.some(({ operand }) => operand === node);

/** Whether a buffer is a pre-activation's whose adjoint takes its place. */
const isOverwritten = (plan: Plan, key: BufferKey): boolean =>
  plan.preactivations.some(({ node, accumulates }) => !accumulates && key === `value:${node}`);

/** The place of a product's or a normalisation's operand. */
export const operandKey = (plan: Plan, node: number): BufferKey => placeOfValue(plan, node);

/** Where the adjoint of such an operand is added. */
export function operandAdjoint({ program }: Plan, node: number): BufferKey {
  const state = program.states.findIndex((one) => one.node === node);
  return state < 0 ? `adjoint:${node}` : `carryOut:${state}`;
}
