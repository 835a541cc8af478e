import { releaseAdjoints, takeAdjoint } from './adjointPool.js';
import { describeValue } from './describeValue.js';
import { AutogradError, DTypeError, OptionError, ShapeError } from './errors.js';
import { Expression } from './expression.js';
import {
  createNdArray,
  createNumbers,
  dtypeOf,
  sameShape,
  showShape,
  sizeOf,
  type DType,
  type NdArray,
  type NumberArray,
  type Shape,
} from './ndarray.js';
import { none } from './ops/rule.js';
import { ruleOf, type OpAttributes, type OpName } from './ops/table.js';
import { showFirstNumbers, showNumbers } from './showNumbers.js';
import { findEngine } from './wasm/engine.js';

/** Numbers nested in arrays, as `toNested()` gives them. */
export type Nested = number | Nested[];

/**
 * One application of an operation that gradients flow back through. `op` is a primitive's name or, for a
 * recurrent layer, `recurrent`; `detail` is what a picture of the graph may want to know of it: a
 * primitive's attributes, a recurrent layer's program.
 */
export interface TapeNode {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly outputShapes: readonly Shape[];
  readonly detail?: unknown;
  /**
   * Adds vector-Jacobian products to `gradients` (one per input, null where not wanted), given the adjoint
   * of each output (null where the loss does not depend on it).
   */
  backward(adjoints: readonly (NdArray | null)[], gradients: readonly (NdArray | null)[]): void;
  /** Set when `backward` has run: what it needed may be gone. */
  consumed: boolean;
}

/** The numbers of a leaf's gradient, for who reads or writes them at once and does not keep them. */
export let gradientOf: (tensor: Tensor) => NumberArray | null;
/** The same, zeros where there is none yet. */
let openGradient: (tensor: Tensor) => NumberArray;

let gradientsEnabled = true;

export const isGradEnabled = (): boolean => gradientsEnabled;

/** Runs `fn` without recording operations for `backward()`. `fn` must be synchronous. */
export function noGrad<T>(fn: () => T): T {
  const before = gradientsEnabled;
  gradientsEnabled = false;
  try {
    const result = fn();
    if (result instanceof Promise)
      throw new OptionError(
        'noGrad: expected a synchronous function, got one that returns a promise',
      );
    return result;
  } finally {
    gradientsEnabled = before;
  }
}

/**
 * A row-major array of numbers with a shape, that remembers how it was computed.
 *
 * Operations never change their operands; `data` may be written by whoever owns the tensor (optimisers do).
 */
export class Tensor extends Expression<Tensor> implements NdArray {
  requiresGrad: boolean;
  /** Where `backward` adds, and the tensor by which it was shown. */
  #gradient: NumberArray | null = null;
  #shown: Tensor | null = null;
  /** The gradient's place in the engine's memory; null where it has none, undefined before the first gradient. */
  #place: NumberArray | null | undefined;

  constructor(
    readonly data: NumberArray,
    readonly shape: Shape,
    options?: { requiresGrad?: boolean },
    /** The operation that computed this tensor, and which of its outputs this is. */
    readonly source: { node: TapeNode; output: number } | null = null,
  ) {
    super();
    if (data.length !== sizeOf(shape))
      throw new ShapeError(
        `Tensor: shape ${showShape(shape)} needs ${sizeOf(shape)} elements, got ${data.length}`,
      );
    this.requiresGrad = options?.requiresGrad ?? false;
    if (this.requiresGrad && data instanceof Int32Array)
      throw new DTypeError('Tensor: only floating point can require gradients, got int32');
  }

  get dtype(): DType {
    return dtypeOf(this.data);
  }

  /** ∂loss/∂this after `backward()`, for a leaf that requires it. */
  get grad(): Tensor | null {
    if (!this.#gradient || this.#shown) return this.#shown;
    // What was shown must not change under the one who keeps it when the engine's place is used again.
    if (this.#gradient === this.#place) this.#gradient = new Float32Array(this.#gradient);
    return (this.#shown = new Tensor(this.#gradient, this.shape));
  }

  set grad(gradient: Tensor | null) {
    this.#gradient = gradient?.data ?? null;
    this.#shown = gradient;
  }

  static {
    gradientOf = (tensor) => tensor.#gradient;
    openGradient = (tensor) => {
      if (tensor.#gradient) return tensor.#gradient;
      const engine = findEngine();
      if (tensor.#place) engine!.clear(tensor.#place);
      else if (tensor.#place === undefined)
        tensor.#place = engine?.owns(tensor.data) ? engine.keep(tensor.size) : null;
      return (tensor.#gradient = tensor.#place ?? createNumbers(tensor.dtype, tensor.size));
    };
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  protected override apply<K extends OpName>(
    op: K,
    others: readonly (Tensor | number)[],
    attributes: OpAttributes[K],
  ): Tensor {
    const inputs: Tensor[] = [this];
    for (const other of others) inputs.push(this.lift(other));
    return applyOp(op, inputs, attributes);
  }

  /** @internal */
  override choose(a: Tensor | number, b: Tensor | number): Tensor {
    const like = [a, b].find((one) => typeof one !== 'number') ?? this;
    const dtype = like.dtype === 'int32' && like === this ? 'float32' : like.dtype;
    const condition = this.dtype === dtype ? this : this.to(dtype);
    return applyOp('where', [condition, condition.lift(a), condition.lift(b)], none);
  }

  private lift(operand: Tensor | number): Tensor {
    return typeof operand === 'number' ? this.constant(operand) : operand;
  }

  override constant(value: number): Tensor {
    const data = createNumbers(this.dtype, 1);
    data[0] = value;
    return new Tensor(data, []);
  }

  /** The value of a tensor with one element. @throws ShapeError otherwise */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError(`item: expected one element, got shape ${showShape(this.shape)}`);
    return this.data[0]!;
  }

  /** The numbers in nested arrays. */
  toNested(): Nested {
    const nest = (axis: number, offset: number, size: number): Nested => {
      if (axis === this.shape.length) return this.data[offset]!;
      const part = size / this.shape[axis]!;
      return Array.from({ length: this.shape[axis]! }, (_, i) =>
        nest(axis + 1, offset + i * part, part),
      );
    };
    return nest(0, 0, this.size);
  }

  /** Index of the largest number along the last axis (the first of equal ones), int32. */
  argmax(): Tensor {
    const width = this.shape.at(-1);
    if (!width)
      throw new ShapeError(
        `argmax: expected numbers along the last axis of ${showShape(this.shape)}`,
      );
    const indices = new Int32Array(this.size / width);
    for (let row = 0; row < indices.length; row++) {
      const from = row * width;
      for (let j = 1; j < width; j++)
        if (this.data[from + j]! > this.data[from + indices[row]!]!) indices[row] = j;
    }
    return new Tensor(indices, this.shape.slice(0, -1));
  }

  /** The same numbers, cut off from how they were computed. Shares memory. */
  detach(): Tensor {
    return new Tensor(this.data, this.shape);
  }

  /** A copy with memory of its own, cut off from how it was computed. */
  clone(): Tensor {
    return new Tensor(this.data.slice(), this.shape);
  }

  /** A copy with another element type, cut off from how it was computed. */
  to(dtype: DType): Tensor {
    const data = createNumbers(dtype, this.size);
    data.set(this.data);
    return new Tensor(data, this.shape);
  }

  /**
   * Adds ∂this/∂leaf to the `grad` of every leaf that requires it.
   *
   * @param gradient the adjoint of this tensor; 1 where left out, which asks for a single element
   * @throws AutogradError if nothing requires gradients, or backward already ran through here
   * @throws ShapeError if there are several elements and no gradient, or its shape differs
   */
  backward(gradient?: Tensor): void {
    if (!this.requiresGrad)
      throw new AutogradError(
        'backward: this tensor does not depend on any tensor that requires gradients',
      );
    const seed = gradient ?? this.unitGradient();
    if (!sameShape(seed.shape, this.shape))
      throw new ShapeError(
        `backward: expected a gradient of shape ${showShape(this.shape)}, got ${showShape(seed.shape)}`,
      );
    runBackward(this, seed);
  }

  private unitGradient(): Tensor {
    if (this.size !== 1)
      throw new ShapeError(
        `backward: expected one element, got shape ${showShape(this.shape)}; pass the gradient of each`,
      );
    return new Tensor(createNumbers(this.dtype, 1).fill(1), this.shape);
  }

  override toString(): string {
    return `Tensor ${showShape(this.shape)} ${this.dtype} ${showNumbers(this.data, this.shape)}`;
  }

  /** How Node prints the tensor. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it: its first numbers, in a line. */
  [Symbol.for('debug.description')](): string {
    return `Tensor ${showShape(this.shape)} ${this.dtype} ${showFirstNumbers(this.data, this.shape)}`;
  }
}

/** A tensor that a module trains. */
export class Parameter extends Tensor {
  constructor(data: NumberArray, shape: Shape) {
    super(data, shape, { requiresGrad: true });
  }
}

/**
 * For what JavaScript lets through.
 * @throws DTypeError unless it is a tensor
 */
export function expectTensor(owner: string, name: string, value: unknown): void {
  if (value instanceof Tensor) return;
  const hasOutput = typeof value === 'object' && value !== null && 'output' in value;
  const hint = hasOutput ? '; did you mean its output?' : '';
  throw new DTypeError(`${owner}: ${name} is ${describeValue(value)}, expected a tensor${hint}`);
}

/** Computes a primitive and, where an operand requires gradients, puts it on the tape. */
export function applyOp<K extends OpName>(
  op: K,
  inputs: readonly Tensor[],
  attributes: OpAttributes[K],
): Tensor {
  const shapes: Shape[] = [];
  for (let k = 0; k < inputs.length; k++) {
    const input = inputs[k]!;
    if (!(input instanceof Tensor)) expectTensor(op, `operand ${k + 1}`, input);
    shapes.push(input.shape);
  }
  const rule = ruleOf(op);
  const shape = rule.shape(shapes, attributes);
  const out = createNdArray(resultType(op, inputs), shape);
  rule.forward(out, inputs, attributes);
  if (!needsGradient(inputs)) return new Tensor(out.data, shape);
  const [result] = record(
    op,
    inputs,
    [out],
    (adjoints, gradients) => {
      if (adjoints[0]) rule.backward(gradients, adjoints[0], inputs, out, attributes);
    },
    attributes,
  );
  return result!;
}

/**
 * Wraps the results of a computation as tensors that know how to go back to `inputs`.
 * Without an input that requires gradients (or inside `noGrad`) they are plain leaves.
 */
export function record(
  op: string,
  inputs: readonly Tensor[],
  outputs: readonly NdArray[],
  backward: TapeNode['backward'],
  detail?: unknown,
): Tensor[] {
  const results: Tensor[] = [];
  if (!needsGradient(inputs)) {
    for (const { data, shape } of outputs) results.push(new Tensor(data, shape));
    return results;
  }
  const node: TapeNode = {
    op,
    inputs,
    outputShapes: outputs.map(({ shape }) => shape),
    detail,
    backward,
    consumed: false,
  };
  for (const { data, shape } of outputs)
    results.push(new Tensor(data, shape, recorded, { node, output: results.length }));
  return results;
}

const recorded = { requiresGrad: true };

export function needsGradient(inputs: readonly Tensor[]): boolean {
  if (gradientsEnabled) for (const input of inputs) if (input.requiresGrad) return true;
  return false;
}

/** Operations whose second operand is an index, and may be of another element type than the first. */
const indexed: ReadonlySet<OpName> = new Set(['embedding']);

function resultType(op: OpName, inputs: readonly Tensor[]): DType {
  const dtype = inputs[0]!.dtype;
  if (!indexed.has(op))
    for (const input of inputs)
      if (input.dtype !== dtype)
        throw new DTypeError(
          `${op}: operands are ${inputs.map((one) => one.dtype).join(' and ')}, expected one element type; use to('${dtype}')`,
        );
  return dtype;
}

function runBackward(root: Tensor, seed: NdArray): void {
  releaseAdjoints();
  const adjoints = new Map<TapeNode, (NdArray | null)[]>();
  /** Where the adjoint of a tensor is added up: in its own `grad` for a leaf, beside its node otherwise. */
  const adjointOf = (tensor: Tensor): NdArray | null => {
    if (!tensor.requiresGrad) return null;
    if (!tensor.source) return { data: openGradient(tensor), shape: tensor.shape };
    const { node, output } = tensor.source;
    let slots = adjoints.get(node);
    if (!slots) {
      slots = new Array<NdArray | null>(node.outputShapes.length).fill(null);
      adjoints.set(node, slots);
    }
    return (slots[output] ??= takeAdjoint(tensor));
  };
  const start = adjointOf(root)!;
  for (let i = 0; i < seed.data.length; i++) start.data[i]! += seed.data[i]!;

  const order = tapeOrder(root);
  for (let k = order.length - 1; k >= 0; k--) {
    const node = order[k]!;
    if (node.consumed)
      throw new AutogradError(
        `backward: the graph through '${node.op}' was used already; run the forward pass again`,
      );
    node.backward(adjoints.get(node)!, node.inputs.map(adjointOf));
    node.consumed = true;
    adjoints.delete(node);
  }
  releaseAdjoints();
}

/** The nodes that `root` depends on, each after the nodes it depends on. Iterative: tapes are deep. */
export function tapeOrder(root: Tensor): TapeNode[] {
  const order: TapeNode[] = [];
  const seen = new Set<TapeNode>();
  const stack: { node: TapeNode; next: number }[] = [];
  const visit = (tensor: Tensor): void => {
    const node = tensor.source?.node;
    if (!node || seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  visit(root);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const input = top.node.inputs[top.next++];
    if (input) visit(input);
    else order.push(stack.pop()!.node);
  }
  return order;
}
