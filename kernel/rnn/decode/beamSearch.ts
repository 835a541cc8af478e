import { NonFiniteError, OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { noGrad, Tensor } from '../tensor.js';
import { callModel, type Model } from '../train/model.js';
import { allowedAfter, isAllowed, type Allowed } from './allowed.js';
import { logSoftmaxRow } from './logSpace.js';

/** Options of `beamSearch`. */
export interface BeamSearchOptions<State> {
  /** Maps indices `[T, 1]` (int32) to logits `[T, 1, V]`, with a state. */
  model: Model<State>;
  /** Indices that are read before the first choice; at least one (a start symbol will do). */
  prompt: ArrayLike<number>;
  /** The state that the prompt is read in, an encoder's for instance. */
  state?: State;
  /** Most symbols that are added, the end included. */
  maxLength: number;
  /** W, hypotheses kept at each step. Default 4. */
  beamWidth?: number;
  /** The symbol that ends a hypothesis; without it all have `maxLength`. */
  endIndex?: number;
  /** α of the length penalty; 0: none, larger ones favour longer hypotheses. Default 0. */
  lengthPenalty?: number;
  /** The only indices that may come next: a list, or a function of those chosen so far. */
  allowed?: Allowed;
}

/** A sequence that beam search found. */
export interface Hypothesis {
  /** What was chosen, without the end symbol. */
  readonly indices: Int32Array;
  /** Σ ln p(yₜ | y₁ … yₜ₋₁), the end symbol's included, in nats. */
  readonly logProbability: number;
  /** logProbability / ((5 + n) / 6)^α, n counting the end symbol. */
  readonly score: number;
  /** Whether it came to its end symbol. */
  readonly ended: boolean;
}

/** A hypothesis under way: its last symbol and the one that it goes on from. */
interface Beam<State> {
  readonly parent: Beam<State> | undefined;
  readonly index: number;
  readonly logProbability: number;
  /** The state before the last symbol is read. */
  readonly state: State | undefined;
}

/**
 * The likeliest continuations, found breadth first: at each step the W best hypotheses that have not ended go on.
 * Ended ones are kept when they are among the W best of their step. The search is over when no hypothesis
 * under way can still overtake the W best ended ones, or at `maxLength`.
 *
 * With W no smaller than the number of hypotheses it is exhaustive. Disallowed symbols have probability zero;
 * the others keep theirs. The model is in evaluation mode meanwhile.
 *
 * Source of the length penalty: Y. Wu et al., "Google's neural machine translation system", 2016, eq. 14,
 * https://arxiv.org/abs/1609.08144
 *
 * @returns at most W hypotheses, the best score first
 * @throws OptionError if the prompt is empty, `allowed` gives no index, or forward returns no state; NonFiniteError for NaN
 */
export function beamSearch<State>(options: BeamSearchOptions<State>): Hypothesis[] {
  checkOptions('beamSearch', options, {
    model: is.object,
    prompt: (value) =>
      (value as ArrayLike<number> | null)?.length ? undefined : 'indices, one at least',
    state: () => undefined,
    maxLength: is.positiveInteger,
    beamWidth: optional(is.positiveInteger),
    endIndex: optional(is.nonNegative),
    lengthPenalty: optional(is.nonNegative),
    allowed: optional(isAllowed),
  });
  const { model } = options;
  const wasTraining = model.training;
  if (wasTraining) model.train?.(false);
  try {
    return noGrad(() => search(options));
  } finally {
    if (wasTraining) model.train?.(true);
  }
}

function search<State>(options: BeamSearchOptions<State>): Hypothesis[] {
  const { maxLength, beamWidth = 4, endIndex = -1, lengthPenalty = 0 } = options;
  const penalty = (length: number): number => ((5 + length) / 6) ** lengthPenalty;
  const longest = penalty(maxLength);
  const ended = new Best<Hypothesis>(beamWidth, ({ score }) => score);
  let beams: Beam<State>[] = [
    { parent: undefined, index: -1, logProbability: 0, state: options.state },
  ];
  for (let length = 1; length <= maxLength && beams.length > 0; length++) {
    const candidates = expand(options, beams, length);
    beams = [];
    candidates.forEach((beam, rank) => {
      const isEnd = beam.index === endIndex;
      if (isEnd || length === maxLength) {
        if (rank < beamWidth) ended.add(toHypothesis(beam, isEnd, penalty(length)));
      } else if (beams.length < beamWidth) beams.push(beam);
    });
    // Log probabilities only fall, and no penalty is kinder than that of the full length.
    const attainable = beams.length > 0 ? beams[0]!.logProbability / longest : -Infinity;
    if (ended.isFull && ended.worst >= attainable) break;
  }
  return ended.values;
}

/** The 2W best ways to add one symbol, best first: W of them do not end. */
function expand<State>(
  options: BeamSearchOptions<State>,
  beams: readonly Beam<State>[],
  length: number,
): Beam<State>[] {
  const { beamWidth = 4, allowed } = options;
  const best = new Best<Beam<State>>(2 * beamWidth, (beam) => beam.logProbability);
  for (const beam of beams) {
    const { logProbabilities, state } = advance(options, beam);
    const width = logProbabilities.length;
    const chosen = typeof allowed === 'function' ? indicesOf(beam) : [];
    const only = allowedAfter('beamSearch', allowed, chosen, width);
    for (let k = 0; k < (only?.length ?? width); k++) {
      const index = only ? only[k]! : k;
      const logProbability = beam.logProbability + logProbabilities[index]!;
      if (Number.isNaN(logProbability))
        throw new NonFiniteError(
          `beamSearch: expected logits that are numbers, got NaN at step ${length}`,
        );
      if (logProbability > best.worst) best.add({ parent: beam, index, logProbability, state });
    }
  }
  return best.values;
}

/** Reads the beam's last symbol, or the prompt. */
function advance<State>({ model, prompt }: BeamSearchOptions<State>, beam: Beam<State>) {
  const read = beam.parent ? Int32Array.of(beam.index) : Int32Array.from(prompt);
  const { output, state } = callModel(model, new Tensor(read, [read.length, 1]), beam.state);
  if (state === undefined)
    throw new OptionError('beamSearch: model.forward must return { output, state } to go on from');
  const width = output.shape.at(-1)!;
  const logProbabilities = new Float64Array(width);
  logSoftmaxRow(output.data, output.size - width, width, logProbabilities);
  return { logProbabilities, state };
}

function indicesOf<State>(beam: Beam<State>): number[] {
  const indices: number[] = [];
  for (let at = beam; at.parent; at = at.parent) indices.push(at.index);
  return indices.reverse();
}

function toHypothesis<State>(beam: Beam<State>, ended: boolean, penalty: number): Hypothesis {
  const indices = indicesOf(beam);
  return {
    indices: Int32Array.from(ended ? indices.slice(0, -1) : indices),
    logProbability: beam.logProbability,
    score: beam.logProbability / penalty,
    ended,
  };
}

/** The `size` best values, best first; of equal ones the earlier. */
class Best<T> {
  readonly values: T[] = [];

  constructor(
    private readonly size: number,
    private readonly scoreOf: (value: T) => number,
  ) {}

  get isFull(): boolean {
    return this.values.length === this.size;
  }

  /** What a value has to beat; −∞ while there is room. */
  get worst(): number {
    return this.isFull ? this.scoreOf(this.values.at(-1)!) : -Infinity;
  }

  add(value: T): void {
    const score = this.scoreOf(value);
    let at = this.values.length;
    while (at > 0 && this.scoreOf(this.values[at - 1]!) < score) at--;
    this.values.splice(at, 0, value);
    if (this.values.length > this.size) this.values.pop();
  }
}
