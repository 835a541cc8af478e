import { valueNames, type CellProgram } from '../cell/program.js';
import { equationsOf, gatesOf, type Equations } from './equations.js';
import type { LayerRun } from './layerRun.js';
import { part } from './layerRun.js';
import { splitInputs, type Direction, type Network, type RecurrentOperation } from './network.js';
import type { LayerNorms } from './record.js';
import type { Edge } from './stepMachine.js';
import type { NdArray, NumberArray } from '../ndarray.js';

/** One time step of a layer in full. */
export interface StepDetail {
  readonly t: number;
  /** By node: value and adjoint; a parameter's adjoint is what this step adds to its gradient. */
  readonly values: readonly NdArray[];
  readonly adjoints: readonly NdArray[];
  /** By edge. */
  readonly contributions: readonly NdArray[];
  /** By state: what comes to its next value from t+1. */
  readonly carried: readonly NumberArray[];
  /** What comes to the output from above: layers over this one and the loss. */
  readonly fromAbove: NumberArray | null;
}

/** Steps kept after they were asked for; a stepper goes back and forth among few. */
const mostKept = 4;

/** One recurrent layer in one direction, as a trace knows it. */
export class LayerTrace {
  readonly name: string;
  /** Counts from the bottom; both directions of a bidirectional layer have one number. */
  readonly layer: number;
  readonly direction: Direction;
  readonly program: CellProgram;
  /** By node, unique names as in `printProgram`. */
  readonly ids: readonly string[];
  readonly gates: readonly (string | undefined)[];
  readonly edges: readonly Edge[];
  /** By program parameter, its path in the model. */
  readonly parameterNames: readonly string[];
  #equations: Equations | undefined;
  private readonly kept = new Map<number, StepDetail>();

  constructor(
    readonly operation: RecurrentOperation,
    readonly run: LayerRun,
    /** Undefined where the layer was not chosen to be recorded. */
    readonly norms: LayerNorms,
    network: Network,
    /** Where its time steps begin on the trace's axis: 0, or after those of the layers before it. */
    readonly start: number,
  ) {
    this.name = operation.name;
    this.layer = operation.layer;
    this.direction = operation.direction;
    this.program = operation.program;
    this.ids = valueNames(this.program);
    this.gates = gatesOf(this.program);
    this.edges = run.machine.edges;
    this.parameterNames = splitInputs(operation).parameters.map(
      (slot, k) => network.slots[slot]!.parameter ?? this.program.parameters[k]!.name,
    );
  }

  /** Written when first asked for: texts take longer than a short trace itself. */
  get equations(): Equations {
    return (this.#equations ??= equationsOf(this.program, this.direction));
  }

  get timeSteps(): number {
    return this.run.timeSteps;
  }

  /** Values, adjoints and contributions of step t, computed again from what the trace keeps. */
  at(t: number): StepDetail {
    const known = this.kept.get(t);
    if (known) return known;
    const { values, adjoints, contributions, carried, fromAbove } = this.visit(t);
    const copy = ({ data, shape }: NdArray): NdArray => ({ data: data.slice(), shape });
    const detail: StepDetail = {
      t,
      values: values.map(copy),
      adjoints: adjoints.map(copy),
      contributions: contributions.map(copy),
      carried: carried.map((one) => one.slice()),
      fromAbove: fromAbove && fromAbove.slice(),
    };
    if (this.kept.size >= mostKept) this.kept.delete([...this.kept.keys()][0]!);
    this.kept.set(t, detail);
    return detail;
  }

  /** The same without copies: overwritten when another step is looked at. */
  visit(t: number): StepDetail {
    const { values, adjoints, contributions } = this.run.visit(t);
    const { fromAbove } = this.run;
    return {
      t,
      values,
      adjoints,
      contributions,
      carried: this.run.carried.map((all) => part(all, t)),
      fromAbove: fromAbove && part(fromAbove, t),
    };
  }

  stateIndex(name: string): number {
    return this.program.states.findIndex((state) => state.name === name);
  }
}
