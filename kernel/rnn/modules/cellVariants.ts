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
import { checkOptions, is, optional, type Check } from '../options.js';

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

/** Which options choose among the cells of one name, and which cell they mean. */
interface Variants<Choice> {
  readonly choices: Readonly<Record<keyof Choice & string, Check>>;
  cellOf(owner: string, options: Choice & { hiddenSize: number }): Cell;
}

const isProjection = (value: unknown): string | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 for none';

export const rnnVariants: Variants<RNNVariant> = {
  choices: { nonlinearity: optional(is.oneOf('tanh', 'relu')) },
  cellOf: (_owner, { nonlinearity = 'tanh' }) => rnnCell(nonlinearity),
};

export const lstmVariants: Variants<LSTMVariant> = {
  choices: { projSize: optional(isProjection), peepholes: optional(is.boolean) },
  cellOf(owner, { projSize = 0, peepholes = false, hiddenSize }) {
    if (projSize === 0) return peepholes ? peepholeLstmCell : lstmCell;
    if (peepholes) throw new OptionError(`${owner}: expected projSize or peepholes, got both`);
    if (projSize >= hiddenSize)
      throw new OptionError(
        `${owner}: projSize must be less than hiddenSize = ${hiddenSize}, got ${projSize}`,
      );
    return projectedLstmCell(projSize);
  },
};

export const gruVariants: Variants<GRUVariant> = {
  choices: { resetAfter: optional(is.boolean) },
  cellOf: (_owner, { resetAfter = true }) => gruCell(resetAfter),
};

/**
 * The options with the cell in place of the choices that mean it.
 * @param table what the options may hold beside the choices
 * @throws OptionError for what neither knows
 */
export function withCell<Choice, Options extends Choice & { hiddenSize: number }>(
  owner: string,
  options: Options,
  table: Readonly<Record<string, Check>>,
  variants: Variants<Choice>,
): Options & { cell: Cell } {
  checkOptions(owner, options, { ...table, ...variants.choices });
  const shared = Object.entries(options).filter(([name]) => !(name in variants.choices));
  const cell = variants.cellOf(owner, options);
  return { ...Object.fromEntries(shared), cell } as Options & { cell: Cell };
}
