import { OptionError } from '../../errors.js';
import { checkOptions, optional } from '../../options.js';
import type { Tensor } from '../../tensor.js';
import { Embedding } from '../embedding.js';
import { Module } from '../module.js';
import type { RecurrentForwardOptions, RecurrentState } from '../recurrentOptions.js';
import { isSequenceLayer, type SequenceLayer } from '../sequenceLayer.js';
import type { Bridge } from './bridge.js';

/** Options of `Encoder`. */
export interface EncoderOptions {
  /** Turns symbols into vectors; left out for sources that are vectors already. */
  embedding?: Embedding;
  /** Reads the source. Time first. */
  rnn: SequenceLayer;
}

/**
 * Reads a source: symbols `[S, B]` (int32), or vectors `[S, B, F]` → the output `[S, B, keySize]` of its layers, and the
 * state that the decoder begins with.
 */
export class Encoder extends Module {
  readonly embedding: Embedding | undefined;
  readonly rnn: SequenceLayer;

  constructor(
    options: EncoderOptions,
    readonly bridge: Bridge,
  ) {
    super();
    checkOptions('Seq2Seq: encoder', options, {
      embedding: optional((one) => (one instanceof Embedding ? undefined : 'an Embedding')),
      rnn: isSequenceLayer,
    });
    this.embedding = options.embedding;
    this.rnn = options.rnn;
    if (this.rnn.batchFirst)
      throw new OptionError(
        'Seq2Seq: encoder.rnn has batchFirst, expected a layer with time first',
      );
  }

  /** @param call `lengths`: valid time steps of each source, in any order */
  override forward(
    source: Tensor,
    call: Pick<RecurrentForwardOptions, 'lengths'> = {},
  ): { output: Tensor; state: RecurrentState } {
    const vectors = this.embedding ? this.embedding.forward(source) : source;
    const { output, state } = this.rnn.forward(vectors, undefined, call);
    return { output, state: this.bridge.forward(state, source.shape[1]!) };
  }
}
