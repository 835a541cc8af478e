import type { FunctionBuilder, Local, ModuleBuilder } from '../wasm/assembler.js';
import { accessesOf, writeBody, type Lanes } from './groupBody.js';
import { pointersOf, type Layout, type Pointer } from './layout.js';
import type { BufferKey, Group, Plan } from './plan.js';

/** A loop over B rows and the group's features; arguments are B and the addresses of `pointers`, in this order. */
export interface GroupKernel {
  readonly group: Group;
  readonly body: FunctionBuilder;
  readonly pointers: readonly Pointer[];
}

/** Adds a group's loop to the module: forward computes and stores its values, backward hands on their adjoints. */
export function defineLoop(
  module: ModuleBuilder,
  plan: Plan,
  layout: Layout,
  group: Group,
  direction: 'forward' | 'backward',
): GroupKernel {
  const keys = accessesOf(plan, group, direction).map(({ key }) => key);
  const pointers = pointersOf(layout, keys);
  const parameters = Array.from({ length: pointers.length + 1 }, () => 'i32' as const);
  const body = module.define(undefined, parameters, (f, rows, ...addresses) => {
    const [row, j, limit] = f.locals('i32', 3) as [Local, Local, Local];
    const full = group.width - (group.width % 4);
    const over = (end: number, step: number): void => {
      f.i32(end).set(limit);
      f.countTo(j, limit, step, () =>
        writeBody(plan, group, direction, createLanes(f, layout, pointers, addresses, j, step)),
      );
    };
    f.countTo(row, rows, 1, () => {
      f.i32(0).set(j);
      if (full > 0) over(4 * full, 16);
      if (full < group.width) over(4 * group.width, 4);
      pointers.forEach(({ room }, k) => {
        const { width, steps } = layout.rooms[room]!;
        if (steps !== 'shared') f.advance(addresses[k]!, 4 * width);
      });
    });
  });
  return { group, body, pointers };
}

function createLanes(
  f: FunctionBuilder,
  layout: Layout,
  pointers: readonly Pointer[],
  addresses: readonly Local[],
  j: Local,
  step: number,
): Lanes {
  /** Stack: → the address at the loop's position; gives the constant offset from there. */
  const pushAddress = (key: BufferKey, offset: number): number => {
    const { room, shift, column } = layout.places.get(key)!;
    const at = pointers.findIndex((one) => one.room === room && one.shift === shift);
    f.get(addresses[at]!).get(j).op('i32_add');
    return 4 * (column + offset);
  };
  const lanes: Lanes = {
    f,
    load(key, offset) {
      const local = f.local('v128');
      const bytes = pushAddress(key, offset);
      f.memory(step === 16 ? 'v128_load' : 'v128_load32_zero', bytes).set(local);
      return local;
    },
    store(key, offset, value) {
      const bytes = pushAddress(key, offset);
      f.get(value);
      if (step === 16) f.memory('v128_store', bytes);
      else f.storeFirstLane(bytes);
    },
    add(key, offset, value) {
      const sum = lanes.load(key, offset);
      f.get(sum).get(value).op('f32x4_add').set(sum);
      lanes.store(key, offset, sum);
    },
  };
  return lanes;
}
