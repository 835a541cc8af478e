import { OptionError } from '../errors.js';
import { cat } from '../factories.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import {
  isSequenceLayer,
  runSequence,
  type SequenceLayer,
  type SequenceOptions,
} from './sequenceLayer.js';

/** Options of `Bidirectional`. */
export interface BidirectionalOptions {
  /** Reads the sequence from its start. */
  forwardLayer: SequenceLayer;
  /** Reads it from its end, each sequence from its own last valid time step. */
  reverseLayer: SequenceLayer;
  /** What becomes of the two outputs: side by side (forward first), or of one size and added, … Default `'cat'`. */
  merge?: 'cat' | 'sum' | 'average' | 'product';
}

/** States of both layers; what is left out starts as the layer starts by itself. */
export interface BidirectionalState {
  readonly forward?: unknown;
  readonly reverse?: unknown;
}

const merges: Record<
  NonNullable<BidirectionalOptions['merge']>,
  (forward: Tensor, reverse: Tensor) => Tensor
> = {
  cat: (a, b) => cat([a, b], -1),
  sum: (a, b) => a.add(b),
  average: (a, b) => a.add(b).mul(0.5),
  product: (a, b) => a.mul(b),
};

/**
 * Two layers of any kind over one sequence, one from each end: `[T, B, F]` → `[T, B, outputSize]`, and the state of each.
 * Unlike `bidirectional: true`, which crosses the directions at every layer of a stack, each layer goes all the way alone.
 *
 * @example
 * new Bidirectional({
 *   forwardLayer: new LSTM({ inputSize: 8, hiddenSize: 16 }),
 *   reverseLayer: new GRU({ inputSize: 8, hiddenSize: 16 }),
 *   merge: 'sum',
 * });
 */
export class Bidirectional extends Module {
  readonly forwardLayer: SequenceLayer;
  readonly reverseLayer: SequenceLayer;
  readonly merge: NonNullable<BidirectionalOptions['merge']>;
  readonly outputSize: number;
  readonly batchFirst: boolean;

  /** @throws OptionError if the layers do not go together */
  constructor(options: BidirectionalOptions) {
    super();
    checkOptions('Bidirectional', options, {
      forwardLayer: isSequenceLayer,
      reverseLayer: isSequenceLayer,
      merge: optional(is.oneOf(...Object.keys(merges))),
    });
    const { forwardLayer, reverseLayer, merge = 'cat' } = options;
    this.forwardLayer = forwardLayer;
    this.reverseLayer = reverseLayer;
    this.merge = merge;
    this.batchFirst = forwardLayer.batchFirst ?? false;
    const sizes = [forwardLayer.outputSize, reverseLayer.outputSize] as const;
    if (merge !== 'cat' && sizes[0] !== sizes[1])
      throw new OptionError(
        `Bidirectional: merge "${merge}" needs outputs of one size, got ${sizes[0]} and ${sizes[1]}`,
      );
    if (forwardLayer === reverseLayer)
      throw new OptionError('Bidirectional: expected two layers, got the same one twice');
    if (this.batchFirst !== (reverseLayer.batchFirst ?? false))
      throw new OptionError('Bidirectional: expected both layers or neither with batchFirst');
    this.outputSize = merge === 'cat' ? sizes[0] + sizes[1] : sizes[0];
  }

  /** @param options `lengths`: valid time steps of each sequence, in any order */
  override forward(
    input: Tensor,
    state: BidirectionalState = {},
    options: SequenceOptions = {},
  ): { output: Tensor; state: Required<BidirectionalState> } {
    const ahead = runSequence(this.forwardLayer, input, state.forward, options);
    const turned = { ...options, reverse: !options.reverse };
    const back = runSequence(this.reverseLayer, input, state.reverse, turned);
    return {
      output: merges[this.merge](ahead.output, back.output),
      state: { forward: ahead.state, reverse: back.state },
    };
  }
}
