import {
  gruCell,
  lstmCell,
  peepholeLstmCell,
  projectedLstmCell,
  rnnCell,
} from '../cell/builtinCells.js';
import { OptionError } from '../errors.js';
import { checkOptions, is } from '../options.js';
import type { Tensor } from '../tensor.js';
import { Recurrent } from './recurrent.js';
import type { RecurrentLayerOptions } from './recurrentOptions.js';

export type RNNState = Readonly<{ h: Tensor }>;
export type GRUState = Readonly<{ h: Tensor }>;
export type LSTMState = Readonly<{ h: Tensor; c: Tensor }>;

/** Elman's recurrent network; the equations are `rnnCell`'s. */
export class RNN extends Recurrent<RNNState> {
  constructor({
    nonlinearity = 'tanh',
    ...options
  }: RecurrentLayerOptions & {
    /** Default `'tanh'`. */
    nonlinearity?: 'tanh' | 'relu';
  }) {
    checkOptions('RNN', { nonlinearity }, { nonlinearity: is.oneOf('tanh', 'relu') });
    super({ ...options, cell: rnnCell(nonlinearity) });
  }
}

export interface LSTMOptions extends RecurrentLayerOptions {
  /** Size of the hidden state where it is a projection, 0 where it is not: h is `[…, projSize]`. Default 0. */
  projSize?: number;
  /** Whether gates see the cell state through a vector each. Default false. */
  peepholes?: boolean;
}

/**
 * Long short-term memory; the equations are `lstmCell`'s, gate order i f g o, with options those of
 * `projectedLstmCell` and `peepholeLstmCell`.
 */
export class LSTM extends Recurrent<LSTMState> {
  constructor({ projSize = 0, peepholes = false, ...options }: LSTMOptions) {
    checkOptions(
      'LSTM',
      { projSize, peepholes },
      { projSize: isProjection, peepholes: is.boolean },
    );
    if (projSize > 0 && peepholes)
      throw new OptionError('LSTM: expected projSize or peepholes, got both');
    if (projSize > 0 && projSize >= options.hiddenSize)
      throw new OptionError(
        `LSTM: projSize must be less than hiddenSize = ${options.hiddenSize}, got ${projSize}`,
      );
    const cell = peepholes ? peepholeLstmCell : lstmCell;
    super({ ...options, cell: projSize > 0 ? projectedLstmCell(projSize) : cell });
  }
}

export const isProjection = (value: unknown): string | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 for none';

/** Gated recurrent unit; the equations are `gruCell`'s, gate order r z n. */
export class GRU extends Recurrent<GRUState> {
  constructor({
    resetAfter = true,
    ...options
  }: RecurrentLayerOptions & {
    /** Whether r multiplies W_hn·h + b_hn (true, as PyTorch) or h itself. Default true. */
    resetAfter?: boolean;
  }) {
    checkOptions('GRU', { resetAfter }, { resetAfter: is.boolean });
    super({ ...options, cell: gruCell(resetAfter) });
  }
}
