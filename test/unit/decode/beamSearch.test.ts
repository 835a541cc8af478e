import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  beamSearch,
  Embedding,
  Linear,
  LSTM,
  manualSeed,
  Module,
  tensor,
  type BeamSearchOptions,
  type LSTMState,
  type Tensor,
} from '../../../kernel/rnn/index.js';

/** Logits that depend on everything read so far, by a hash: no structure a search could profit from. */
function hashModel(vocabularySize: number, seed: number) {
  const noise = (history: readonly number[], k: number): number => {
    let value = seed + 0.1;
    for (const index of [...history, k]) value = Math.sin(value * 91.7 + index * 3.3) * 7;
    return value;
  };
  return {
    forward(input: Tensor, state?: readonly number[]) {
      let history = state ?? [];
      const rows = Array.from(input.data, (index) => {
        history = [...history, index];
        return [Array.from({ length: vocabularySize }, (_, k) => noise(history, k) / 2)];
      });
      return { output: tensor(rows, { dtype: 'float64' }), state: history };
    },
  };
}

interface Scored {
  indices: number[];
  score: number;
  logProbability: number;
  ended: boolean;
}

/** Every hypothesis there is, each scored on its own by the chain rule. */
function everyHypothesis<State>(options: BeamSearchOptions<State>): Scored[] {
  const { model, prompt, maxLength, endIndex, lengthPenalty = 0, allowed } = options;
  const found: Scored[] = [];
  const visit = (indices: number[], logProbability: number): void => {
    const ended = indices.length > 0 && indices.at(-1) === endIndex;
    if (ended || indices.length === maxLength) {
      const score = logProbability / ((5 + indices.length) / 6) ** lengthPenalty;
      const shown = ended ? indices.slice(0, -1) : indices;
      found.push({ indices: shown, score, logProbability, ended });
      return;
    }
    const read = [...Array.from(prompt), ...indices];
    const { output } = model.forward(
      tensor(
        read.map((index) => [index]),
        { dtype: 'int32' },
      ),
      options.state,
    ) as { output: Tensor };
    const width = output.shape.at(-1)!;
    const last = Array.from(output.data).slice(-width);
    const normaliser = Math.log(last.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const only = typeof allowed === 'function' ? allowed(indices) : allowed;
    last.forEach((logit, index) => {
      if (only && !Array.from(only).includes(index)) return;
      visit([...indices, index], logProbability + logit - normaliser);
    });
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

type HashOptions = Required<
  Pick<
    BeamSearchOptions<readonly number[]>,
    'prompt' | 'endIndex' | 'beamWidth' | 'lengthPenalty' | 'maxLength'
  >
> & { model: ReturnType<typeof hashModel> };

/** Beam search as one would write it down: every expansion sorted at every step, up to the full length. */
function searchToTheEnd(options: HashOptions): number[][] {
  const { model, prompt, endIndex, beamWidth, lengthPenalty, maxLength } = options;
  let beams: { indices: number[]; logProbability: number }[] = [{ indices: [], logProbability: 0 }];
  const finished: { indices: number[]; score: number }[] = [];
  for (let length = 1; length <= maxLength; length++) {
    const expansions = beams.flatMap(({ indices, logProbability }) => {
      const { output } = model.forward(tensor([...Array.from(prompt), ...indices].map((i) => [i])));
      const logits = [...output.data.slice(-3)];
      const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      return logits.map((logit, index) => ({
        indices: [...indices, index],
        logProbability: logProbability + logit - normaliser,
      }));
    });
    expansions.sort((a, b) => b.logProbability - a.logProbability);
    const isEnd = ({ indices }: { indices: number[] }) => indices.at(-1) === endIndex;
    for (const one of expansions.slice(0, beamWidth)) {
      if (!isEnd(one) && length < maxLength) continue;
      const score = one.logProbability / ((5 + length) / 6) ** lengthPenalty;
      finished.push({ indices: isEnd(one) ? one.indices.slice(0, -1) : one.indices, score });
    }
    beams = expansions.filter((one) => !isEnd(one)).slice(0, beamWidth);
  }
  finished.sort((a, b) => b.score - a.score);
  return finished.slice(0, beamWidth).map(({ indices }) => indices);
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

function assertSame<State>(options: BeamSearchOptions<State>, count: number): void {
  const found = beamSearch(options);
  const wanted = everyHypothesis(options).slice(0, count);
  assert.deepEqual(
    found.slice(0, count).map(({ indices, ended }) => ({ indices: [...indices], ended })),
    wanted.map(({ indices, ended }) => ({ indices, ended })),
  );
  wanted.forEach(({ score, logProbability }, i) => {
    near(found[i]!.score, score);
    near(found[i]!.logProbability, logProbability);
  });
}

describe('beamSearch', () => {
  it('finds what exhaustive search finds, in its order, when the beam holds everything', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 0, max: 1000 }),
          vocabularySize: fc.integer({ min: 2, max: 4 }),
          maxLength: fc.integer({ min: 1, max: 4 }),
          lengthPenalty: fc.constantFrom(0, 0.6, 1, 2),
          withEnd: fc.boolean(),
          constrained: fc.boolean(),
        }),
        ({ seed, vocabularySize, maxLength, lengthPenalty, withEnd, constrained }) => {
          const options = {
            model: hashModel(vocabularySize, seed),
            prompt: [0, 1],
            maxLength,
            lengthPenalty,
            ...(withEnd && { endIndex: 0 }),
            ...(constrained && {
              allowed: (chosen: readonly number[]) =>
                chosen.at(-1) === 1 ? [0] : Array.from({ length: vocabularySize }, (_, k) => k),
            }),
            beamWidth: vocabularySize ** maxLength,
          };
          assertSame(options, Infinity);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('is the search of its description for any beam: stopping early changes nothing', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 0, max: 1000 }),
          beamWidth: fc.integer({ min: 1, max: 5 }),
          lengthPenalty: fc.constantFrom(0, 1, 3),
          maxLength: fc.integer({ min: 2, max: 6 }),
        }),
        ({ seed, ...sizes }) => {
          const options = { model: hashModel(3, seed), prompt: [1], endIndex: 2, ...sizes };
          assert.deepEqual(
            beamSearch(options).map(({ indices }) => [...indices]),
            searchToTheEnd(options),
          );
        },
      ),
      { numRuns: 150, seed: 8 },
    );
  });

  it('is greedy with one beam, and better than greedy where greedy is led astray', () => {
    // p(0) = 0.6 leads to an even choice, p(1) = 0.4 to a certain one.
    const model = {
      forward(input: Tensor, state?: number) {
        const last = input.data.at(-1)!;
        const p = state === undefined ? [0.6, 0.4] : last === 0 ? [0.5, 0.5] : [0.01, 0.99];
        return { output: tensor([[p.map(Math.log)]], { dtype: 'float64' }), state: 1 };
      },
    };
    const options = { model, prompt: [0], maxLength: 2 };
    const [greedy] = beamSearch({ ...options, beamWidth: 1 });
    assert.deepEqual([...greedy!.indices], [0, 0]);
    near(greedy!.logProbability, Math.log(0.3));
    const [best] = beamSearch({ ...options, beamWidth: 2 });
    assert.deepEqual([...best!.indices], [1, 1]);
    near(best!.logProbability, Math.log(0.4 * 0.99));
  });

  it('runs a recurrent model with its own state for each hypothesis', () => {
    class Small extends Module {
      embedding = new Embedding({ numEmbeddings: 4, embeddingDim: 3 });
      lstm = new LSTM({ inputSize: 3, hiddenSize: 5 });
      head = new Linear({ inFeatures: 5, outFeatures: 4 });
      override forward(input: Tensor, state?: LSTMState) {
        const result = this.lstm.forward(this.embedding.forward(input), state);
        return { output: this.head.forward(result.output).mul(6), state: result.state };
      }
    }
    manualSeed(4);
    const model = new Small();
    const options = { model, prompt: [2], maxLength: 4, endIndex: 0, beamWidth: 256 };
    assert.equal(beamSearch(options).length, everyHypothesis(options).length);
    assertSame(options, 5);
    assert.equal(model.training, true);
    const state = model.forward(tensor([[3], [1]], { dtype: 'int32' })).state;
    assertSame({ ...options, state }, 5);
  });

  it('a length penalty turns the choice from short to long', () => {
    // Ending at once has probability 0.4; going on to the full length 0.6 · 0.5 · 0.5.
    const model = {
      forward: (input: Tensor, state = 0) => {
        const p = state === 0 ? [0.4, 0.6] : [0.5, 0.5];
        return {
          output: tensor([[p.map(Math.log)]], { dtype: 'float64' }),
          state: state + input.size,
        };
      },
    };
    const best = (lengthPenalty: number) =>
      beamSearch({
        model,
        prompt: [1],
        maxLength: 3,
        endIndex: 0,
        beamWidth: 8,
        lengthPenalty,
      })[0]!;
    assert.deepEqual([...best(0).indices], []);
    assert.deepEqual([...best(4).indices], [1, 1]);
    near(best(4).score, Math.log(0.6 * 0.25) / (8 / 6) ** 4);
  });

  it('refuses what does not fit, each by name', () => {
    const options = { model: hashModel(3, 1), prompt: [0], maxLength: 2 };
    assert.throws(
      () => beamSearch({ ...options, prompt: [] }),
      /prompt must be indices, one at least/,
    );
    assert.throws(
      () => beamSearch({ ...options, beamWidth: 0 }),
      /beamWidth must be a positive integer/,
    );
    assert.throws(
      () => beamSearch({ ...options, allowed: [5] }),
      /allowed gives the index 5, expected 0 to 2/,
    );
    const broken = { forward: () => ({ output: tensor([[[NaN, 0]]]), state: 1 }) };
    assert.throws(() => beamSearch({ ...options, model: broken }), {
      name: 'NonFiniteError',
      message: /got NaN at step 1/,
    });
  });
});
