import { allowedAfter, isAllowed, type Allowed } from '../decode/allowed.js';
import { Sampler, samplingOptions, type SamplingOptions } from '../decode/sampler.js';
import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { noGrad, Tensor } from '../tensor.js';
import { callModel, type Model, type ModelResult } from './model.js';

/** Turns indices into text as they come. */
export interface StreamDecoder {
  /** The text that this index completes; may be empty. */
  push(index: number): string;
  /** What is left over at the end. */
  end(): string;
}

/** What `generate` needs of a tokenizer: text ↔ indices. */
export interface Tokenizer {
  encode(text: string): ArrayLike<number>;
  decode(indices: Iterable<number>): string;
  /** Where the text of an index depends on those around it; else each is decoded alone. */
  createDecoder?(): StreamDecoder;
}

/** Options of `generate`. */
export interface GenerateOptions<State> extends SamplingOptions {
  /** Maps indices `[T, 1]` (int32) to logits `[T, 1, V]`, with a state. */
  model: Model<State>;
  /** Turns the prompt into indices, and indices into text. */
  tokenizer: Tokenizer;
  /** What the continuation starts from; at least one symbol. */
  prompt: string;
  /** Number of symbols to add; fewer where `endIndex` comes first. */
  length: number;
  /** The symbol that ends the text; it is not part of it. */
  endIndex?: number;
  /** The only indices that may come next: a list, or a function of those chosen so far. */
  allowed?: Allowed;
}

/**
 * Samples a continuation, symbol after symbol: xₜ₊₁ ~ softmax(logitsₜ / temperature), where `topK`, `topP` and
 * `allowed` may narrow the choice. The model is in evaluation mode until the iterator ends.
 *
 * @returns an iterator over the pieces of text as they are sampled
 * @throws OptionError if the prompt is empty, encodes to no symbol, or `allowed` gives no index, NonFiniteError for logits that are NaN or +∞
 */
export function* generateStream<State>(options: GenerateOptions<State>): Generator<string, void> {
  checkOptions('generate', options, {
    model: is.object,
    tokenizer: is.object,
    prompt: (value) =>
      typeof value === 'string' && value ? undefined : 'a text that is not empty',
    length: is.positiveInteger,
    endIndex: optional(is.nonNegative),
    allowed: optional(isAllowed),
    ...samplingOptions,
  });
  const { model, tokenizer } = options;
  const decoder = tokenizer.createDecoder?.() ?? {
    push: (index: number) => tokenizer.decode([index]),
    end: () => '',
  };
  const wasTraining = model.training;
  if (wasTraining) model.train?.(false);
  try {
    for (const index of sampleIndices(options)) yield decoder.push(index);
    const rest = decoder.end();
    if (rest) yield rest;
  } finally {
    if (wasTraining) model.train?.(true);
  }
}

function* sampleIndices<State>(options: GenerateOptions<State>): Generator<number, void> {
  const { model, length, endIndex, allowed } = options;
  const { temperature, topK, topP } = options;
  const sampler = new Sampler({ temperature, topK, topP }, 'generate');
  const chosen: number[] = [];
  let input: Int32Array = Int32Array.from(options.tokenizer.encode(options.prompt));
  if (input.length === 0)
    throw new OptionError('generate: the prompt encodes to no symbol, expected at least one');
  let state: State | undefined;
  const forward = (): ModelResult<State> =>
    callModel(model, new Tensor(input, [input.length, 1]), state);
  for (let i = 0; i < length; i++) {
    const result = noGrad(forward);
    if (result.state === undefined)
      throw new OptionError('generate: model.forward must return { output, state } to go on from');
    state = result.state;
    const { data, shape } = result.output;
    const width = shape[shape.length - 1]!;
    const choice =
      allowed === undefined ? undefined : allowedAfter('generate', allowed, chosen, width);
    const next = sampler.choose(data, data.length - width, width, choice);
    if (next === endIndex) return;
    if (allowed !== undefined) chosen.push(next);
    input = Int32Array.of(next);
    yield next;
  }
}

/**
 * The whole continuation of `generateStream` as one text; options and errors are the same.
 */
export function generate<State>(options: GenerateOptions<State>): string {
  let text = '';
  for (const piece of generateStream(options)) text += piece;
  return text;
}
