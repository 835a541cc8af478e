import { StateDictError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { Parameter, Tensor } from '../tensor.js';

/**
 * Something with parameters that computes. Parameters and modules held in fields (or in arrays in fields)
 * are found by themselves, in the order of assignment, and named by their path.
 *
 * @example
 * class Model extends Module {
 *   embedding = new Embedding({ numEmbeddings: 64, embeddingDim: 16 });
 *   lstm = new LSTM({ inputSize: 16, hiddenSize: 32 });
 *   head = new Linear({ inFeatures: 32, outFeatures: 64 });
 *   forward(input: Tensor, state?: LSTMState) {
 *     const result = this.lstm.forward(this.embedding.forward(input), state);
 *     return { output: this.head.forward(result.output), state: result.state };
 *   }
 * }
 */
export abstract class Module {
  /** Whether layers that behave differently in training (dropout) do so. */
  training = true;

  // Each module has a signature of its own; only `never` arguments admit them all.
  abstract forward(...inputs: never[]): unknown;

  /** Modules held directly, with the names of their fields. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of fieldsOf(this)) if (value instanceof Module) yield [name, value];
  }

  /** Every parameter once, with its path: `lstm.weight_ih_l0`. A shared one has its first path. */
  *namedParameters(prefix = '', seen = new Set<Parameter>()): Generator<[string, Parameter]> {
    for (const [name, value] of fieldsOf(this)) {
      if (value instanceof Module) yield* value.namedParameters(`${prefix}${name}.`, seen);
      if (!(value instanceof Parameter) || seen.has(value)) continue;
      seen.add(value);
      yield [prefix + name, value];
    }
  }

  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** Copies of all parameters by path. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.namedParameters()].map(([name, parameter]) => [name, parameter.clone()]),
    );
  }

  /**
   * Copies values into the parameters. Nothing is changed unless everything fits.
   * @throws StateDictError that lists missing and unexpected names and shapes that differ
   */
  loadStateDict(values: Record<string, Tensor>): void {
    const parameters = new Map(this.namedParameters());
    const problems = [
      ...[...parameters.keys()]
        .filter((name) => !(name in values))
        .map((name) => `${name} is missing`),
      ...Object.entries(values).flatMap(([name, value]) => {
        const parameter = parameters.get(name);
        if (!parameter) return [`${name} is not a parameter of this module`];
        return sameShape(parameter.shape, value.shape)
          ? []
          : [`${name} is ${showShape(value.shape)}, expected ${showShape(parameter.shape)}`];
      }),
    ];
    if (problems.length > 0) throw new StateDictError(`loadStateDict: ${problems.join('; ')}`);
    for (const [name, parameter] of parameters) parameter.data.set(values[name]!.data);
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  train(mode = true): this {
    this.training = mode;
    for (const [, child] of this.namedChildren()) child.train(mode);
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Parameters with shapes and counts, as a table in text. */
  summary(): string {
    const rows = [...this.namedParameters()].map(
      ([name, { shape, size }]) => [name, showShape(shape), String(size)] as const,
    );
    const total = this.parameters().reduce((sum, { size }) => sum + size, 0);
    const table = [['parameter', 'shape', 'count'], ...rows, ['total', '', String(total)]];
    const widths = [0, 1, 2].map((k) => Math.max(...table.map((row) => row[k]!.length)));
    return table
      .map(
        ([name, shape, count]) =>
          `${name.padEnd(widths[0]!)}  ${shape.padEnd(widths[1]!)}  ${count.padStart(widths[2]!)}`,
      )
      .join('\n');
  }

  /** How Node prints the module. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name}\n${this.summary()}`;
  }
}

/** Own fields, with arrays opened: `layers.0`, `layers.1`. */
function* fieldsOf(owner: object): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(owner))
    if (Array.isArray(value))
      for (const [index, entry] of value.entries()) yield [`${name}.${index}`, entry];
    else yield [name, value];
}
