import type { Cell } from '../cell/defineCell.js';
import { is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { floatType, type FloatType } from './linear.js';
import {
  isVariationalDropout,
  isZoneout,
  type VariationalDropoutRates,
  type VariationalMasks,
} from './variationalDropout.js';

/** Options that all recurrent layers share. */
export interface RecurrentLayerOptions {
  /** Number of features of the input at each time step. */
  inputSize: number;
  /** Number of features of the hidden state. */
  hiddenSize: number;
  /** Layers stacked, each reading the output of the one below. Default 1. */
  numLayers?: number;
  /** Whether cells have bias vectors. Default true. */
  bias?: boolean;
  /** Input and output are `[B, T, F]` instead of `[T, B, F]`. Default false. */
  batchFirst?: boolean;
  /** Whether each layer also reads the sequence from its end, with weights of its own. Default false. */
  bidirectional?: boolean;
  /** Probability that a number between two layers is dropped in training; never after the last. Default 0. */
  dropout?: number;
  /**
   * Dropout in training whose mask is the same at all time steps of a sequence: one probability for all places, or
   * some by place. Default 0.
   *
   * Source: Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
   * NeurIPS 2016.
   */
  variationalDropout?: number | VariationalDropoutRates;
  /**
   * Probability that a unit keeps its value from the time step before, in training; one for all states or some by
   * state (`{ c: 0.5, h: 0.05 }`). In evaluation s′ = p·s + (1 − p)·s̃, the expectation. Default 0.
   *
   * Source: D. Krueger et al., "Zoneout: regularizing RNNs by randomly preserving hidden activations", ICLR 2017.
   */
  zoneout?: number | Readonly<Record<string, number>>;
  /**
   * Whether the states before the first time step are parameters `initial_h_l0`, … `[size]`, zero at first, where
   * `forward` is given none. Default false.
   */
  learnInitialState?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/** Options of `Recurrent`: a layer's and the cell it runs. */
export interface RecurrentOptions extends RecurrentLayerOptions {
  /** What each time step computes: `lstmCell`, `defineCell(…)`, … */
  cell: Cell;
}

/** What `forward` of a recurrent layer is told beside input and state. */
export interface RecurrentForwardOptions {
  /**
   * How many time steps of each sequence are valid, 1 to T, in any order; the rest is padding. Output there is zero,
   * and the state is the one after the last valid time step.
   */
  lengths?: ArrayLike<number> | Tensor;
  /** Whether to go from the last valid time step to the first; `Bidirectional` does. Default false. */
  reverse?: boolean;
  /**
   * Masks of variational dropout that several calls share: what `drawMasks` made. Drawn for each call where left out.
   */
  masks?: VariationalMasks;
}

/** For `checkOptions`, beside the cell. */
export const recurrentLayerOptions = {
  inputSize: is.positiveInteger,
  hiddenSize: is.positiveInteger,
  numLayers: optional(is.positiveInteger),
  bias: optional(is.boolean),
  batchFirst: optional(is.boolean),
  bidirectional: optional(is.boolean),
  dropout: optional(is.probability),
  variationalDropout: isVariationalDropout,
  zoneout: isZoneout,
  learnInitialState: optional(is.boolean),
  dtype: floatType,
};

/** By state name, `[numLayers · directions, B, size]` each. */
export type RecurrentState = Readonly<Record<string, Tensor>>;
