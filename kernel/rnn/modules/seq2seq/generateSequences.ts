import { allowedAfter, type Allowed } from '../../decode/allowed.js';
import { beamSearch } from '../../decode/beamSearch.js';
import { logSoftmaxRow } from '../../decode/logSpace.js';
import { Sampler, type SamplingOptions } from '../../decode/sampler.js';
import { OptionError } from '../../errors.js';
import { sizeOf } from '../../ndarray.js';
import { Tensor } from '../../tensor.js';
import type { Decoder, DecoderState } from './decoder.js';

/** How `Seq2Seq.generate` says its target. */
export interface GenerateSequencesOptions extends SamplingOptions {
  /** Valid time steps of each source, in any order. Default: all. */
  lengths?: ArrayLike<number> | Tensor;
  /** Most symbols that are said, the end included: a number, or a function of the source's length. Default 100. */
  maxLength?: number | ((sourceLength: number) => number);
  /** W, hypotheses of a beam search; 1: greedy, or sampled where `temperature`, `topK` or `topP` is given. Default 1. */
  beamWidth?: number;
  /** α of the beam search's length penalty. Default 0. */
  lengthPenalty?: number;
  /** The only symbols that may come next: a list, or a function of those said so far. */
  allowed?: Allowed;
}

/** What a `Seq2Seq` says to one source. */
export interface GeneratedSequence {
  /** What was said, without the end symbol. */
  readonly indices: Int32Array;
  /** Σ ln p of the symbols, the end symbol's included, in nats. */
  readonly logProbability: number;
  /** Whether it came to its end symbol. */
  readonly ended: boolean;
  /** Where attention was paid: `[symbols, S]`, a row for each symbol (the end symbol's last), S the source's own length. */
  readonly attention?: Tensor;
}

/** @throws OptionError unless it is a positive integer */
function longest(maxLength: GenerateSequencesOptions['maxLength'], sourceLength: number): number {
  if (typeof maxLength !== 'function') return maxLength ?? 100;
  const most = maxLength(sourceLength);
  if (!Number.isInteger(most) || most < 1)
    throw new OptionError(
      `Seq2Seq.generate: maxLength gives ${most} for a source of ${sourceLength} symbols, expected a positive integer`,
    );
  return most;
}

export interface Symbols {
  readonly startIndex: number;
  readonly endIndex: number | undefined;
}

/** All sources of a batch at once, each until its end symbol: the likeliest symbol, or a sampled one. */
export function sampleSequences(
  decoder: Decoder,
  initial: DecoderState,
  lengths: readonly number[],
  { startIndex, endIndex }: Symbols,
  options: GenerateSequencesOptions,
): GeneratedSequence[] {
  const { maxLength, allowed, topK, topP } = options;
  const isSampled = topK !== undefined || topP !== undefined;
  const temperature = options.temperature ?? (isSampled ? 1 : 0);
  const sampler = new Sampler({ temperature, topK, topP }, 'generate');
  const running = lengths.map((length) => new Running(length, longest(maxLength, length)));
  let state = initial;
  let said = new Int32Array(lengths.length).fill(startIndex);
  while (running.some(({ isDone }) => !isDone)) {
    const result = decoder.forward(new Tensor(said, [1, said.length]), state);
    ({ state } = result);
    const { data, shape } = result.output;
    const width = shape.at(-1)!;
    said = said.slice();
    running.forEach((one, b) => {
      if (one.isDone) return;
      const only = allowedAfter('Seq2Seq.generate', allowed, one.indices, width);
      const next = sampler.choose(data, b * width, width, only);
      said[b] = next;
      one.say(next, endIndex, logProbabilityOf(data, b * width, width, next));
      if (result.attention) one.attend(result.attention, b);
    });
  }
  return running.map((one) => one.finish());
}

function logProbabilityOf(
  logits: ArrayLike<number>,
  from: number,
  width: number,
  chosen: number,
): number {
  const row = new Float64Array(width);
  logSoftmaxRow(logits, from, width, row);
  return row[chosen]!;
}

/** One sequence on its way. */
class Running {
  readonly indices: number[] = [];
  ended = false;
  private logProbability = 0;
  private readonly rows: ArrayLike<number>[] = [];

  constructor(
    private readonly length: number,
    private readonly maxLength: number,
  ) {}

  get isDone(): boolean {
    return this.ended || this.indices.length >= this.maxLength;
  }

  say(index: number, endIndex: number | undefined, logProbability: number): void {
    this.logProbability += logProbability;
    this.ended = index === endIndex;
    if (!this.ended) this.indices.push(index);
  }

  /** @param weights `[1, B, S]` */
  attend({ data, shape }: Tensor, b: number): void {
    const from = b * shape[2]!;
    this.rows.push(data.slice(from, from + this.length));
  }

  finish(): GeneratedSequence {
    const { indices, ended, logProbability, rows, length } = this;
    const result = { indices: Int32Array.from(indices), ended, logProbability };
    if (rows.length === 0) return result;
    const data = new Float32Array(rows.length * length);
    rows.forEach((row, t) => data.set(row, t * length));
    return { ...result, attention: new Tensor(data, [rows.length, length]) };
  }
}

/** The best hypothesis of a beam search for one source, and where attention was paid for it. */
export function searchSequence(
  decoder: Decoder,
  state: DecoderState,
  sourceLength: number,
  { startIndex, endIndex }: Symbols,
  options: GenerateSequencesOptions,
): GeneratedSequence {
  const { beamWidth, lengthPenalty, allowed } = options;
  const [best] = beamSearch<DecoderState>({
    model: decoder,
    prompt: [startIndex],
    state,
    maxLength: longest(options.maxLength, sourceLength),
    ...(beamWidth !== undefined && { beamWidth }),
    ...(lengthPenalty !== undefined && { lengthPenalty }),
    ...(allowed !== undefined && { allowed }),
    ...(endIndex !== undefined && { endIndex }),
  });
  const { indices, logProbability, ended } = best!;
  const said = Int32Array.of(startIndex, ...indices.subarray(0, indices.length - (ended ? 0 : 1)));
  const { attention } = decoder.forward(new Tensor(said, [said.length, 1]), state);
  const result = { indices, logProbability, ended };
  if (!attention) return result;
  const [rows, , width] = attention.shape as [number, number, number];
  return {
    ...result,
    attention: new Tensor(attention.data.slice(0, sizeOf([rows, width])), [rows, width]),
  };
}
