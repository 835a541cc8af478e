/** Which cell the options of RNN, LSTM and GRU mean, for whole sequences and for single time steps. */
import {
  gruCell,
  lstmCell,
  peepholeLstmCell,
  projectedLstmCell,
  rnnCell,
} from '../cell/builtinCells.js';
import type { Cell } from '../cell/defineCell.js';
import { OptionError } from '../errors.js';
import { checkOptions, is } from '../options.js';

/** What `RNN` and `RNNCell` may be. */
export interface RNNVariant {
  /** φ. Default `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu';
}

/** What `LSTM` and `LSTMCell` may be. */
export interface LSTMVariant {
  /** Size of the hidden state where it is a projection, 0 where it is not: h is `[…, projSize]`. Default 0. */
  projSize?: number;
  /** Whether gates see the cell state through a vector each. Default false. */
  peepholes?: boolean;
}

/** What `GRU` and `GRUCell` may be. */
export interface GRUVariant {
  /** Whether r multiplies W_hn·h + b_hn (true, as PyTorch) or h itself. Default true. */
  resetAfter?: boolean;
}

export function rnnVariant(owner: string, { nonlinearity = 'tanh' }: RNNVariant): Cell {
  checkOptions(owner, { nonlinearity }, { nonlinearity: is.oneOf('tanh', 'relu') });
  return rnnCell(nonlinearity);
}

export function lstmVariant(
  owner: string,
  { projSize = 0, peepholes = false, hiddenSize }: LSTMVariant & { hiddenSize: number },
): Cell {
  checkOptions(owner, { projSize, peepholes }, { projSize: isProjection, peepholes: is.boolean });
  if (projSize === 0) return peepholes ? peepholeLstmCell : lstmCell;
  if (peepholes) throw new OptionError(`${owner}: expected projSize or peepholes, got both`);
  if (projSize >= hiddenSize)
    throw new OptionError(
      `${owner}: projSize must be less than hiddenSize = ${hiddenSize}, got ${projSize}`,
    );
  return projectedLstmCell(projSize);
}

export function gruVariant(owner: string, { resetAfter = true }: GRUVariant): Cell {
  checkOptions(owner, { resetAfter }, { resetAfter: is.boolean });
  return gruCell(resetAfter);
}

const isProjection = (value: unknown): string | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 for none';
