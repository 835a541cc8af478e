import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** A layer whose output has the shape of its input. */
export type ResidualLayer = Module & {
  // Each layer has arguments of its own after the input.
  forward(input: Tensor, ...rest: never[]): Tensor | { output: Tensor };
};

/**
 * y = x + f(x), f any layer that keeps the shape: `[…, F]` → `[…, F]`. A recurrent layer's state and options pass
 * through. At padding y is x, since f gives zero there.
 *
 * Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016; between recurrent layers: Y. Wu et al.,
 * "Google's neural machine translation system", 2016, section 3.1.
 *
 * @example
 * new RecurrentStack([
 *   new LSTM({ inputSize: 8, hiddenSize: 16 }),
 *   new Residual(new LSTM({ inputSize: 16, hiddenSize: 16 })),
 * ]);
 */
export class Residual<Layer extends ResidualLayer = ResidualLayer> extends Module {
  /** The layer's own, where it tells. */
  readonly outputSize: Layer extends { outputSize: number } ? number : undefined;
  readonly batchFirst: boolean;

  /** @throws OptionError for a recurrent layer whose output has another size than its input */
  constructor(readonly layer: Layer) {
    super();
    if (!(layer instanceof Module))
      throw new OptionError(`Residual: expected a module, got ${typeof layer}`);
    const { inputSize, outputSize, batchFirst } = layer as {
      inputSize?: number;
      outputSize?: number;
      batchFirst?: boolean;
    };
    if (inputSize !== undefined && inputSize !== outputSize)
      throw new OptionError(
        `Residual: ${layer.constructor.name} gives ${outputSize ?? 'no'} features of ${inputSize}, expected as many`,
      );
    this.outputSize = outputSize as typeof this.outputSize;
    this.batchFirst = batchFirst ?? false;
  }

  /** @throws ShapeError if the layer changes the shape */
  override forward(input: Tensor, ...rest: Rest<Layer>): ReturnType<Layer['forward']> {
    const result = this.layer.forward(input, ...(rest as never[]));
    const output = result instanceof Tensor ? result : result.output;
    if (!sameShape(output.shape, input.shape))
      throw new ShapeError(
        `Residual.forward: ${this.layer.constructor.name} gave ${showShape(output.shape)}, expected the input's ${showShape(input.shape)}`,
      );
    const sum = input.add(output);
    return (result instanceof Tensor ? sum : { ...result, output: sum }) as ReturnType<
      Layer['forward']
    >;
  }
}

/** What a layer takes after its input. */
type Rest<Layer extends ResidualLayer> =
  Parameters<Layer['forward']> extends [Tensor, ...infer R] ? R : never[];
