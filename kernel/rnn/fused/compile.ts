import type { CellProgram } from '../cell/program.js';
import { findEngine, type Engine } from '../wasm/engine.js';
import { defineBackward, defineForward, type GroupKernel } from './groupKernels.js';
import { isPlan, planProgram, type Group, type Plan } from './plan.js';

/** A planned program with its compiled loops. */
export interface Compiled {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly kernels: Readonly<Record<string, (...arguments_: number[]) => void>>;
  readonly loops: readonly { group: Group; forward: GroupKernel; backward: GroupKernel }[];
}

/** @returns undefined where the program has no plan or the machine no engine */
export function compileProgram(program: CellProgram): Compiled | undefined {
  const engine = findEngine();
  const plan = planProgram(program);
  if (!engine || !isPlan(plan)) return undefined;
  const loops: Compiled['loops'][number][] = [];
  const kernels = engine.compile((module) => {
    for (const group of plan.groups)
      loops.push({
        group,
        forward: defineForward(module, plan, group),
        backward: defineBackward(module, plan, group),
      });
  });
  return { plan, engine, kernels, loops };
}
