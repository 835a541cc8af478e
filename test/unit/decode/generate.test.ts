import assert from 'node:assert/strict';
import {
  generate,
  generateStream,
  manualSeed,
  Module,
  tensor,
  type Allowed,
  type SamplingOptions,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { Sampler } from '../../../kernel/rnn/decode/sampler.js';

/** A model whose logits are always these. */
const constant = (logits: number[]) => ({
  forward: (input: Tensor, state?: number) => ({
    output: tensor(Array.from({ length: input.shape[0]! }, () => [logits])),
    state: (state ?? 0) + 1,
  }),
});
const letters = {
  encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) - 97),
  decode: (indices: Iterable<number>) =>
    Array.from(indices, (index) => String.fromCharCode(97 + index)).join(''),
};

function frequencies(logits: number[], options: SamplingOptions, allowed?: number[]): number[] {
  manualSeed(3);
  const sampler = new Sampler(options, 'test');
  const draws = 20_000;
  const counts = logits.map(() => 0);
  for (let i = 0; i < draws; i++) counts[sampler.choose(logits, 0, logits.length, allowed)]!++;
  return counts.map((count) => count / draws);
}

/** What is left of softmax(logits / temperature) after top-k and top-p, computed by sorting. */
function expected(logits: number[], { temperature = 1, topK, topP = 1 }: SamplingOptions) {
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  let order = logits.map((_, i) => i).sort((a, b) => logits[b]! - logits[a]! || a - b);
  order = order.slice(0, topK ?? order.length);
  const sumOf = (indices: number[]) => indices.reduce((sum, i) => sum + weights[i]!, 0);
  const total = sumOf(order);
  let count = 1;
  while (count < order.length && sumOf(order.slice(0, count)) < topP * total - 1e-12) count++;
  const kept = order.slice(0, count);
  return logits.map((_, i) => (kept.includes(i) ? weights[i]! / sumOf(kept) : 0));
}

function assertNear(actual: number[], wanted: number[], tolerance = 0.015): void {
  wanted.forEach((value, i) => {
    const isRight = value === 0 ? actual[i] === 0 : Math.abs(actual[i]! - value) < tolerance;
    assert.ok(isRight, `index ${i}: ${actual[i]}, expected ${value}`);
  });
}

describe('sampling', () => {
  const logits = [0.3, -1, 2, 1.1, -0.2, 1.9, 0];

  const cases: Record<string, SamplingOptions> = {
    'softmax of the logits': {},
    'a low temperature': { temperature: 0.4 },
    'a high temperature': { temperature: 3 },
    'top-k': { topK: 3 },
    'top-k of one': { topK: 1 },
    'top-k of more than there are': { topK: 99 },
    'top-p': { topP: 0.7 },
    'a tiny top-p, which keeps the likeliest': { topP: 1e-9 },
    'top-k, then top-p of what is left': { topK: 4, topP: 0.75 },
    'temperature, then top-p': { temperature: 2, topP: 0.5 },
  };
  for (const [name, options] of Object.entries(cases))
    it(`draws with the frequencies of ${name}`, () => {
      assertNear(frequencies(logits, options), expected(logits, options));
    });

  it('tells equal logits apart by their index in top-k', () => {
    assertNear(frequencies([1, 1, 1, 1], { topK: 2 }), [0.5, 0.5, 0, 0]);
  });

  it('takes the likeliest at temperature 0, the first of equal ones', () => {
    assertNear(frequencies([0, 2, 2, 1], { temperature: 0 }), [0, 1, 0, 0]);
  });

  it('keeps proportions among the indices allowed', () => {
    const some = [4, 2, 0];
    const only = logits.map((logit, i) => (some.includes(i) ? logit : -Infinity));
    for (const options of [{}, { topK: 2 }, { topP: 0.6 }, { temperature: 0 }])
      assertNear(
        frequencies(logits, options, some),
        options.temperature === 0 ? [0, 0, 1, 0, 0, 0, 0] : expected(only, options),
      );
  });

  it('never draws what has logit −∞, and survives logits that overflow exp', () => {
    assertNear(frequencies([-Infinity, 800, 800], {}), [0, 0.5, 0.5]);
  });

  it('names the logit that is NaN or infinite', () => {
    for (const options of [{}, { temperature: 0 }, { topK: 2 }]) {
      const sampler = new Sampler(options, 'test');
      assert.throws(() => sampler.choose([1, NaN, 2], 0, 3), {
        name: 'NonFiniteError',
        message: 'sampling: expected logits below ∞, got NaN at index 1',
      });
      assert.throws(() => sampler.choose([1, 2, Infinity], 0, 3), /got Infinity at index 2/);
      assert.throws(() => sampler.choose([1, NaN, 2], 0, 3, [0, 1]), /got NaN at index 1/);
    }
    assert.throws(
      () => new Sampler({}, 'test').choose([-Infinity, -Infinity], 0, 2),
      /expected at least one logit above −∞/,
    );
  });
});

describe('generate', () => {
  it('repeats itself under one seed, and draws other text under another', () => {
    const write = (seed: number) => {
      manualSeed(seed);
      return generate({
        model: constant([0, 0, 0, 0]),
        tokenizer: letters,
        prompt: 'a',
        length: 40,
      });
    };
    assert.equal(write(1), write(1));
    assert.notEqual(write(1), write(2));
  });

  it('feeds each symbol back in, the prompt first, with the state carried on', () => {
    const seen: unknown[] = [];
    const next = {
      forward(input: Tensor, state?: number) {
        seen.push([[...input.data], input.shape, state]);
        const logits = [0, 0, 0, 0];
        logits[(input.data.at(-1)! + 1) % 4] = 9;
        return {
          output: tensor(
            Array.from(input.data, (_, t) => [t === input.size - 1 ? logits : [9, 9, 9, 9]]),
          ),
          state: (state ?? 10) + 1,
        };
      },
    };
    const text = generate({
      model: next,
      tokenizer: letters,
      prompt: 'ab',
      length: 3,
      temperature: 0,
    });
    assert.equal(text, 'cda');
    assert.deepEqual(seen, [
      [[0, 1], [2, 1], undefined],
      [[2], [1, 1], 11],
      [[3], [1, 1], 12],
    ]);
  });

  it('narrows the choice by a list, or by what was chosen so far', () => {
    const write = (allowed: Allowed) =>
      generate({
        model: constant([3, 2, 1, 0]),
        tokenizer: letters,
        prompt: 'a',
        length: 6,
        temperature: 0,
        allowed,
      });
    assert.equal(write([1, 3]), 'bbbbbb');
    const noRepeats = (chosen: readonly number[]) =>
      [0, 1, 2, 3].filter((index) => index !== chosen.at(-1));
    assert.equal(write(noRepeats), 'ababab');
    assert.equal(
      write((chosen) => (chosen.length === 2 ? [3] : undefined)),
      'aadaaa',
    );
    assert.throws(() => write([]), /generate: allowed gives no index after 0 steps/);
    const set = (() => new Set([1])) as unknown as Allowed;
    assert.throws(() => write(set), /allowed must give an array of indices, or undefined for any/);
    assert.throws(() => write([7]), /generate: allowed gives the index 7, expected 0 to 3/);
  });

  it('ends before the end symbol', () => {
    const allowed = (chosen: readonly number[]) => [chosen.length];
    const options = { model: constant([0, 0, 0, 0]), tokenizer: letters, prompt: 'a', allowed };
    assert.equal(generate({ ...options, length: 4 }), 'abcd');
    assert.equal(generate({ ...options, length: 4, endIndex: 2 }), 'ab');
  });

  it('decodes through a stream decoder where the tokenizer has one', () => {
    const pairs = {
      ...letters,
      createDecoder() {
        let waiting = '';
        return {
          push(index: number) {
            waiting += letters.decode([index]);
            return waiting.length < 2 ? '' : ([waiting, (waiting = '')] as const)[0];
          },
          end: () => waiting,
        };
      },
    };
    const options = { model: constant([9, 0]), tokenizer: pairs, prompt: 'a', length: 5 };
    assert.deepEqual(
      [...generateStream({ ...options, temperature: 0 })],
      ['', 'aa', '', 'aa', '', 'a'],
    );
  });

  it('runs the model in evaluation mode, and puts it back however it ends', () => {
    class Watched extends Module {
      modes: boolean[] = [];
      override forward(input: Tensor, state = 0) {
        this.modes.push(this.training);
        return { ...constant([1, 0]).forward(input, state), output: tensor([[[1, 0]]]) };
      }
    }
    const model = new Watched();
    const options = { model, tokenizer: letters, prompt: 'a', length: 3 };
    generate(options);
    for (const piece of generateStream(options)) if (piece) break;
    assert.deepEqual([...new Set(model.modes)], [false]);
    assert.equal(model.training, true);
  });

  it('refuses options that do not fit', () => {
    const options = { model: constant([0, 0]), tokenizer: letters, prompt: 'a', length: 3 };
    assert.throws(
      () => generate({ ...options, topK: 0 }),
      /generate: topK must be a positive integer, got 0/,
    );
    assert.throws(
      () => generate({ ...options, topP: 1.5 }),
      /generate: topP must be a number above 0, up to 1, got 1.5/,
    );
    assert.throws(
      () => generate({ ...options, prompt: '' }),
      /prompt must be a text that is not empty/,
    );
    const mute = { ...letters, encode: () => [] };
    assert.throws(
      () => generate({ ...options, tokenizer: mute }),
      /the prompt encodes to no symbol, expected at least one/,
    );
    const stateless = { forward: () => tensor([[[0, 0]]]) };
    assert.throws(
      () => generate({ ...options, model: stateless }),
      /model.forward must return \{ output, state \}/,
    );
  });
});
