/** Small sequence-to-sequence models of every kind of attention. */
import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  Embedding,
  GRU,
  type Lexicon,
  LSTM,
  LuongAttention,
  randint,
  Seq2Seq,
  Tensor,
  type BridgeKind,
  type Recurrent,
} from '../../../kernel/rnn/index.js';

export type Kind = 'none' | 'dot' | 'general' | 'concat' | 'location' | 'bahdanau' | 'feeding';

export const kinds: readonly Kind[] = [
  'none',
  'dot',
  'general',
  'concat',
  'location',
  'bahdanau',
  'feeding',
];

export interface Wanted {
  kind: Kind;
  dtype?: 'float32' | 'float64';
  bidirectional?: boolean;
  cell?: 'GRU' | 'LSTM';
  numLayers?: number;
  bridge?: BridgeKind;
  noise?: number;
  lexicon?: Lexicon;
}

export const [vocabulary, embeddingDim, hiddenSize] = [7, 3, 4];

/** A small model of a kind. */
export function createModel(wanted: Wanted): Seq2Seq {
  const { kind, dtype = 'float64', bidirectional = false, cell = 'GRU', numLayers = 1 } = wanted;
  const { noise = 0, bridge, lexicon } = wanted;
  const keySize = bidirectional && kind !== 'dot' ? 2 * hiddenSize : hiddenSize;
  const sizes = { querySize: hiddenSize, keySize, dtype };
  const attention =
    kind === 'none'
      ? undefined
      : kind === 'bahdanau'
        ? new BahdanauAttention({ ...sizes, hiddenSize: 5 })
        : new LuongAttention({
            ...sizes,
            method: kind === 'feeding' ? 'general' : kind,
            maxLength: 10,
          });
  const extra = kind === 'bahdanau' ? keySize : kind === 'feeding' ? hiddenSize : 0;
  const create = (inputSize: number, isEncoder: boolean): unknown => {
    const options = {
      ...{ inputSize, hiddenSize, numLayers, dtype },
      bidirectional: isEncoder && keySize > hiddenSize,
      variationalDropout: isEncoder ? 0 : noise,
    };
    return cell === 'GRU' ? new GRU(options) : new LSTM(options);
  };
  const embedding = () => new Embedding({ numEmbeddings: vocabulary, embeddingDim, dtype });
  return new Seq2Seq({
    encoder: { embedding: embedding(), rnn: create(embeddingDim, true) as Recurrent },
    decoder: { embedding: embedding(), rnn: create(embeddingDim + extra, false) as Recurrent },
    ...(attention && { attention }),
    inputFeeding: kind === 'feeding',
    ...(bridge && { bridge }),
    ...(lexicon && { lexicon }),
    startIndex: 1,
    endIndex: 2,
  });
}

export const tokens = (shape: readonly number[]): Tensor => randint(0, vocabulary, shape);

export const worst = (a: Tensor, b: Tensor): number => {
  assert.deepEqual(a.shape, b.shape);
  return Math.max(0, ...[...a.data].map((value, i) => Math.abs(value - b.data[i]!)));
};
