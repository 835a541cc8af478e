import { OptionError } from '../../errors.js';
import { cat, zeros } from '../../factories.js';
import type { Tensor } from '../../tensor.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { Recurrent } from '../recurrent.js';
import type { RecurrentState } from '../recurrentOptions.js';

/**
 * What the decoder begins with: the encoder's last state as it is (`'copy'`), tanh(W·state + b) of both directions
 * (`'linear'`), or nothing (`'zeros'`: the decoder begins at zero, or at its learnt initial state).
 */
export type BridgeKind = 'copy' | 'linear' | 'zeros';

/** From the encoder's last state to the decoder's first. */
export abstract class Bridge extends Module {
  abstract override forward(state: unknown, batchSize: number): RecurrentState;
}

/** @throws OptionError if states do not fit the kind */
export function createBridge(
  encoder: Module,
  decoder: Recurrent,
  kind: BridgeKind | undefined,
): Bridge {
  if (kind === 'zeros') return new ZeroBridge(decoder);
  if (!(encoder instanceof Recurrent))
    throw new OptionError(
      `Seq2Seq: bridge must be "zeros" where encoder.rnn is ${encoder.constructor.name}, whose state is not that of one layer stack; got ${JSON.stringify(kind ?? 'none')}`,
    );
  const source: Recurrent = encoder as Recurrent;
  const problem = whyNoCopy(source, decoder);
  if (kind === 'copy' && problem !== undefined)
    throw new OptionError(`Seq2Seq: bridge "copy" ${problem}; expected "linear" or "zeros"`);
  return kind === 'linear' || problem !== undefined
    ? new LinearBridge(source, decoder)
    : new CopyBridge(decoder);
}

const statesOf = (layer: Recurrent) => layer.programs[0]!.states;

function whyNoCopy(encoder: Recurrent, decoder: Recurrent): string | undefined {
  if (encoder.bidirectional) return 'does not fit an encoder of two directions';
  if (encoder.numLayers !== decoder.numLayers)
    return `does not fit ${encoder.numLayers} layers of the encoder and ${decoder.numLayers} of the decoder`;
  const missing = statesOf(decoder).find(
    ({ name, size }) => !statesOf(encoder).some((one) => one.name === name && one.size === size),
  );
  return missing && `finds no state ${missing.name} of size ${missing.size} in the encoder`;
}

class ZeroBridge extends Bridge {
  readonly #decoder: Recurrent;

  constructor(decoder: Recurrent) {
    super();
    this.#decoder = decoder;
  }

  override forward(_state: unknown, batchSize: number): RecurrentState {
    const { numLayers, dtype } = this.#decoder;
    return Object.fromEntries(
      statesOf(this.#decoder).map(({ name, size }) => {
        const zero = zeros([numLayers, batchSize, size], { dtype });
        return [name, this.#decoder.learnInitialState ? zero.add(this.#learnt(name)) : zero];
      }),
    );
  }

  /** `[numLayers, 1, size]` */
  #learnt(name: string): Tensor {
    const { numLayers } = this.#decoder;
    const parts = Array.from({ length: numLayers }, (_, l) =>
      this.#decoder[`initial_${name}_l${l}`]!.reshape([1, 1, -1]),
    );
    return cat(parts);
  }
}

class CopyBridge extends Bridge {
  readonly #names: readonly string[];

  constructor(decoder: Recurrent) {
    super();
    this.#names = statesOf(decoder).map(({ name }) => name);
  }

  override forward(state: unknown): RecurrentState {
    return Object.fromEntries(this.#names.map((name) => [name, (state as RecurrentState)[name]!]));
  }
}

/**
 * s′ = tanh(W·[s→; s←] + b), one W for each state of the decoder, from the encoder's state of that name (its first one
 * where it has none). Layer by layer where both have the same number, else from the top layer for all.
 */
class LinearBridge extends Bridge {
  readonly [state: string]: unknown;
  readonly #encoder: Recurrent;
  readonly #decoder: Recurrent;

  constructor(encoder: Recurrent, decoder: Recurrent) {
    super();
    this.#encoder = encoder;
    this.#decoder = decoder;
    const directions = encoder.bidirectional ? 2 : 1;
    for (const { name, size } of statesOf(decoder))
      (this as Record<string, unknown>)[name] = new Linear({
        inFeatures: directions * this.#sourceOf(name).size,
        outFeatures: size,
        dtype: decoder.dtype,
      });
  }

  #sourceOf(name: string) {
    const states = statesOf(this.#encoder);
    return states.find((one) => one.name === name) ?? states[0]!;
  }

  override forward(state: unknown, batchSize: number): RecurrentState {
    const { numLayers, bidirectional } = this.#encoder;
    const directions = bidirectional ? 2 : 1;
    return Object.fromEntries(
      statesOf(this.#decoder).map(({ name }) => {
        const source = this.#sourceOf(name);
        const given = (state as RecurrentState)[source.name]!;
        const layers = given
          .reshape([numLayers, directions, batchSize, source.size])
          .permute([0, 2, 1, 3])
          .reshape([numLayers, batchSize, directions * source.size]);
        const isSame = numLayers === this.#decoder.numLayers;
        const chosen = isSame ? layers : layers.slice(0, numLayers - 1, numLayers);
        const next = (this[name] as Linear).forward(chosen).tanh();
        return [name, isSame ? next : repeated(next, this.#decoder.numLayers)];
      }),
    );
  }
}

const repeated = (state: Tensor, count: number): Tensor =>
  count === 1 ? state : cat(Array<Tensor>(count).fill(state));
