/** What `import … from 'unroll'` gives: the runtime, and the functions that show things in a notebook. */
export * from './rnn/index.js';
export * from './io/index.js';
export { fit, type NotebookFitOptions as FitOptions } from './notebook/fit.js';
export type { CheckpointFileOptions } from './notebook/checkpointFile.js';
export { lossChart, type LossChartOptions } from './notebook/lossChart.js';
export { flowChart } from './notebook/flowChart.js';
export { unrolledGraph, type UnrolledGraphOptions } from './notebook/unrolledGraph.js';
export {
  clearOutput,
  display,
  html,
  input,
  json,
  markdown,
  svg,
  vegaLite,
  type DisplayOptions,
} from './notebook/display.js';
export { audio, type AudioOptions, type Samples } from './notebook/audio.js';
export { image, type ImageOptions } from './notebook/image.js';
export { textHeatMap, type TextHeatMapOptions } from './notebook/textHeatMap.js';
export { attentionChart, type AttentionChartOptions } from './notebook/attentionChart.js';
export { spectrogramLayer, type SpectrogramLayerOptions } from './notebook/spectrogramLayer.js';
export { fanChart, type FanChartOptions, type FanForecast } from './notebook/charts/fanChart.js';
export { lineChart, type LineChartOptions, type LineSeries } from './notebook/charts/lineChart.js';
export { pianoRollChart, type PianoRollChartOptions } from './notebook/charts/pianoRollChart.js';
export {
  signalChart,
  type SignalChartOptions,
  type SignalPanel,
  type SignalSpan,
} from './notebook/charts/signalChart.js';
export {
  spectrogramChart,
  type SpectrogramChartOptions,
} from './notebook/charts/spectrogramChart.js';
export type { ChartOptions } from './notebook/charts/chartOptions.js';
export { resultTable, type ResultCell, type ResultTableOptions } from './notebook/resultTable.js';
export { progress, Progress, type ProgressOptions } from './notebook/progress.js';
export {
  inspect,
  type NotebookInspectOptions as InspectOptions,
  type ShownTrace,
} from './notebook/inspector.js';
export { compare, type CompareOptions, type Comparison } from './notebook/compareTraces.js';
export type { TracePictureOptions } from './notebook/tracePayload.js';
export type { TraceSample } from './notebook/traceDetail.js';
export { displaySymbol, Media, type Displayable } from './notebook/mimeBundle.js';
