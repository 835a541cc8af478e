import { OptionError } from '../errors.js';
import { logSumExp } from '../ops/reduce.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream, type RandomStream } from '../random.js';
import { noGrad, Tensor } from '../tensor.js';
import { callModel, type Model } from './model.js';

export interface Tokenizer {
  encode(text: string): ArrayLike<number>;
  decode(indices: Iterable<number>): string;
}

export interface GenerateOptions<State> {
  /** Maps indices `[T, 1]` (int32) to logits `[T, 1, V]`, with a state. */
  model: Model<State>;
  tokenizer: Tokenizer;
  /** What the continuation starts from; at least one symbol. */
  prompt: string;
  /** Number of symbols to add. */
  length: number;
  /** Divides the logits: below 1 bolder, above 1 more varied, 0 always the likeliest symbol. Default 1. */
  temperature?: number;
}

/**
 * Samples a continuation, symbol after symbol: xₜ₊₁ ~ softmax(logitsₜ / temperature).
 *
 * @returns an iterator over the pieces of text as they are sampled
 * @throws OptionError if the prompt is empty
 */
export function* generateStream<State>(options: GenerateOptions<State>): Generator<string, void> {
  checkOptions('generate', options, {
    model: is.object,
    tokenizer: is.object,
    prompt: (value) =>
      typeof value === 'string' && value ? undefined : 'a text that is not empty',
    length: is.positiveInteger,
    temperature: optional(is.nonNegative),
  });
  const { model, tokenizer, temperature = 1 } = options;
  const stream = randomStream('generate');
  let input: ArrayLike<number> = tokenizer.encode(options.prompt);
  let state: State | undefined;
  for (let i = 0; i < options.length; i++) {
    const result = noGrad(() =>
      callModel(model, new Tensor(Int32Array.from(input), [input.length, 1]), state),
    );
    if (result.state === undefined)
      throw new OptionError('generate: model.forward must return { output, state } to go on from');
    state = result.state;
    const logits = result.output;
    const width = logits.shape.at(-1)!;
    const next = sample(logits.data, logits.size - width, logits.size, temperature, stream);
    input = [next];
    yield tokenizer.decode(input as number[]);
  }
}

/** The whole continuation of `generateStream` as one text. */
export function generate<State>(options: GenerateOptions<State>): string {
  return [...generateStream(options)].join('');
}

/** An index drawn from softmax(logits[from, to) / temperature), relative to `from`. */
function sample(
  logits: ArrayLike<number>,
  from: number,
  to: number,
  temperature: number,
  stream: RandomStream,
): number {
  if (temperature === 0) {
    let best = from;
    for (let i = from; i < to; i++) if (logits[i]! > logits[best]!) best = i;
    return best - from;
  }
  const scaled = Array.from({ length: to - from }, (_, i) => logits[from + i]! / temperature);
  const normaliser = logSumExp(scaled, 0, scaled.length);
  let rest = stream.uniform();
  for (let i = 0; i < scaled.length; i++) {
    rest -= Math.exp(scaled[i]! - normaliser);
    if (rest < 0) return i;
  }
  return scaled.length - 1;
}
