import { norm, type Squares } from './vectors.js';
import { valueNames } from '../cell/program.js';
import { activationsOf, measureSaturation, type Activation, type Saturation } from './gates.js';
import type { LayerRun } from './layerRun.js';
import { part } from './layerRun.js';
import { type StepMachine } from './stepMachine.js';

/** Norms of everything that a recurrent layer's backward pass meets, `[T]` each. */
export interface LayerNorms {
  /** By node. A parameter's adjoint is what the time step adds to its gradient. */
  readonly values: readonly Float64Array[];
  readonly adjoints: readonly Float64Array[];
  /** By edge of the step machine. */
  readonly edges: readonly Float64Array[];
  /** Squared norm of the layer's gradients summed from the last time step back to t. */
  readonly runningSquared: Float64Array;
  /** By state, what comes to its next value from t+1; what comes to the output from above. */
  readonly carried: readonly Float64Array[];
  readonly fromAbove: Float64Array;
  /** The bounded activations, and how near to its bounds each is. */
  readonly activations: readonly Activation[];
  readonly saturations: readonly Saturation[];
}

/** Measures a layer during its backward pass. */
export class LayerRecorder implements LayerNorms {
  readonly values: Float64Array[];
  readonly adjoints: Float64Array[];
  readonly edges: Float64Array[];
  readonly carried: Float64Array[];
  readonly fromAbove: Float64Array;
  readonly runningSquared: Float64Array;
  readonly activations: readonly Activation[];
  readonly saturations: readonly Saturation[];
  /** Nodes that have another value at every time step. */
  private readonly stepped: readonly number[];
  /** By node, which parameter it is, or −1. */
  private readonly parameterOf: readonly number[];

  constructor(private readonly run: LayerRun) {
    const series = () => new Float64Array(run.timeSteps);
    const { program, machine } = run;
    this.values = program.nodes.map(({ invariant }, node) =>
      invariant ? series().fill(norm(machine.values[node]!.data)) : series(),
    );
    this.stepped = program.nodes.flatMap(({ invariant }, node) => (invariant ? [] : [node]));
    this.parameterOf = program.nodes.map((_, node) =>
      program.parameters.findIndex((parameter) => parameter.node === node),
    );
    this.adjoints = program.nodes.map(series);
    this.edges = machine.edges.map(series);
    this.carried = program.states.map(series);
    this.fromAbove = series();
    this.runningSquared = series();
    this.activations = activationsOf({ program, ids: valueNames(program) });
    this.saturations = this.activations.map(() => ({
      mean: series(),
      nearLow: series(),
      nearHigh: series(),
    }));
  }

  observe(
    t: number,
    { values, adjoints, contributions, edges }: StepMachine,
    squares: readonly Squares[],
  ): void {
    const { run, stepped, parameterOf } = this;
    for (const node of stepped) this.values[node]![t] = norm(values[node]!.data);
    for (let node = 0; node < adjoints.length; node++) {
      const parameter = parameterOf[node]!;
      this.adjoints[node]![t] =
        parameter < 0 ? norm(adjoints[node]!.data) : Math.sqrt(squares[parameter]!.added);
    }
    for (let k = 0; k < edges.length; k++) {
      const { from } = edges[k]!;
      const { data } = contributions[k]!;
      const isWhole = data === adjoints[from]!.data;
      this.edges[k]![t] = isWhole ? this.adjoints[from]![t]! : norm(data);
    }
    for (let k = 0; k < run.carried.length; k++)
      this.carried[k]![t] = norm(part(run.carried[k]!, t));
    if (run.fromAbove) this.fromAbove[t] = norm(part(run.fromAbove, t));
    let running = 0;
    for (const { sum } of squares) running += sum;
    this.runningSquared[t] = running;
    this.activations.forEach((one, k) => measureSaturation(run, t, one, this.saturations[k]!));
  }
}
