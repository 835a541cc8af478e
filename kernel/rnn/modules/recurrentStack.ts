import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { dropout } from './dropout.js';
import { Module } from './module.js';
import {
  isSequenceLayer,
  runSequence,
  type SequenceLayer,
  type SequenceOptions,
} from './sequenceLayer.js';

/** Options of `RecurrentStack`. */
export interface RecurrentStackOptions {
  /** Probability that a number between two layers is dropped in training. Default 0. */
  dropout?: number;
}

/**
 * Recurrent layers of any kinds one upon the other, each reading the output of the one below; all get the same lengths.
 * `[T, B, F]` → `[T, B, outputSize]`, and a list with the state of each. Parameters are named `layers.0.…`, `layers.1.…`.
 */
export class RecurrentStack extends Module {
  readonly layers: readonly SequenceLayer[];
  readonly dropout: number;
  readonly outputSize: number;
  readonly batchFirst: boolean;

  /** @throws OptionError if there is no layer, or one is no recurrent layer */
  constructor(layers: readonly SequenceLayer[], options: RecurrentStackOptions = {}) {
    super();
    checkOptions('RecurrentStack', options, { dropout: optional(is.probability) });
    const given: unknown = layers;
    if (!Array.isArray(given) || given.length === 0)
      throw new OptionError('RecurrentStack: expected a list of layers, one at least');
    layers.forEach((layer: unknown, k) => {
      const expected = isSequenceLayer(layer);
      if (expected)
        throw new OptionError(
          `RecurrentStack: layer ${k} must be ${expected}, got ${typeof layer}`,
        );
    });
    this.layers = [...layers];
    this.dropout = options.dropout ?? 0;
    this.outputSize = layers.at(-1)!.outputSize;
    this.batchFirst = layers[0]!.batchFirst ?? false;
    const other = layers.findIndex((layer) => (layer.batchFirst ?? false) !== this.batchFirst);
    if (other >= 0)
      throw new OptionError(
        `RecurrentStack: layer ${other} has batchFirst ${!this.batchFirst}, expected ${this.batchFirst} as layer 0`,
      );
  }

  /** @param state what an earlier call returned */
  override forward(
    input: Tensor,
    state?: readonly unknown[],
    options: SequenceOptions = {},
  ): { output: Tensor; state: readonly unknown[] } {
    if (state !== undefined && state.length !== this.layers.length)
      throw new OptionError(
        `RecurrentStack.forward: got states of ${state.length} layers, expected ${this.layers.length}`,
      );
    let output = input;
    const states = this.layers.map((layer, k) => {
      if (k > 0) output = dropout(output, this.dropout, this.training);
      const result = runSequence(layer, output, state?.[k], options);
      ({ output } = result);
      return result.state;
    });
    return { output, state: states };
  }
}
