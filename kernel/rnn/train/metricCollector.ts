import type { Batch } from '../data/batch.js';
import { OptionError, ShapeError } from '../errors.js';
import {
  metricTable,
  type Metric,
  type MetricFunction,
  type MetricName,
  type SymbolPair,
} from '../metrics/metricTable.js';
import { createNumbers, dtypeOf, showShape, type NumberArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { forEachTarget } from './targets.js';

/** Metrics by name, or functions, which go by their own names; or both under names of one's own. */
export type Metrics =
  readonly (MetricName | MetricFunction)[] | Readonly<Record<string, MetricName | MetricFunction>>;

/** Metrics beside the loss, for `fit`'s validation and `evaluate`. */
export interface MetricOptions {
  /** What is measured beside the loss, over all of the data together. */
  metrics?: Metrics;
  /** Turns sequences of symbols into texts, for `bleu` and the error rates. */
  tokenizer?: { decode(indices: number[]): string };
  /**
   * The sequences of symbols that an output stands for, for metrics of sequences. Default: at each time step that counts
   * the class with the highest score.
   * @example decode: (output, { lengths }) => ctcGreedyDecode(output, { inputLengths: lengths }).map(({ indices }) => indices)
   */
  decode?: (output: Tensor, batch: Batch) => readonly ArrayLike<number>[];
  /** For metrics of sequences: targets are `[B, T]` instead of `[T, B]`. Default false. */
  batchFirst?: boolean;
}

const names = Object.keys(metricTable);

const isMetric = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'string' && Object.hasOwn(metricTable, value));

export const metricOptions = {
  metrics: optional((value) =>
    typeof value === 'object' && value !== null && Object.values(value).every(isMetric)
      ? undefined
      : `an array, or an object by name, of functions and of ${names.join(', ')}`,
  ),
  tokenizer: optional(is.object),
  decode: optional(is.function),
  batchFirst: optional(is.boolean),
};

/** The metrics that were asked for, by the names that they go by. @throws OptionError for a wrong option */
export function toMetrics(owner: string, options: MetricOptions): ReadonlyMap<string, Metric> {
  const { metrics = [], tokenizer, decode, batchFirst } = options;
  checkOptions(owner, { metrics, tokenizer, decode, batchFirst }, metricOptions);
  const found = new Map<string, Metric>();
  for (const [key, value] of Object.entries(metrics)) {
    const own = typeof value === 'string' ? value : value.name;
    const name = Array.isArray(metrics) ? own : key;
    if (name === '' || name === 'loss' || found.has(name))
      throw new OptionError(
        `${owner}: expected metrics with names of their own, got ${name === '' ? 'a function without a name; write metrics: { name: … }' : `'${name}' ${name === 'loss' ? 'beside the loss' : 'twice'}`}`,
      );
    found.set(
      name,
      typeof value === 'string'
        ? metricTable[value]
        : { of: 'values', better: undefined, measure: value },
    );
  }
  return found;
}

/** Gathers what metrics are taken of, batch by batch; only what they need. */
export class MetricCollector {
  readonly #needed: ReadonlySet<Metric['of']>;
  readonly #classes = { predicted: [] as number[], target: [] as number[] };
  readonly #sequences: SymbolPair[] = [];
  readonly #predictions: NumberArray[] = [];
  readonly #targets: NumberArray[] = [];
  /** Numbers in each prediction; 0 for a single one. */
  #width = 0;

  constructor(
    private readonly owner: string,
    private readonly metrics: ReadonlyMap<string, Metric>,
    private readonly options: MetricOptions,
  ) {
    this.#needed = new Set([...metrics.values()].map((metric) => metric.of));
  }

  add(output: Tensor, batch: Batch): void {
    if (this.#needed.has('values')) this.#addValues(output, batch);
    if (this.#needed.has('classes')) this.#addClasses(output, batch);
    if (this.#needed.has('sequences')) this.#addSequences(output, batch);
  }

  /** Each metric of everything that was added. */
  measure(loss: number): Record<string, number> {
    const values = this.#needed.has('values') ? this.#values() : undefined;
    const one = (metric: Metric): number => {
      if (metric.of === 'loss') return metric.measure(loss);
      if (metric.of === 'classes') return metric.measure(this.#classes);
      if (metric.of === 'sequences') return metric.measure(this.#sequences);
      return metric.measure(values!.predictions, values!.targets, { loss });
    };
    return Object.fromEntries([...this.metrics].map(([name, metric]) => [name, one(metric)]));
  }

  #addValues(output: Tensor, batch: Batch): void {
    const { target } = batch;
    const width = this.#widthOf(output, target);
    this.#width = width;
    const step = Math.max(1, width);
    const indices: number[] = [];
    forEachTarget(batch, (i) => indices.push(i));
    const predictions = createNumbers(output.dtype, indices.length * step);
    const targets = createNumbers(target.dtype, indices.length);
    indices.forEach((i, n) => {
      targets[n] = target.data[i]!;
      predictions.set(output.data.subarray(i * step, (i + 1) * step), n * step);
    });
    this.#predictions.push(predictions);
    this.#targets.push(targets);
  }

  #values(): { predictions: Tensor; targets: Tensor } {
    const targets = concatenate(this.#targets);
    const shape = this.#width === 0 ? [targets.length] : [targets.length, this.#width];
    return {
      predictions: new Tensor(concatenate(this.#predictions), shape),
      targets: new Tensor(targets, [targets.length]),
    };
  }

  #addClasses(output: Tensor, batch: Batch): void {
    const classes = this.#classesOf(output, batch.target);
    forEachTarget(batch, (i) => {
      this.#classes.predicted.push(classes[i]!);
      this.#classes.target.push(batch.target.data[i]!);
    });
  }

  #addSequences(output: Tensor, batch: Batch): void {
    const { decode, tokenizer, batchFirst = false } = this.options;
    const { target } = batch;
    if (target.shape.length !== 2)
      throw new ShapeError(
        `${this.owner}: metrics of sequences need targets [T, B], got ${showShape(target.shape)}`,
      );
    const classes = decode ? undefined : this.#classesOf(output, target);
    const width = target.shape[1]!;
    const wanted = Array.from({ length: target.shape[batchFirst ? 0 : 1]! }, (): number[] => []);
    const found = wanted.map((): number[] => []);
    forEachTarget(batch, (i) => {
      const b = batchFirst ? Math.floor(i / width) : i % width;
      wanted[b]!.push(target.data[i]!);
      if (classes) found[b]!.push(classes[i]!);
    });
    const decoded = decode?.(output, batch).map((one) => Array.from(one)) ?? found;
    const show = (symbols: number[]) => tokenizer?.decode(symbols) ?? symbols;
    wanted.forEach((symbols, b) =>
      this.#sequences.push({ predicted: show(decoded[b] ?? []), target: show(symbols) }),
    );
  }

  /** The class with the highest score; of a single score 1 above 0 and 0 below. */
  #classesOf(output: Tensor, target: Tensor): ArrayLike<number> {
    if (this.#widthOf(output, target) > 0) return output.argmax().data;
    return output.data.map((score) => (score > 0 ? 1 : 0));
  }

  #widthOf(output: Tensor, target: Tensor): number {
    const extra = output.shape.length - target.shape.length;
    const isAlong = target.shape.every((size, axis) => size === output.shape[axis]);
    if (!isAlong || (extra !== 0 && extra !== 1))
      throw new ShapeError(
        `${this.owner}: metrics need outputs of the shape of the targets ${showShape(target.shape)}, or with the classes as one more dimension, got ${showShape(output.shape)}`,
      );
    return extra === 0 ? 0 : output.shape.at(-1)!;
  }
}

function concatenate(parts: readonly NumberArray[]): NumberArray {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = createNumbers(dtypeOf(parts[0]!), length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
