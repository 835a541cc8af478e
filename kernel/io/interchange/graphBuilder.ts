import type { Shape } from '../../rnn/ndarray.js';
import { InterchangeError } from './interchangeError.js';
import type {
  ElementType,
  OnnxAttribute,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from './onnxProto.js';

/** A value of the graph. Its shape was seen in several runs; extents that differ between them vary. */
export interface Operand {
  readonly name: string;
  /** By run. */
  readonly shapes: readonly Shape[];
  /** The operation of ours that computed it. */
  readonly source?: Application;
  /** Of a constant that is one number: the number, by run. */
  readonly scalars?: readonly number[];
}

/** One operation of a model, as seen in several runs. */
export interface Application {
  readonly op: string;
  readonly inputs: readonly Operand[];
  /** By run. */
  readonly attributes: readonly unknown[];
  /** By output, then by run. */
  readonly outputShapes: readonly (readonly Shape[])[];
}

/** An extent that may vary: how large it was in each run, and the value whose axis it is. */
export interface Extent {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly input: string;
  readonly axis: number;
}

export type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** What nodes of one graph, and of the graphs in it, have in common. */
interface Scope {
  readonly initializers: Map<string, OnnxTensor>;
  readonly names: Set<string>;
  /** Numbers by the name that was asked for. */
  readonly shared: Map<string, string>;
  readonly extents: readonly Extent[];
  readonly floatType: ElementType;
}

/** Collects nodes. A graph inside a node (`inner`) sees the values of the graph around it. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  /** Values that are computed once, by what computes them. */
  private readonly shared = new Map<string, string>();

  private constructor(
    private readonly scope: Scope,
    readonly outer?: GraphBuilder,
  ) {}

  static create(extents: readonly Extent[], floatType: ElementType): GraphBuilder {
    const names = new Set<string>();
    return new GraphBuilder({
      initializers: new Map(),
      names,
      shared: new Map(),
      extents,
      floatType,
    });
  }

  inner(): GraphBuilder {
    return new GraphBuilder(this.scope, this);
  }

  get floatType(): ElementType {
    return this.scope.floatType;
  }

  /** A name that no other value has. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let k = 2; this.scope.names.has(name); k++) name = `${wanted}_${k}`;
    this.scope.names.add(name);
    return name;
  }

  /** Adds a node with `count` outputs and gives their names. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    count = 1,
  ): [string, ...string[]] {
    const name = this.fresh(op);
    const outputs = Array.from({ length: count }, (_, k) =>
      k === 0 ? `${name}_output` : this.fresh(`${name}_output_${k}`),
    );
    this.nodes.push({ op, domain: '', name, inputs, outputs, attributes });
    return outputs as [string, ...string[]];
  }

  /** The one output of a node that is added once for all that want it. */
  once(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const key = JSON.stringify([op, inputs, attributes]);
    let name = this.shared.get(key);
    if (name === undefined) {
      [name] = this.add(op, inputs, attributes);
      this.shared.set(key, name);
    }
    return name;
  }

  /** Gives a value the name under which it leaves the graph. */
  output(name: string, value: string): void {
    this.nodes.push({
      op: 'Identity',
      domain: '',
      name: this.fresh(`Identity_${name}`),
      inputs: [value],
      outputs: [name],
      attributes: {},
    });
  }

  /** Numbers under a name of their own. */
  numbers(wanted: string, type: ElementType, shape: Shape, data: ArrayLike<number>): string {
    const name = this.fresh(wanted);
    this.scope.initializers.set(name, { name, type, shape, data });
    return name;
  }

  /** Floating-point numbers that all who ask for this name share. */
  floats(wanted: string, shape: Shape, data: () => ArrayLike<number>): string {
    const { shared } = this.scope;
    let name = shared.get(wanted);
    if (name === undefined)
      shared.set(wanted, (name = this.numbers(wanted, this.floatType, shape, data())));
    return name;
  }

  /** A list of whole numbers; the same list has the same name. */
  integers(values: readonly number[]): string {
    return this.whole('int64', [values.length], values);
  }

  integer(value: number, type: 'int64' | 'int32' = 'int64'): string {
    return this.whole(type, [], [value]);
  }

  private whole(type: 'int64' | 'int32', shape: Shape, values: readonly number[]): string {
    const word = values.map((one) => (one === toTheEnd ? 'end' : String(one))).join('_');
    const name = `${type}${shape.length === 0 ? '' : 's'}_${word}`;
    this.scope.names.add(name);
    this.scope.initializers.set(name, { name, type, shape, data: values });
    return name;
  }

  /** A shape as a value of the graph. @throws InterchangeError if an extent is neither fixed nor one that varies */
  shape(owner: string, shapes: readonly Shape[]): string {
    const extents = extentsOf(shapes);
    if (extents.every(isFixed)) return this.integers(shapes[0]!);
    const parts = extents.map((sizes) =>
      isFixed(sizes) ? this.integers([sizes[0]!]) : this.extent(owner, sizes),
    );
    return parts.length === 1 ? parts[0]! : this.once('Concat', parts, { axis: { int: 0 } });
  }

  private extent(owner: string, sizes: readonly number[]): string {
    const extent = this.extentNamed(sizes);
    if (!extent)
      throw new InterchangeError(
        `exportOnnx: ${owner} has an extent that was ${sizes.join(' and ')}, expected a fixed one or one of the inputs' (${this.scope.extents.map((one) => `${one.name} ${one.sizes.join(' and ')}`).join(', ')})`,
      );
    const { input, axis } = extent;
    return this.once('Shape', [input], { start: { int: axis }, end: { int: axis + 1 } });
  }

  extentNamed(sizes: readonly number[]): Extent | undefined {
    return this.scope.extents.find((one) => one.sizes.every((size, run) => size === sizes[run]));
  }

  /** The graph of what its outputs need. */
  build(name: string, inputs: readonly OnnxValue[], outputs: readonly OnnxValue[]): OnnxGraph {
    const needed = new Set(outputs.map((one) => one.name));
    const nodes = neededNodes(this.nodes, needed);
    const initializers = this.outer
      ? []
      : [...this.scope.initializers.values()].filter((one) => needed.has(one.name));
    return { name, nodes, initializers, inputs, outputs };
  }
}

/** `end` of a slice that goes as far as there is something. */
export const toTheEnd = Number.MAX_SAFE_INTEGER;

/** Adds to `needed` what the kept nodes read, graphs inside them included. */
function neededNodes(nodes: readonly OnnxNode[], needed: Set<string>): OnnxNode[] {
  const kept = [...nodes].reverse().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false;
    for (const name of readBy(node)) needed.add(name);
    return true;
  });
  return kept.reverse();
}

function readBy(node: OnnxNode): string[] {
  const inside = Object.values(node.attributes).flatMap((attribute) =>
    'graph' in attribute ? attribute.graph.nodes.flatMap(readBy) : [],
  );
  return [...node.inputs, ...inside];
}

/** By axis, then by run. */
export const extentsOf = (shapes: readonly Shape[]): number[][] =>
  shapes[0]!.map((_, axis) => shapes.map((shape) => shape[axis]!));

export const isFixed = (values: readonly number[]): boolean =>
  values.every((value) => value === values[0]);
