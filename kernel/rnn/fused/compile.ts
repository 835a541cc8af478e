import type { CellProgram } from '../cell/program.js';
import { findEngine, type Engine, type EngineModule } from '../wasm/engine.js';
import { FrameMap } from './frame.js';
import { layOut, type Layout } from './layout.js';
import { isPlan, type Plan } from './plan.js';
import { planProgram } from './planProgram.js';
import { numberProducts } from './numberedProducts.js';
import { defineSequence } from './sequenceKernels.js';

/** A planned program, compiled. */
export interface Compiled {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly frame: FrameMap;
  readonly engine: Engine;
  readonly module: EngineModule;
  readonly products: ReturnType<typeof numberProducts>;
  /** Multiplications and additions of its products, for one sequence and time step. */
  readonly work: number;
}

/** Programs of the same equations and sizes share their code: layers of a stack, models of a comparison. */
const known = new WeakMap<Engine, Map<string, Pick<Compiled, 'module'>>>();

/** @returns undefined where the program has no plan or the machine no engine */
export function compileProgram(
  program: CellProgram,
  engine: Engine | undefined = findEngine(),
): Compiled | undefined {
  const plan = planProgram(program);
  if (!engine || !isPlan(plan)) return undefined;
  const layout = layOut(plan);
  const frame = new FrameMap(layout, plan);
  const products = numberProducts(plan);
  const key = codeKey(program);
  const ofEngine = known.get(engine) ?? new Map<string, Pick<Compiled, 'module'>>();
  known.set(engine, ofEngine);
  let code = ofEngine.get(key);
  if (!code) {
    const module = engine.compile((builder) => defineSequence(builder, plan, layout, frame));
    ofEngine.set(key, (code = { module }));
  }
  const work = products.reduce(
    (total, { product }) => total + 2 * product.depth * product.weight.rows,
    0,
  );
  return { plan, layout, frame, engine, products, work, ...code };
}

/** What the generated code depends on. */
const codeKey = ({ nodes, states, output, parameters }: CellProgram): string =>
  JSON.stringify([
    nodes.map(({ kind, op, shape, operands, attributes, value }) => [
      kind,
      op,
      shape,
      operands,
      attributes,
      value,
    ]),
    states.map(({ node, next }) => [node, next]),
    parameters.map(({ node }) => node),
    output,
  ]);
