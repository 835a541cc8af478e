import { layerNormLstmCell, minGruCell } from '../../rnn/cell/builtinCells.js';
import { OptionError } from '../../rnn/errors.js';
import { zeros } from '../../rnn/factories.js';
import { logSoftmax, relu, sigmoid, softmax, tanh } from '../../rnn/expression.js';
import {
  BahdanauAttention,
  LuongAttention,
  type BahdanauAttentionOptions,
  type LuongAttentionOptions,
} from '../../rnn/modules/attention.js';
import { Bidirectional, type BidirectionalOptions } from '../../rnn/modules/bidirectional.js';
import { Conv1d, type Conv1dOptions } from '../../rnn/modules/conv1d.js';
import { Dropout, type DropoutOptions } from '../../rnn/modules/dropout.js';
import { Embedding, type EmbeddingOptions } from '../../rnn/modules/embedding.js';
import { LayerNorm, type LayerNormOptions } from '../../rnn/modules/layerNorm.js';
import { Linear, type LinearOptions } from '../../rnn/modules/linear.js';
import type { Module } from '../../rnn/modules/module.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import type { RecurrentLayerOptions } from '../../rnn/modules/recurrentOptions.js';
import { GRU, LSTM, RNN } from '../../rnn/modules/recurrentLayers.js';
import { GRUCell, LSTMCell, RNNCell } from '../../rnn/modules/recurrentCell.js';
import { RecurrentStack, type RecurrentStackOptions } from '../../rnn/modules/recurrentStack.js';
import { Residual, type ResidualLayer } from '../../rnn/modules/residual.js';
import type { DecoderOptions } from '../../rnn/modules/seq2seq/decoder.js';
import { Lexicon } from '../../rnn/modules/seq2seq/lexicon.js';
import { Seq2Seq, type Seq2SeqOptions } from '../../rnn/modules/seq2seq/seq2seq.js';
import type { SequenceLayer } from '../../rnn/modules/sequenceLayer.js';
import { Sequential, type Stage } from '../../rnn/modules/sequential.js';
import type { Tensor } from '../../rnn/tensor.js';

/** Functions of a tensor that may stand between layers. */
const functions = { logSoftmax, relu, sigmoid, softmax, tanh } as const;

/** A layer's description: the name of its class and its options. */
type ConfigOf<K extends Kind> = { kind: K } & LayerOptions[K];

/** Layers over a sequence, for what is made of such layers. */
type SequenceKind =
  | 'RNN'
  | 'LSTM'
  | 'GRU'
  | 'LayerNormLSTM'
  | 'MinGRU'
  | 'Bidirectional'
  | 'RecurrentStack'
  | 'Residual';
type SequenceConfig = { [K in SequenceKind]: ConfigOf<K> }[SequenceKind];
type RecurrentConfig = { [K in 'RNN' | 'LSTM' | 'GRU' | 'LayerNormLSTM' | 'MinGRU']: ConfigOf<K> }[
  'RNN' | 'LSTM' | 'GRU' | 'LayerNormLSTM' | 'MinGRU'];
type AttentionConfig = ConfigOf<'BahdanauAttention'> | ConfigOf<'LuongAttention'>;

/** What each kind of layer is made of: the options of its class, with descriptions where it takes layers. */
interface LayerOptions {
  Linear: LinearOptions;
  Embedding: EmbeddingOptions;
  Dropout: DropoutOptions;
  LayerNorm: LayerNormOptions;
  Conv1d: Conv1dOptions;
  RNN: ConstructorParameters<typeof RNN>[0];
  LSTM: ConstructorParameters<typeof LSTM>[0];
  GRU: ConstructorParameters<typeof GRU>[0];
  LayerNormLSTM: RecurrentLayerOptions;
  MinGRU: RecurrentLayerOptions;
  RNNCell: ConstructorParameters<typeof RNNCell>[0];
  LSTMCell: ConstructorParameters<typeof LSTMCell>[0];
  GRUCell: ConstructorParameters<typeof GRUCell>[0];
  Bidirectional: {
    forwardLayer: SequenceConfig;
    reverseLayer: SequenceConfig;
    merge?: NonNullable<BidirectionalOptions['merge']>;
  };
  Residual: { layer: StageConfig };
  RecurrentStack: { layers: readonly SequenceConfig[] } & RecurrentStackOptions;
  BahdanauAttention: BahdanauAttentionOptions;
  LuongAttention: LuongAttentionOptions;
  Seq2Seq: Omit<
    Seq2SeqOptions,
    'encoder' | 'decoder' | 'attention' | 'lexicon' | 'teacherForcing' | 'sampling'
  > & {
    encoder: { embedding?: ConfigOf<'Embedding'>; rnn: SequenceConfig };
    decoder: Omit<DecoderOptions, 'embedding' | 'rnn'> & {
      embedding: ConfigOf<'Embedding'>;
      rnn: RecurrentConfig;
    };
    attention?: AttentionConfig;
    /** Its probabilities come with the weights; 0 until then. */
    lexicon?: { sources: number; targets: number; smoothing?: number };
  };
  Sequential: { stages: readonly StageConfig[] };
}

/** What each kind becomes. */
interface Built {
  Linear: Linear;
  Embedding: Embedding;
  Dropout: Dropout;
  LayerNorm: LayerNorm;
  Conv1d: Conv1d;
  RNN: RNN;
  LSTM: LSTM;
  GRU: GRU;
  LayerNormLSTM: Recurrent;
  MinGRU: Recurrent;
  RNNCell: RNNCell;
  LSTMCell: LSTMCell;
  GRUCell: GRUCell;
  Bidirectional: Bidirectional;
  Residual: Residual<Exclude<Stage, (input: never) => unknown> & { readonly outputSize: number }>;
  RecurrentStack: RecurrentStack;
  BahdanauAttention: BahdanauAttention;
  LuongAttention: LuongAttention;
  Seq2Seq: Seq2Seq;
  Sequential: Sequential;
}

type Kind = keyof LayerOptions;

/** A model as plain data: the name of a layer's class, and its options. */
export type ModelConfig = { [K in Kind]: ConfigOf<K> }[Kind];

/** What takes more than one input, and so has no place in a `Sequential`. */
type SeveralInputs = 'BahdanauAttention' | 'LuongAttention' | 'Seq2Seq';

/** A layer, or the name of a function such as `'relu'`. */
export type StageConfig =
  | { [K in Exclude<Kind, SeveralInputs>]: ConfigOf<K> }[Exclude<Kind, SeveralInputs>]
  | keyof typeof functions;

const builders: { readonly [K in Kind]: (options: LayerOptions[K]) => Module } = {
  Linear: (options) => new Linear(options),
  Embedding: (options) => new Embedding(options),
  Dropout: (options) => new Dropout(options),
  LayerNorm: (options) => new LayerNorm(options),
  Conv1d: (options) => new Conv1d(options),
  RNN: (options) => new RNN(options),
  LSTM: (options) => new LSTM(options),
  GRU: (options) => new GRU(options),
  LayerNormLSTM: (options) => new Recurrent({ ...options, cell: layerNormLstmCell }),
  MinGRU: (options) => new Recurrent({ ...options, cell: minGruCell }),
  RNNCell: (options) => new RNNCell(options),
  LSTMCell: (options) => new LSTMCell(options),
  GRUCell: (options) => new GRUCell(options),
  Bidirectional: ({ forwardLayer, reverseLayer, ...rest }) =>
    new Bidirectional({
      ...rest,
      forwardLayer: build('Bidirectional: forwardLayer', forwardLayer) as SequenceLayer,
      reverseLayer: build('Bidirectional: reverseLayer', reverseLayer) as SequenceLayer,
    }),
  Residual: ({ layer }) => new Residual(build('Residual: layer', layer) as ResidualLayer),
  RecurrentStack: ({ layers, ...rest }) =>
    new RecurrentStack(
      listOf('RecurrentStack: layers', layers).map(
        (layer, k) => build(`RecurrentStack: layers[${k}]`, layer) as SequenceLayer,
      ),
      rest,
    ),
  BahdanauAttention: (options) => new BahdanauAttention(options),
  LuongAttention: (options) => new LuongAttention(options),
  Seq2Seq: ({ encoder, decoder, attention, lexicon, ...rest }) =>
    new Seq2Seq({
      ...rest,
      encoder: {
        ...(encoder.embedding && {
          embedding: createModel(encoder.embedding),
        }),
        rnn: build('Seq2Seq: encoder.rnn', encoder.rnn) as SequenceLayer,
      },
      decoder: {
        ...decoder,
        embedding: createModel(decoder.embedding),
        rnn: createModel(decoder.rnn),
      },
      ...(attention && { attention: createModel(attention) }),
      ...(lexicon && { lexicon: emptyLexicon(lexicon) }),
    }),
  Sequential: ({ stages }) =>
    new Sequential(
      ...listOf<StageConfig>('stages', stages).map((stage) => toStage(stage) as Stage),
    ),
};

const emptyLexicon = ({
  sources,
  targets,
  ...rest
}: NonNullable<LayerOptions['Seq2Seq']['lexicon']>) =>
  new Lexicon({ ...rest, probabilities: zeros([sources, targets]) });

function listOf<T>(name: string, list: readonly T[]): readonly T[] {
  const given: unknown = list;
  if (!Array.isArray(given))
    throw new OptionError(`createModel: ${name} must be a list, got ${typeof given}`);
  return list;
}

/** A layer that the class that takes it checks. */
function build(owner: string, config: StageConfig | ModelConfig): Module {
  if (typeof config !== 'object')
    throw new OptionError(
      `createModel: ${owner} is ${JSON.stringify(config)}, expected a layer { kind, … }`,
    );
  return toStage(config) as Module;
}

function toStage(config: StageConfig | ModelConfig): Module | ((input: Tensor) => Tensor) {
  if (typeof config === 'string') {
    if (!Object.hasOwn(functions, config))
      throw new OptionError(
        `createModel: '${config}' is no function, expected ${Object.keys(functions).join(', ')}`,
      );
    return functions[config];
  }
  const { kind, ...options } = config;
  if (!Object.hasOwn(builders, kind))
    throw new OptionError(
      `createModel: kind is ${JSON.stringify(kind)}, expected ${Object.keys(builders).join(', ')}`,
    );
  return (builders[kind] as (options: unknown) => Module)(options);
}

/**
 * A model from its description in JSON, such as stands in a checkpoint beside the weights.
 *
 * @example
 * const config = { kind: 'Sequential', stages: [
 *   { kind: 'LSTM', inputSize: 8, hiddenSize: 32 }, 'tanh', { kind: 'Linear', inFeatures: 32, outFeatures: 2 },
 * ] } satisfies ModelConfig;
 * await writeFile('model.ckpt', saveCheckpoint({ config, model: createModel(config) }));
 * @throws OptionError for a kind or an option that is not there: it is named
 */
export function createModel<K extends Kind>(config: { kind: K } & LayerOptions[K]): Built[K] {
  return toStage(config as ModelConfig) as never;
}
