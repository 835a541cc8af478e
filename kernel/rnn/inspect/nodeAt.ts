import { norm } from './vectors.js';
import type { NdArray, NumberArray } from '../ndarray.js';
import { showNumbers } from '../showNumbers.js';
import type { LayerTrace } from './layerTrace.js';
import type { Direction } from './network.js';

/** A part of a value's adjoint, by where it comes from. */
export interface AdjointPart {
  /** A use within the time step, the time step after, or what lies above the layer (loss, layers over it). */
  readonly origin: 'use' | 'next step' | 'above';
  /** Name of the value that uses it, of the state that carried it, of the output. */
  readonly name: string;
  /** `%18ₜ…`: what was added, as an equation. */
  readonly equation: string;
  readonly numbers: NumberArray;
  readonly norm: number;
}

/** What an operation sends to one of its operands on the way back. */
export interface SentAdjoint {
  readonly edge: number;
  readonly operand: NodeAt;
  readonly equation: string;
  readonly contribution: NdArray;
  readonly norm: number;
}

/** One value of a recurrent layer at one time step, with its adjoint. Numbers are computed when asked for. */
export class NodeAt {
  constructor(
    private readonly source: LayerTrace,
    readonly t: number,
    /** Index in the layer's cell program. */
    readonly index: number,
  ) {}

  /** Number of the layer from the bottom, its name, its direction. */
  get layer(): number {
    return this.source.layer;
  }
  get layerName(): string {
    return this.source.name;
  }
  get direction(): Direction {
    return this.source.direction;
  }
  get kind(): 'input' | 'state' | 'parameter' | 'constant' | 'operation' {
    return this.source.program.nodes[this.index]!.kind;
  }
  get op(): string | undefined {
    return this.source.program.nodes[this.index]!.op;
  }
  get label(): string | undefined {
    return this.source.program.nodes[this.index]!.label;
  }
  /** Unique in the layer: `f`, `%7`; `h` for the state before the step, `h′` for its next value. */
  get id(): string {
    return this.source.ids[this.index]!;
  }
  /** With its time step: `fₜ`, `cₜ₋₁`. */
  get name(): string {
    return this.source.equations.names[this.index]!.text;
  }
  /** `cₜ = %18ₜ + %19ₜ`; for leaves their shape. */
  get equation(): string {
    return this.source.equations.operation[this.index]!.text;
  }
  get value(): NdArray {
    return this.source.at(this.t).values[this.index]!;
  }
  /** ∂L/∂value; for a parameter what this time step adds to its gradient. */
  get adjoint(): NdArray {
    return this.source.at(this.t).adjoints[this.index]!;
  }
  get valueNorm(): number {
    return this.source.norms.values[this.index]![this.t]!;
  }
  get adjointNorm(): number {
    return this.source.norms.adjoints[this.index]![this.t]!;
  }

  get operands(): NodeAt[] {
    return this.source.program.nodes[this.index]!.operands.map(
      (operand) => new NodeAt(this.source, this.t, operand),
    );
  }

  /** The adjoint by origin; the parts sum to it. */
  get adjointParts(): AdjointPart[] {
    const { source, index } = this;
    const detail = source.at(this.t);
    const { names } = source.equations;
    const own = names[index]!.text;
    const part = (
      origin: AdjointPart['origin'],
      name: string,
      equation: string,
      numbers: NumberArray,
    ): AdjointPart => ({ origin, name, equation, numbers, norm: norm(numbers) });
    const uses = source.edges.flatMap((edge, k) =>
      edge.from === index
        ? [
            part(
              'use',
              names[edge.to]!.text,
              source.equations.backward(edge).text,
              detail.contributions[k]!.data,
            ),
          ]
        : [],
    );
    const carried = source.program.states.flatMap((state, k) =>
      state.next === index
        ? [
            part(
              'next step',
              state.name,
              `what comes to ${own} from the next step`,
              detail.carried[k]!,
            ),
          ]
        : [],
    );
    const above =
      source.program.output === index && detail.fromAbove
        ? [part('above', 'output', `what comes to ${own} from above`, detail.fromAbove)]
        : [];
    return [...uses, ...carried, ...above];
  }

  /** What goes from here to each operand on the way back. */
  get sends(): SentAdjoint[] {
    const { source, index, t } = this;
    return source.edges.flatMap((edge, k) => {
      if (edge.to !== index) return [];
      const contribution = source.at(t).contributions[k]!;
      return [
        {
          edge: k,
          operand: new NodeAt(source, t, edge.from),
          equation: source.equations.backward(edge).text,
          contribution,
          norm: norm(contribution.data),
        },
      ];
    });
  }

  toString(): string {
    const { value } = this;
    return `${this.layerName}, t=${this.t}: ${this.equation}\n  value ${showNumbers(value.data, value.shape)}\n  adjoint norm ${this.adjointNorm.toExponential(3)}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it, in a line. */
  [Symbol.for('debug.description')](): string {
    return `NodeAt ${this.layerName}, t=${this.t}, ${this.label ?? this.op ?? this.kind}`;
  }
}
