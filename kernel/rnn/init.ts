import { OptionError, ShapeError } from './errors.js';
import { showShape, type NumberArray } from './ndarray.js';
import { checkOptions, is, optional } from './options.js';
import { randomStream } from './random.js';
import type { Tensor } from './tensor.js';
import { LSTMCell } from './modules/recurrentCell.js';
import { LSTM } from './modules/recurrentLayers.js';

/** Options that initialisers of matrices share. */
export interface InitOptions {
  /** What the result is multiplied by; see `init.gain`. Default 1. */
  gain?: number;
  /**
   * The tensor is so many matrices one above the other, and each is filled on its own: 4 for the weights of an
   * LSTM, 3 for those of a GRU. Default 1: the matrix as a whole, as PyTorch takes it.
   */
  blocks?: number;
}

/** Options of `init.kaimingUniform` and `init.kaimingNormal`. */
export interface KaimingOptions extends InitOptions {
  /** Keep the variance of values going forward (`'fanIn'`) or of adjoints (`'fanOut'`). Default `'fanIn'`. */
  mode?: 'fanIn' | 'fanOut';
  /** What follows. Default `'leakyRelu'`. */
  nonlinearity?: Nonlinearity;
  /** The slope of leakyRelu below 0. Default 0: relu. */
  slope?: number;
}

/** Nonlinearities whose gains initialisers know. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/**
 * Ways to fill a parameter, as PyTorch's `nn.init`: `init.orthogonal(rnn.weight_hh_l0)`. Each overwrites the tensor's
 * numbers, leaves no trace on the tape and returns the tensor. Random numbers follow from `manualSeed`.
 *
 * Fans: of a weight `[outputs, inputs, …]`, fan-in is inputs times, fan-out outputs times the size of what follows.
 */
export const init = {
  /** U(low, high), 0 to 1 by default. */
  uniform: (x: Tensor, low = 0, high = 1): Tensor => fillUniform(x, low, high),

  /** N(mean, std²), standard by default. */
  normal: (x: Tensor, mean = 0, std = 1): Tensor => fillNormal(x, mean, std),

  /** One number everywhere. */
  constant: (x: Tensor, value: number): Tensor => fill(x, () => value),

  /** Zeros. */
  zeros: (x: Tensor): Tensor => fill(x, () => 0),

  /** Ones. */
  ones: (x: Tensor): Tensor => fill(x, () => 1),

  /**
   * Ones on the diagonal of a matrix, gain instead of 1 where given: with relu, the IRNN's recurrent weight.
   * Source: Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear
   * units", 2015.
   */
  eye: (x: Tensor, options: InitOptions = {}): Tensor =>
    fillBlocks('init.eye', x, options, (block, rows, columns, gain) => {
      block.fill(0);
      for (let i = 0; i < Math.min(rows, columns); i++) block[i * columns + i] = gain;
    }),

  /** U(−a, a), a = gain·√(6/(fanIn + fanOut)). X. Glorot, Y. Bengio, AISTATS 2010. */
  xavierUniform: (x: Tensor, options: InitOptions = {}): Tensor =>
    fillXavier('init.xavierUniform', x, options, drawUniform),

  /** N(0, σ²), σ = gain·√(2/(fanIn + fanOut)). X. Glorot, Y. Bengio, AISTATS 2010. */
  xavierNormal: (x: Tensor, options: InitOptions = {}): Tensor =>
    fillXavier('init.xavierNormal', x, options, drawNormal),

  /** U(−a, a), a = gain(nonlinearity)·√(3/fan). K. He et al., ICCV 2015. */
  kaimingUniform: (x: Tensor, options: KaimingOptions = {}): Tensor =>
    fillKaiming('init.kaimingUniform', x, options, drawUniform),

  /** N(0, σ²), σ = gain(nonlinearity)/√fan. K. He et al., ICCV 2015. */
  kaimingNormal: (x: Tensor, options: KaimingOptions = {}): Tensor =>
    fillKaiming('init.kaimingNormal', x, options, drawNormal),

  /**
   * A random (semi-)orthogonal matrix times gain: the shorter of rows and columns are orthonormal.
   * Source: A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
   * linear neural networks", ICLR 2014.
   */
  orthogonal: (x: Tensor, options: InitOptions = {}): Tensor =>
    fillBlocks('init.orthogonal', x, options, fillOrthogonal),

  /**
   * Starts an LSTM with open forget gates: b_f is `value` in each layer and direction (all of it in `bias_ih`, 0 in
   * `bias_hh`). Source: R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network
   * architectures", ICML 2015.
   * @throws OptionError if the LSTM has no bias
   */
  forgetBias: <M extends LSTM | LSTMCell>(lstm: M, value = 1): M => fillForgetBias(lstm, value),

  /** The factor by which weights before a nonlinearity are larger, as PyTorch's `calculate_gain`. */
  gain: (nonlinearity: Nonlinearity, slope = 0.01): number => gains[nonlinearity](slope),
};

const gains: Record<Nonlinearity, (slope: number) => number> = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
};

function fill(x: Tensor, next: () => number): Tensor {
  for (let i = 0; i < x.size; i++) x.data[i] = next();
  return x;
}

function fillUniform(x: Tensor, low: number, high: number): Tensor {
  const stream = randomStream('parameters');
  return fill(x, () => low + (high - low) * stream.uniform());
}

function fillNormal(x: Tensor, mean: number, std: number): Tensor {
  const stream = randomStream('parameters');
  return fill(x, () => mean + std * stream.normal());
}

/** Numbers of mean 0 and the given standard deviation. */
type Draw = (deviation: number) => number;

const drawNormal: Draw = (deviation) => deviation * randomStream('parameters').normal();
const drawUniform: Draw = (deviation) =>
  deviation * Math.sqrt(3) * (2 * randomStream('parameters').uniform() - 1);

const blockOptions = { gain: optional(is.positive), blocks: optional(is.positiveInteger) };

/** Fills each block `[rows, columns]` of a matrix (columns: all axes after the first together). */
function fillBlocks(
  owner: string,
  x: Tensor,
  options: InitOptions,
  fillBlock: (block: NumberArray, rows: number, columns: number, gain: number) => void,
): Tensor {
  checkOptions(owner, options, blockOptions);
  const { gain = 1, blocks = 1 } = options;
  const [outputs = 0] = x.shape;
  if (x.shape.length < 2 || x.size === 0 || outputs % blocks !== 0)
    throw new ShapeError(
      `${owner}: tensor is ${showShape(x.shape)}, expected at least two axes and rows that divide into ${blocks} blocks`,
    );
  const size = x.size / blocks;
  for (let k = 0; k < blocks; k++)
    fillBlock(
      x.data.subarray(k * size, (k + 1) * size),
      outputs / blocks,
      (size * blocks) / outputs,
      gain,
    );
  return x;
}

function fillXavier(owner: string, x: Tensor, options: InitOptions, draw: Draw): Tensor {
  return fillBlocks(owner, x, options, (block, rows, columns, gain) => {
    const { fanIn, fanOut } = fans(x, rows, columns);
    const deviation = gain * Math.sqrt(2 / (fanIn + fanOut));
    for (let i = 0; i < block.length; i++) block[i] = draw(deviation);
  });
}

function fillKaiming(owner: string, x: Tensor, options: KaimingOptions, draw: Draw): Tensor {
  const { mode = 'fanIn', nonlinearity = 'leakyRelu', slope = 0, ...rest } = options;
  checkOptions(
    owner,
    { mode, nonlinearity, slope },
    {
      mode: is.oneOf('fanIn', 'fanOut'),
      nonlinearity: is.oneOf(...Object.keys(gains)),
      slope: is.nonNegative,
    },
  );
  return fillBlocks(owner, x, rest, (block, rows, columns, gain) => {
    const deviation = (gain * gains[nonlinearity](slope)) / Math.sqrt(fans(x, rows, columns)[mode]);
    for (let i = 0; i < block.length; i++) block[i] = draw(deviation);
  });
}

/** Of a block `[rows, columns]` of a weight `[outputs, inputs, …]`. */
const fans = (x: Tensor, rows: number, columns: number) => ({
  fanIn: columns,
  fanOut: (rows * columns) / x.shape[1]!,
});

/** Gram–Schmidt on random normal vectors, done twice for accuracy: rows if there are no more than columns. */
function fillOrthogonal(block: NumberArray, rows: number, columns: number, gain: number): void {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const stream = randomStream('parameters');
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => stream.normal());
    for (let pass = 0; pass < 2; pass++)
      for (const other of basis) {
        const overlap = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i]! -= overlap * other[i]!;
      }
    const norm = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / norm));
  }
  basis.forEach((vector, k) => {
    for (let i = 0; i < length; i++)
      block[rows <= columns ? k * columns + i : i * columns + k] = gain * vector[i]!;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function fillForgetBias<M extends LSTM | LSTMCell>(lstm: M, value: number): M {
  if (!(lstm instanceof LSTM || lstm instanceof LSTMCell))
    throw new OptionError('init.forgetBias: expected an LSTM');
  const biases = [...lstm.namedParameters()].filter(([name]) => name.startsWith('bias_'));
  if (biases.length === 0)
    throw new OptionError('init.forgetBias: expected an LSTM with bias, got one without');
  for (const [name, { data, size }] of biases)
    // Gate order i f g o.
    data.fill(name.startsWith('bias_ih') ? value : 0, size / 4, size / 2);
  return lstm;
}
