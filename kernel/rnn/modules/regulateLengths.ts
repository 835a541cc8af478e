import { OptionError, ShapeError } from '../errors.js';
import { cat, zeros } from '../factories.js';
import { showShape } from '../ndarray.js';
import { applyOp, Tensor } from '../tensor.js';

/** Symbols that were spread over time steps. */
export interface RegulatedLengths {
  /** `[T, B, H]`, T the longest sequence; zeros behind the end of shorter ones. */
  output: Tensor;
  /** `[T, B, 1]`: how far the time step is within its symbol, (k + ½)/n for the k-th of n; 0 behind the end. */
  place: Tensor;
  /** Time steps of each sequence. */
  lengths: Int32Array;
}

/**
 * From symbols to time steps: repeats the encoding of each symbol as many times as it lasts. With it a decoder needs neither
 * attention nor a stop token: durations say where in the output each symbol is. Gradients go back to `encoded` (the sum
 * over a symbol's time steps), not to `durations`.
 *
 * Source: Y. Ren et al., "FastSpeech: fast, robust and controllable text to speech", NeurIPS 2019,
 * https://arxiv.org/abs/1905.09263, section 3.2 ("length regulator")
 *
 * @param encoded `[S, B, H]`
 * @param durations `[S, B]`, time steps of each symbol; rounded, and 0 where below ½, as for symbols of padding
 * @throws ShapeError if the shapes do not fit or a sequence has no time step, OptionError for durations that are not finite
 */
export function regulateLengths(encoded: Tensor, durations: Tensor): RegulatedLengths {
  const [symbols, batchSize, width] = encoded.shape as [number, number, number];
  if (
    encoded.shape.length !== 3 ||
    durations.shape.length !== 2 ||
    durations.shape[0] !== symbols ||
    durations.shape[1] !== batchSize
  )
    throw new ShapeError(
      `regulateLengths: got ${showShape(encoded.shape)} and ${showShape(durations.shape)}, expected [S, B, H] and [S, B]`,
    );
  const counts = Int32Array.from(durations.data, (duration, i) => {
    if (!Number.isFinite(duration))
      throw new OptionError(
        `regulateLengths: expected finite durations, got ${duration} for symbol ${Math.floor(i / batchSize)} of sequence ${i % batchSize}`,
      );
    return Math.max(0, Math.round(duration));
  });
  const lengths = new Int32Array(batchSize);
  counts.forEach((count, i) => (lengths[i % batchSize]! += count));
  const empty = lengths.indexOf(0);
  if (empty >= 0)
    throw new ShapeError(`regulateLengths: sequence ${empty} has no time step, expected some`);
  const { rows, place, timeSteps } = spread(counts, symbols, batchSize, lengths);
  // The row behind the last symbol is what stands behind a sequence's end.
  const table = cat([
    encoded.reshape([symbols * batchSize, width]),
    zeros([1, width], { dtype: encoded.dtype }),
  ]);
  const indices = new Tensor(rows, [timeSteps, batchSize]);
  return {
    output: applyOp('embedding', [table, indices], {}),
    place: new Tensor(place, [timeSteps, batchSize, 1]).to(encoded.dtype),
    lengths,
  };
}

/** For each time step the row of `[S · B, H]` that it repeats, and how far it is within. */
function spread(counts: Int32Array, symbols: number, batchSize: number, lengths: Int32Array) {
  const timeSteps = Math.max(...lengths);
  const rows = new Int32Array(timeSteps * batchSize).fill(symbols * batchSize);
  const place = new Float64Array(timeSteps * batchSize);
  for (let b = 0; b < batchSize; b++) {
    let t = 0;
    for (let s = 0; s < symbols; s++) {
      const row = s * batchSize + b;
      for (let k = 0; k < counts[row]!; k++, t++) {
        rows[t * batchSize + b] = row;
        place[t * batchSize + b] = (k + 0.5) / counts[row]!;
      }
    }
  }
  return { rows, place, timeSteps };
}
