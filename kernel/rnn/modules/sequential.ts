import { OptionError } from '../errors.js';
import { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** What may stand in a `Sequential`: a module, or a function such as `relu`. */
export type Stage =
  ((input: Tensor) => Tensor) | (Module & { forward(input: Tensor): Tensor | { output: Tensor } });

/**
 * Modules one after the other, each reading what the one before gave.
 *
 * Parameters are named by position, as in PyTorch: `0.weight`, `2.bias`; a function counts as a position. Of a recurrent
 * layer the output goes on; its state starts at zero in every call and is not given out.
 *
 * @example
 * const model = new Sequential(
 *   new Linear({ inFeatures: 8, outFeatures: 32 }),
 *   relu,
 *   new Linear({ inFeatures: 32, outFeatures: 2 }),
 * );
 */
export class Sequential extends Module {
  readonly [position: number]: Module;
  readonly #stages: readonly Stage[];

  /** @throws OptionError for a stage that is neither a module nor a function */
  constructor(...stages: Stage[]) {
    super();
    this.#stages = stages;
    stages.forEach((stage, position) => {
      if (stage instanceof Module) (this as Record<number, Module>)[position] = stage;
      else if (typeof stage !== 'function')
        throw new OptionError(
          `Sequential: stage ${position} is ${typeof stage}, expected a module or a function`,
        );
    });
  }

  get length(): number {
    return this.#stages.length;
  }

  /** @throws OptionError if a stage gives neither a tensor nor `{ output }` */
  override forward(input: Tensor): Tensor {
    return this.#stages.reduce((value, stage, position) => {
      const result: unknown = stage instanceof Module ? stage.forward(value) : stage(value);
      const output = result instanceof Tensor ? result : (result as { output?: unknown }).output;
      if (!(output instanceof Tensor))
        throw new OptionError(
          `Sequential.forward: stage ${position} gave neither a tensor nor { output }`,
        );
      return output;
    }, input);
  }
}
