import { StateDictError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { Parameter, type Tensor } from '../tensor.js';
import {
  addForwardHook,
  addForwardPreHook,
  type ForwardHook,
  type ForwardPreHook,
  type HookHandle,
} from './hooks.js';
import { summariseForward, summariseParameters, type Summary } from './summary.js';

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

  /** This module (its path is empty) and all below it, each once, with paths. */
  *namedModules(prefix = '', seen = new Set<Module>()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren())
      yield* child.namedModules(prefix ? `${prefix}.${name}` : name, seen);
  }

  /** Every parameter once, with its path: `lstm.weight_ih_l0`. A shared one has its first path. */
  *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>();
    for (const [path, parameter] of this.#parameterPaths(prefix)) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      yield [path, parameter];
    }
  }

  /** Every path that leads to a parameter; a shared one has several. */
  *#parameterPaths(prefix = ''): Generator<[string, Parameter]> {
    for (const [name, value] of fieldsOf(this))
      if (value instanceof Module) yield* value.#parameterPaths(`${prefix}${name}.`);
      else if (value instanceof Parameter) yield [prefix + name, value];
  }

  parameters(): Parameter[] {
    const found = new Set<Parameter>();
    collectParameters(this, found);
    return [...found];
  }

  /** Copies of all parameters by path; a shared one stands under each of its paths, as in PyTorch. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#parameterPaths()].map(([name, parameter]) => [name, parameter.clone()]),
    );
  }

  /**
   * Copies values into the parameters. Nothing is changed unless everything fits. A shared parameter may be given
   * under one of its paths or under several (the last one counts).
   * @throws StateDictError that lists missing and unexpected names and shapes that differ
   */
  loadStateDict(values: Record<string, Tensor>): void {
    const paths = new Map(this.#parameterPaths());
    const given = new Set(Object.keys(values).map((name) => paths.get(name)));
    const problems = [
      ...[...this.namedParameters()]
        .filter(([, parameter]) => !given.has(parameter))
        .map(([name]) => `${name} is missing`),
      ...Object.entries(values).flatMap(([name, value]) => {
        const parameter = paths.get(name);
        if (!parameter) return [`${name} is not a parameter of this module`];
        return sameShape(parameter.shape, value.shape)
          ? []
          : [`${name} is ${showShape(value.shape)}, expected ${showShape(parameter.shape)}`];
      }),
    ];
    if (problems.length > 0) throw new StateDictError(`loadStateDict: ${problems.join('; ')}`);
    for (const [name, value] of Object.entries(values)) paths.get(name)!.data.set(value.data);
  }

  /** Keeps the parameters as they are: no gradients reach them, and optimisers pass them over. */
  freeze(): this {
    return this.#setTrainable(false);
  }

  /** Takes `freeze` back. */
  unfreeze(): this {
    return this.#setTrainable(true);
  }

  #setTrainable(trainable: boolean): this {
    for (const parameter of this.parameters()) {
      parameter.requiresGrad = trainable;
      if (!trainable) parameter.grad = null;
    }
    return this;
  }

  /** Calls `hook(module, inputs)` before each `forward`; an array that it returns replaces the inputs. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return addForwardPreHook(this, hook);
  }

  /** Calls `hook(module, inputs, output)` after each `forward`; what it returns, if anything, replaces the output. */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return addForwardHook(this, hook);
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

  /**
   * A table, shown as text. Without inputs: parameters with shapes and counts. With the inputs of a forward pass, which is then
   * run once: layers with output shapes, parameters and floating-point operations (a multiply-add is two).
   */
  summary(...inputs: unknown[]): Summary {
    return inputs.length > 0 ? summariseForward(this, inputs) : summariseParameters(this);
  }

  /** How Node prints the module. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name}\n${this.summary().toString()}`;
  }

  /** VS Code's debugger shows it like any object, by its fields, and does not ask for the text above. */
  [Symbol.for('debug.description')](): undefined {
    return undefined;
  }
}

/** Own fields, with arrays opened: `layers.0`, `layers.1`. */
function* fieldsOf(owner: object): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(owner))
    if (Array.isArray(value))
      for (const [index, entry] of value.entries()) yield [`${name}.${index}`, entry];
    else yield [name, value];
}

/** What `namedParameters` finds, without names: asked for at every training step. */
function collectParameters(owner: object, found: Set<Parameter>): void {
  const fields = owner as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value instanceof Parameter) found.add(value);
    else if (value instanceof Module) collectParameters(value, found);
    else if (Array.isArray(value))
      for (const entry of value as unknown[])
        if (entry instanceof Parameter) found.add(entry);
        else if (entry instanceof Module) collectParameters(entry, found);
  }
}
