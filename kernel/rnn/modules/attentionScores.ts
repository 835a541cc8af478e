import { ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { Linear, type FloatType } from './linear.js';
import { Module } from './module.js';

/** How well queries `[B, T, Q]` fit keys `[B, S, K]`. */
export abstract class AttentionScore extends Module {
  /** What can be computed of the keys alone, once for all queries. */
  abstract prepare(keys: Tensor): Tensor;
  /** Scores `[B, T, S]` of queries against prepared keys. */
  abstract override forward(queries: Tensor, prepared: Tensor): Tensor;
}

/** q·k, for queries and keys of one size. */
export class DotScore extends AttentionScore {
  override prepare(keys: Tensor): Tensor {
    return keys;
  }

  override forward(queries: Tensor, prepared: Tensor): Tensor {
    return queries.matmul(prepared.transpose());
  }
}

/** q·(W·k) */
export class GeneralScore extends AttentionScore {
  readonly key: Linear;

  constructor(querySize: number, keySize: number, dtype: FloatType) {
    super();
    this.key = new Linear({ inFeatures: keySize, outFeatures: querySize, bias: false, dtype });
  }

  override prepare(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  override forward(queries: Tensor, prepared: Tensor): Tensor {
    return queries.matmul(prepared.transpose());
  }
}

/** vᵀ tanh(W·q + U·k), which is vᵀ tanh(W′·[q; k]) with the columns of W′ named apart. */
export class AdditiveScore extends AttentionScore {
  readonly query: Linear;
  readonly key: Linear;
  readonly energy: Linear;

  constructor(querySize: number, keySize: number, hiddenSize: number, dtype: FloatType) {
    super();
    const linear = (inFeatures: number, outFeatures: number): Linear =>
      new Linear({ inFeatures, outFeatures, bias: false, dtype });
    this.query = linear(querySize, hiddenSize);
    this.key = linear(keySize, hiddenSize);
    this.energy = linear(hiddenSize, 1);
  }

  override prepare(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  override forward(queries: Tensor, prepared: Tensor): Tensor {
    const [batchSize, steps, hiddenSize] = prepared.shape as [number, number, number];
    const queryCount = queries.shape[1]!;
    const projected = this.query.forward(queries).reshape([batchSize, queryCount, 1, hiddenSize]);
    const hidden = projected.add(prepared.reshape([batchSize, 1, steps, hiddenSize])).tanh();
    return this.energy.forward(hidden).reshape([batchSize, queryCount, steps]);
  }
}

/** W·q, a score for each position up to maxLength that does not look at the keys. */
export class LocationScore extends AttentionScore {
  readonly position: Linear;

  constructor(querySize: number, maxLength: number, dtype: FloatType) {
    super();
    this.position = new Linear({
      inFeatures: querySize,
      outFeatures: maxLength,
      bias: false,
      dtype,
    });
  }

  override prepare(keys: Tensor): Tensor {
    const maxLength = this.position.weight.shape[0]!;
    if (keys.shape[1]! > maxLength)
      throw new ShapeError(
        `LuongAttention: got ${keys.shape[1]!} keys, expected at most maxLength = ${maxLength}`,
      );
    return keys;
  }

  override forward(queries: Tensor, prepared: Tensor): Tensor {
    return this.position.forward(queries).slice(2, 0, prepared.shape[1]!);
  }
}
