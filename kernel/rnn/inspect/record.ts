import { norm, squaredNorm } from './vectors.js';
import { valueNames } from '../cell/program.js';
import { activationsOf, measureSaturation, type Activation, type Saturation } from './gates.js';
import type { LayerGradients, LayerRun } from './layerRun.js';
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

  constructor(private readonly run: LayerRun) {
    const series = () => new Float64Array(run.timeSteps);
    this.values = run.program.nodes.map(series);
    this.adjoints = run.program.nodes.map(series);
    this.edges = run.machine.edges.map(series);
    this.carried = run.program.states.map(series);
    this.fromAbove = series();
    this.runningSquared = series();
    const { program } = run;
    this.activations = activationsOf({ program, ids: valueNames(program) });
    this.saturations = this.activations.map(() => ({
      mean: series(),
      nearLow: series(),
      nearHigh: series(),
    }));
  }

  observe(t: number, machine: StepMachine, gradients: LayerGradients): void {
    const { run } = this;
    machine.values.forEach(({ data }, node) => (this.values[node]![t] = norm(data)));
    machine.adjoints.forEach(({ data }, node) => (this.adjoints[node]![t] = norm(data)));
    machine.edges.forEach(({ from }, k) => {
      const { data } = machine.contributions[k]!;
      const isWhole = data === machine.adjoints[from]!.data;
      this.edges[k]![t] = isWhole ? this.adjoints[from]![t]! : norm(data);
    });
    run.carried.forEach((all, k) => (this.carried[k]![t] = norm(part(all, t))));
    if (run.fromAbove) this.fromAbove[t] = norm(part(run.fromAbove, t));
    this.runningSquared[t] = gradients.parameters.reduce(
      (sum, { data }) => sum + squaredNorm(data),
      0,
    );
    this.activations.forEach((one, k) => measureSaturation(run, t, one, this.saturations[k]!));
  }
}
