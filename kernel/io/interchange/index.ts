/** Models and weights in the formats of other frameworks. Bytes in, bytes out; reading a file is the caller's. */
export { InterchangeError } from './interchangeError.js';
export { exportOnnx, type ExportOnnxOptions } from './exportOnnx.js';
export type { DynamicAxes } from './exampleInputs.js';
export {
  loadSafetensors,
  safetensorsMetadata,
  saveSafetensors,
  type SafetensorsOptions,
} from './safetensors.js';
export {
  loadCheckpoint,
  saveCheckpoint,
  type CheckpointPart,
  type Stateful,
} from './checkpoint.js';
export { importOnnx, OnnxModule } from './importOnnx.js';
export type { ElementType, OnnxModel, OnnxValue } from './onnxProto.js';
export { loadKerasWeights, toKerasWeights, type KerasOptions } from './kerasWeights.js';
export { createModel, type ModelConfig, type StageConfig } from './modelConfig.js';
