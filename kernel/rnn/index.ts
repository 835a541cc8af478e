/** The runtime: tensors, cell programs, layers, training. Plain TypeScript, needs nothing around it. */
export type { DType, Shape } from './ndarray.js';
export { noGrad, Parameter, Tensor, type Nested } from './tensor.js';
export {
  arange,
  cat,
  eye,
  flip,
  full,
  linspace,
  oneHot,
  ones,
  rand,
  randint,
  randn,
  stack,
  tensor,
  zeros,
  type NestedNumbers,
  type TensorOptions,
} from './factories.js';
export {
  add,
  div,
  exp,
  linear,
  log,
  logSoftmax,
  matmul,
  mul,
  relu,
  sigmoid,
  softmax,
  sub,
  tanh,
  where,
} from './expression.js';
export { getRngState, manualSeed, setRngState, type RngState } from './random.js';
export { getThreads, setThreads } from './wasm/engine.js';
export { gradcheck, type GradcheckOptions } from './gradcheck.js';
export * from './errors.js';
export * from './inspect/index.js';

export {
  defineCell,
  type Cell,
  type CellSizes,
  type CellSpec,
  type ParameterSpec,
} from './cell/defineCell.js';
export { printProgram, type CellProgram } from './cell/program.js';
export {
  gruCell,
  layerNormLstmCell,
  lstmCell,
  minGruCell,
  peepholeLstmCell,
  projectedLstmCell,
  rnnCell,
} from './cell/builtinCells.js';
export type { Value } from './cell/traceCell.js';

export { Module } from './modules/module.js';
export type { Summary } from './modules/summary.js';
export type { ForwardHook, ForwardPreHook, HookHandle } from './modules/hooks.js';
export { init, type InitOptions, type KaimingOptions, type Nonlinearity } from './init.js';
export { Linear, type LinearOptions } from './modules/linear.js';
export { Embedding, type EmbeddingOptions } from './modules/embedding.js';
export { Dropout, type DropoutOptions } from './modules/dropout.js';
export { LayerNorm, type LayerNormOptions } from './modules/layerNorm.js';
export { Conv1d, type Conv1dOptions } from './modules/conv1d.js';
export { regulateLengths, type RegulatedLengths } from './modules/regulateLengths.js';
export { Sequential, type Stage } from './modules/sequential.js';
export {
  AttentionMemory,
  BahdanauAttention,
  LuongAttention,
  type AttentionCall,
  type AttentionResult,
  type BahdanauAttentionOptions,
  type LuongAttentionOptions,
} from './modules/attention.js';
export { Recurrent } from './modules/recurrent.js';
export type {
  RecurrentForwardOptions,
  RecurrentLayerOptions,
  RecurrentOptions,
  RecurrentState,
} from './modules/recurrentOptions.js';
export type { VariationalDropoutRates, VariationalMasks } from './modules/variationalDropout.js';
export {
  Seq2Seq,
  type Seq2SeqForwardOptions,
  type Seq2SeqOptions,
  type TranslateOptions,
  type Translation,
} from './modules/seq2seq/seq2seq.js';
export { Encoder, type EncoderOptions } from './modules/seq2seq/encoder.js';
export {
  Bidirectional,
  type BidirectionalOptions,
  type BidirectionalState,
} from './modules/bidirectional.js';
export { Residual, type ResidualLayer } from './modules/residual.js';
export { RecurrentStack, type RecurrentStackOptions } from './modules/recurrentStack.js';
export type { SequenceLayer, SequenceOptions, SequenceResult } from './modules/sequenceLayer.js';
export { Decoder, type DecoderOptions, type DecoderState } from './modules/seq2seq/decoder.js';
export { Lexicon, LexiconRows, type LexiconOptions } from './modules/seq2seq/lexicon.js';
export type { BridgeKind } from './modules/seq2seq/bridge.js';
export type {
  GeneratedSequence,
  GenerateSequencesOptions,
} from './modules/seq2seq/generateSequences.js';
export {
  scheduledSampling,
  type ScheduledSamplingOptions,
} from './modules/seq2seq/scheduledSampling.js';
export type { TimeStep, TimeStepHook } from './modules/timeStepHooks.js';
export type { GRUVariant, LSTMVariant, RNNVariant } from './modules/cellVariants.js';
export {
  GRUCell,
  LSTMCell,
  RecurrentCell,
  RNNCell,
  type LSTMCellOptions,
  type RecurrentCellOptions,
  type RecurrentCellSizes,
} from './modules/recurrentCell.js';
export {
  GRU,
  LSTM,
  RNN,
  type GRUState,
  type LSTMOptions,
  type LSTMState,
  type RNNState,
} from './modules/recurrentLayers.js';

export type { LossOptions, Reduction } from './losses/reduction.js';
export type { ClassLossOptions } from './losses/classTargets.js';
export { huber, l1, mse, type HuberOptions } from './losses/regression.js';
export { crossEntropy, type CrossEntropyOptions } from './losses/crossEntropy.js';
export { nll } from './losses/nll.js';
export { bceWithLogits, type BceWithLogitsOptions } from './losses/bceWithLogits.js';
export { gaussianNll, type GaussianNllOptions } from './losses/gaussianNll.js';
export { cosineLoss, type CosineLossOptions } from './losses/cosineLoss.js';
export { attentionLoss } from './losses/attentionLoss.js';
export { ctcLoss, type CtcLossOptions } from './losses/ctcLoss.js';
export { Adadelta, type AdadeltaOptions } from './optim/adadelta.js';
export { Adagrad, type AdagradOptions } from './optim/adagrad.js';
export { Adam, type AdamOptions } from './optim/adam.js';
export { AdamW, type AdamWOptions } from './optim/adamw.js';
export { Lion, type LionOptions } from './optim/lion.js';
export { RMSprop, type RMSpropOptions } from './optim/rmsprop.js';
export { SGD, type SGDOptions } from './optim/sgd.js';
export { Optimizer } from './optim/optimizer.js';
export type { OptimizerState } from './optim/optimizerState.js';
export type { GroupOptions, OptimizerParameters } from './optim/parameterGroups.js';
export { clipGradNormEach, clipGradValue } from './optim/clipGradValue.js';
export {
  CosineLR,
  ExponentialLR,
  StepLR,
  Warmup,
  type CosineLROptions,
  type StepLROptions,
  type WarmupOptions,
} from './optim/schedules/decays.js';
export { OneCycleLR, type OneCycleLROptions } from './optim/schedules/oneCycleLR.js';
export { ReduceOnPlateau, type ReduceOnPlateauOptions } from './optim/schedules/reduceOnPlateau.js';
export { Schedule, type ScheduleState } from './optim/schedules/schedule.js';
export {
  WeightAverage,
  type WeightAverageOptions,
  type WeightAverageState,
} from './optim/weightAverage.js';
export { clipGradNorm, gradNorm } from './optim/clip.js';

export type { Batch } from './data/batch.js';
export {
  CharTokenizer,
  type CharTokenizerOptions,
  type SavedCharTokenizer,
} from './data/charTokenizer.js';
export {
  WordTokenizer,
  type SavedWordTokenizer,
  type WordTokenizerOptions,
} from './data/wordTokenizer.js';
export {
  BpeTokenizer,
  type BpeTokenizerOptions,
  type SavedBpeTokenizer,
} from './data/bpeTokenizer.js';
export {
  ignoredTarget,
  padBatch,
  padSequences,
  type PadBatchOptions,
  type PaddedBatch,
  type PaddedSequences,
  type PadSequencesOptions,
  type Sample,
} from './data/padBatch.js';
export type { Sequence } from './data/sequence.js';
export { bucketBatches, type BucketBatchesOptions } from './data/bucketBatches.js';
export { slidingWindows, type SlidingWindowsOptions } from './data/slidingWindows.js';
export { tensorBatches, type TensorBatchesOptions } from './data/tensorBatches.js';
export {
  splitSamples,
  splitSeries,
  walkForward,
  type Parts,
  type Series,
  type Span,
  type SplitSamplesOptions,
  type SplitSeriesOptions,
  type WalkForwardOptions,
} from './data/split.js';
export { NotFittedError, type SavedScaler } from './data/columnScaler.js';
export { MinMaxScaler, StandardScaler, type MinMaxScalerOptions } from './data/scalers.js';
export {
  streamBatches,
  streamLanes,
  type StreamBatchesOptions,
  type StreamLanesOptions,
} from './data/streamBatches.js';
export { textLanes, type TextLanesOptions } from './data/textLanes.js';
export { leastSquares, type LeastSquaresOptions, type LinearFit } from './data/leastSquares.js';
export { seasonalNaive, type SeasonalNaiveOptions } from './data/seasonalNaive.js';
export { IbmModel1, type IbmModel1Options, type Word, type WordPair } from './data/ibmModel1.js';
export { nearDuplicates, type NearDuplicatesOptions } from './data/nearDuplicates.js';
export { ngramEntropy, type NgramOptions } from './data/ngramEntropy.js';

export type { BatchModel, Loss, Model, TrainableModel } from './train/model.js';
export type { BatchSource, TrainingData } from './train/batchReader.js';
export type { FitCallback, Training } from './train/callbacks.js';
export { GradientFlow, type GradientFlowOptions } from './train/gradientFlow.js';
export type { ClipOptions } from './train/clipping.js';
export type { ValidationOptions } from './train/validation.js';
export type { EarlyStoppingOptions, MonitorOptions } from './train/monitor.js';
export type { ScheduleOptions } from './train/scheduling.js';
export type { MetricOptions, Metrics } from './train/metricCollector.js';
export type { MetricFunction, MetricName } from './metrics/metricTable.js';
export { Run, type RunSettings, type RunStatus } from './train/run.js';
export {
  TrainingHistory,
  type BestMeasurement,
  type EpochReport,
  type SettingChange,
  type StepReport,
  type ValidationReport,
} from './train/history.js';
export type { ExplosionLimits } from './train/anomaly.js';
export type { CheckpointOptions } from './train/checkpointing.js';
export type { TrainingSnapshot } from './train/snapshot.js';
export type { TruncationOptions } from './train/truncation.js';
export { evaluate, type EvaluateOptions } from './train/evaluate.js';
export {
  generate,
  generateStream,
  type GenerateOptions,
  type StreamDecoder,
  type Tokenizer,
} from './train/generate.js';

export type { Allowed } from './decode/allowed.js';
export type { SamplingOptions } from './decode/sampler.js';
export { sample, type SampleOptions } from './decode/sample.js';
export { beamSearch, type BeamSearchOptions, type Hypothesis } from './decode/beamSearch.js';
export { noRepeat, type NoRepeatOptions } from './decode/noRepeat.js';
export {
  ctcBeamDecode,
  ctcGreedyDecode,
  type CtcBeamOptions,
  type CtcHypothesis,
} from './decode/ctcDecode.js';
export type { CtcDecodeOptions } from './decode/ctcRows.js';
export { ctcAlign, type CtcAlignOptions, type CtcPath, type CtcSpan } from './decode/ctcAlign.js';
export {
  matchTemplates,
  type MatchOptions,
  type Template,
  type TemplateMatch,
} from './decode/matchTemplates.js';

export { tasks } from './tasks/tasks.js';
export type { Task, TaskOptions } from './tasks/task.js';
export type { GrammarTask } from './tasks/grammar.js';
export type { AddingOptions } from './tasks/adding.js';
export type { AnbnOptions } from './tasks/anbn.js';
export type { CopyOptions } from './tasks/copy.js';
export type { MackeyGlassOptions } from './tasks/mackeyGlass.js';
export type { TemporalOrderOptions } from './tasks/temporalOrder.js';

export { bleu, type BleuOptions, type BleuScore, type Tokens } from './metrics/bleu.js';
export type { ClassMetricOptions, Numbers } from './metrics/classCounts.js';
export { dynamicTimeWarping, warpingPath, type WarpingPath } from './metrics/dynamicTimeWarping.js';
export { accuracy, auc, f1Score, type F1Options } from './metrics/classification.js';
export {
  characterErrorRate,
  editDistance,
  wordErrorRate,
  type Symbols,
} from './metrics/editDistance.js';
export {
  bitsPerCharacter,
  correlation,
  coverage,
  mase,
  nrmse,
  perplexity,
  type BitsPerCharacterOptions,
  type MaseOptions,
  type NrmseOptions,
} from './metrics/prediction.js';
export { mean, quantile } from './metrics/averages.js';
export {
  anomalyScores,
  detectionDelays,
  type AnomalyScoresOptions,
  type DetectionDelaysOptions,
  type EventSpan,
} from './metrics/anomalies.js';
