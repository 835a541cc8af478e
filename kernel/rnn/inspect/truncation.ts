import { norm } from './vectors.js';
import { OptionError } from '../errors.js';
import { runForward } from './passes.js';
import { printable, table } from './printable.js';

import { Trace } from './trace.js';

/** How near two gradients are. */
export interface Closeness {
  /** ⟨a, b⟩ / (‖a‖·‖b‖): 1 for one direction, 0 for nothing in common; NaN where one is zero. */
  readonly cosine: number;
  /** ‖a‖ / ‖b‖ */
  readonly ratio: number;
  /** ‖a − b‖ / ‖b‖ */
  readonly error: number;
}

/**
 * Truncated backpropagation through time against full: states are handed on at every boundary t = k, 2k, …,
 * adjoints are not. a is the truncated gradient, b the full one, over all parameters as one vector and each.
 */
export interface Truncation extends Closeness {
  readonly length: number;
  readonly boundaries: readonly number[];
  /** By path. */
  readonly parameters: ReadonlyMap<string, Closeness>;
  /** The truncated pass. */
  readonly trace: Trace;
}

/** @throws OptionError unless k is a positive integer */
export function truncation(trace: Trace, k: number): Truncation {
  if (!Number.isInteger(k) || k < 1)
    throw new OptionError(`truncation: k must be a positive integer, got ${k}`);
  const full = withTruncation(trace, undefined);
  const cut = withTruncation(trace, k);
  const names = [...full.gradients.keys()];
  const of = (source: Trace, name: string) => source.gradients.get(name)!.gradient.data;
  const found: Truncation = {
    length: k,
    boundaries: [...(cut.layers.at(-1)?.run.options.boundaries ?? [])],
    ...closeness(
      names.map((name) => of(cut, name)),
      names.map((name) => of(full, name)),
    ),
    parameters: new Map(names.map((name) => [name, closeness([of(cut, name)], [of(full, name)])])),
    trace: cut,
  };
  return printable(found, describe, 'Truncation');
}

function describe({ length, boundaries, cosine, ratio, parameters }: Truncation): string {
  const rows = [...parameters].map(([name, one]) => [
    name,
    one.cosine.toFixed(4),
    one.ratio.toPrecision(4),
  ]);
  return [
    `Truncated every ${length} steps (${boundaries.length} cuts) against full: cosine ${cosine.toFixed(4)}, norm ×${ratio.toPrecision(4)}`,
    table([['parameter', 'cosine', 'norm ×'], ...rows]),
  ].join('\n');
}

function withTruncation(trace: Trace, truncate: number | undefined): Trace {
  if (trace.options.truncate === truncate) return trace;
  const { network, leaves, dtype, edits } = trace.pass;
  const { layers, clipNorm } = trace.options;
  return new Trace(runForward(network, leaves, dtype, { truncate, edits }), {
    ...(layers && { layers }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(truncate !== undefined && { truncate }),
  });
}

type Vectors = readonly ArrayLike<number>[];

export function closeness(a: Vectors, b: Vectors): Closeness {
  let dot = 0;
  let difference = 0;
  a.forEach((part, k) => {
    for (let i = 0; i < part.length; i++) {
      dot += part[i]! * b[k]![i]!;
      difference += (part[i]! - b[k]![i]!) ** 2;
    }
  });
  const length = (parts: Vectors): number => Math.hypot(...parts.map(norm));
  const [sizeA, sizeB] = [length(a), length(b)];
  return {
    cosine: dot / (sizeA * sizeB),
    ratio: sizeA / sizeB,
    error: Math.sqrt(difference) / sizeB,
  };
}
