import { layerNormLstmCell, minGruCell } from '../../rnn/cell/builtinCells.js';
import { OptionError } from '../../rnn/errors.js';
import { logSoftmax, relu, sigmoid, softmax, tanh } from '../../rnn/expression.js';
import { Conv1d, type Conv1dOptions } from '../../rnn/modules/conv1d.js';
import { Dropout, type DropoutOptions } from '../../rnn/modules/dropout.js';
import { Embedding, type EmbeddingOptions } from '../../rnn/modules/embedding.js';
import { LayerNorm, type LayerNormOptions } from '../../rnn/modules/layerNorm.js';
import { Linear, type LinearOptions } from '../../rnn/modules/linear.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import type { RecurrentLayerOptions } from '../../rnn/modules/recurrentOptions.js';
import { GRU, LSTM, RNN } from '../../rnn/modules/recurrentLayers.js';
import { Sequential, type Stage } from '../../rnn/modules/sequential.js';

/** Functions of a tensor that may stand between layers. */
const functions = { logSoftmax, relu, sigmoid, softmax, tanh } as const;

/** What each kind of layer is made of: the options of its class. */
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
  Sequential: { stages: readonly StageConfig[] };
}

type Kind = keyof LayerOptions;

/** A model as plain data: the name of a layer's class, and its options. */
export type ModelConfig = { [K in Kind]: { kind: K } & LayerOptions[K] }[Kind];

/** A layer, or the name of a function such as `'relu'`. */
export type StageConfig = ModelConfig | keyof typeof functions;

const builders: { readonly [K in Kind]: (options: LayerOptions[K]) => Stage } = {
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
  Sequential: ({ stages }) => {
    if (!Array.isArray(stages))
      throw new OptionError(`createModel: stages must be a list, got ${typeof stages}`);
    return new Sequential(...(stages as StageConfig[]).map(toStage));
  },
};

function toStage(config: StageConfig): Stage {
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
  return (builders[kind] as (options: unknown) => Stage)(options);
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
export function createModel<K extends Kind>(
  config: { kind: K } & LayerOptions[K],
): K extends 'Sequential' ? Sequential : Exclude<Stage, (input: never) => unknown> {
  return toStage(config as ModelConfig) as never;
}
