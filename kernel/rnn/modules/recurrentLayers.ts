import type { Tensor } from '../tensor.js';
import {
  gruVariants,
  lstmVariants,
  rnnVariants,
  withCell,
  type GRUVariant,
  type LSTMVariant,
  type RNNVariant,
} from './cellVariants.js';
import { Recurrent } from './recurrent.js';
import { recurrentLayerOptions, type RecurrentLayerOptions } from './recurrentOptions.js';

/** `{ h }`, the hidden state `[numLayers · directions, B, hiddenSize]`. */
export type RNNState = Readonly<{ h: Tensor }>;
/** `{ h }`, the hidden state `[numLayers · directions, B, hiddenSize]`. */
export type GRUState = Readonly<{ h: Tensor }>;
/**
 * `{ h, c }`: the hidden state `[numLayers · directions, B, hiddenSize]` (projSize numbers where it is projected) and the cell state
 * `[numLayers · directions, B, hiddenSize]`.
 */
export type LSTMState = Readonly<{ h: Tensor; c: Tensor }>;

/**
 * Elman's recurrent network, at each time step with φ = tanh or relu:
 *
 *     h′ = φ(W_ih·x + b_ih + W_hh·h + b_hh)
 *
 * Input `[T, B, inputSize]` → output `[T, B, directions · hiddenSize]` and state `{ h }`,
 * `[numLayers · directions, B, hiddenSize]`. Per layer and direction `weight_ih_l0` `[hiddenSize, inputSize]`, `weight_hh_l0`
 * `[hiddenSize, hiddenSize]`, `bias_ih_l0` and `bias_hh_l0` `[hiddenSize]`, all U(±1/√hiddenSize) at first, as PyTorch's
 * `nn.RNN`. Options, and what is thrown, are `Recurrent`'s.
 *
 * Source: J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990.
 */
export class RNN extends Recurrent<RNNState> {
  constructor(options: RecurrentLayerOptions & RNNVariant) {
    super(withCell('RNN', options, recurrentLayerOptions, rnnVariants));
  }
}

/** Options of `LSTM`. */
export interface LSTMOptions extends RecurrentLayerOptions, LSTMVariant {}

/**
 * Long short-term memory, at each time step:
 *
 *     i = σ(W_ii·x + b_ii + W_hi·h + b_hi)    g = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
 *     f = σ(W_if·x + b_if + W_hf·h + b_hf)    o = σ(W_io·x + b_io + W_ho·h + b_ho)
 *     c′ = f ⊙ c + i ⊙ g                      h′ = o ⊙ tanh(c′)
 *
 * With `projSize` h′ = W_hr·(o ⊙ tanh(c′)); with `peepholes` gates see c (o sees c′) through a vector each.
 *
 * Input `[T, B, inputSize]` → output `[T, B, directions · hiddenSize]` and state `{ h, c }`,
 * `[numLayers · directions, B, hiddenSize]` each; h and the output have projSize numbers where that is given. Per layer
 * and direction `weight_ih_l0` `[4·hiddenSize, inputSize]`, `weight_hh_l0` `[4·hiddenSize, hiddenSize]`, `bias_ih_l0` and
 * `bias_hh_l0` `[4·hiddenSize]`, rows in the order i f g o, all U(±1/√hiddenSize) at first, as PyTorch's `nn.LSTM`. Options,
 * and what is thrown by `forward`, are `Recurrent`'s.
 *
 * @throws OptionError for projSize with peepholes, or not below hiddenSize
 *
 * Sources: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; forget gate:
 * F. Gers, J. Schmidhuber, F. Cummins, Neural Computation 12(10), 2000; projection: H. Sak et al., Interspeech 2014;
 * peepholes: F. Gers, J. Schmidhuber, IJCNN 2000.
 */
export class LSTM extends Recurrent<LSTMState> {
  constructor(options: LSTMOptions) {
    super(withCell('LSTM', options, recurrentLayerOptions, lstmVariants));
  }
}

/**
 * Gated recurrent unit, at each time step:
 *
 *     r = σ(W_ir·x + b_ir + W_hr·h + b_hr)    z = σ(W_iz·x + b_iz + W_hz·h + b_hz)
 *     n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn))      resetAfter: true, as PyTorch
 *     n = tanh(W_in·x + b_in + W_hn·(r ⊙ h) + b_hn)      resetAfter: false, as the paper
 *     h′ = (1 − z) ⊙ n + z ⊙ h
 *
 * Input `[T, B, inputSize]` → output `[T, B, directions · hiddenSize]` and state `{ h }`,
 * `[numLayers · directions, B, hiddenSize]`. Per layer and direction `weight_ih_l0` `[3·hiddenSize, inputSize]`,
 * `weight_hh_l0` `[3·hiddenSize, hiddenSize]`, `bias_ih_l0` and `bias_hh_l0` `[3·hiddenSize]`, rows in the order r z n, all
 * U(±1/√hiddenSize) at first, as PyTorch's `nn.GRU`. Options, and what is thrown, are `Recurrent`'s.
 *
 * Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014.
 */
export class GRU extends Recurrent<GRUState> {
  constructor(options: RecurrentLayerOptions & GRUVariant) {
    super(withCell('GRU', options, recurrentLayerOptions, gruVariants));
  }
}
