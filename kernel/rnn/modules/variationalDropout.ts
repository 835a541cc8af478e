import { OptionError } from '../errors.js';
import type { NdArray, Shape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { dropoutMask } from './dropout.js';
import type { FloatType } from './linear.js';

/** Where variational dropout drops, and with what probability; 0 where left out. */
export interface VariationalDropoutRates {
  /** What the first layer reads. */
  input?: number;
  /** Between two layers. */
  layers?: number;
  /** What the products with recurrent weights read, in every layer: W_hh·(m ⊙ h). What is carried on is not dropped. */
  hidden?: number;
  /** What the last layer gives out; the state is not dropped. */
  output?: number;
}

/**
 * The masks of variational dropout for a batch, made by `layer.drawMasks(batchSize)`: given to several calls of
 * `forward`, they are the same in all of them.
 */
export interface VariationalMasks {
  readonly batchSize: number;
  /** `[1, B, inputSize]` */
  readonly input: Tensor | undefined;
  /** `[1, B, …]` between layer l and l + 1. */
  readonly layers: readonly (Tensor | undefined)[];
  /** By layer and direction, the masks of its program. */
  readonly hidden: readonly (readonly NdArray[])[];
  /** `[1, B, outputSize]` */
  readonly output: Tensor | undefined;
}

const places = ['input', 'layers', 'hidden', 'output'] as const;

export type DropoutRates = Readonly<Record<(typeof places)[number], number>>;

const isRate = optional(is.probability);

/** For option tables: one probability, or some by place. */
export const isVariationalDropout = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null
    ? undefined
    : isRate(value) && 'a number from 0 to 1, or such numbers by place';

export function toDropoutRates(
  owner: string,
  given: number | VariationalDropoutRates = 0,
): DropoutRates {
  if (typeof given === 'number')
    return { input: given, layers: given, hidden: given, output: given };
  checkOptions(
    `${owner}: variationalDropout`,
    given,
    Object.fromEntries(places.map((place) => [place, isRate])),
  );
  const { input = 0, layers = 0, hidden = 0, output = 0 } = given;
  return { input, layers, hidden, output };
}

/** For option tables: one probability, or some by state. */
export const isZoneout = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null
    ? undefined
    : isRate(value) && 'a number from 0 to 1, or such numbers by state';

/** By state, those above 0. @throws OptionError for a state that the cell does not have */
export function toZoneoutRates(
  owner: string,
  given: number | Readonly<Record<string, number>> = 0,
  states: readonly string[],
): ReadonlyMap<string, number> {
  const rates =
    typeof given === 'number' ? Object.fromEntries(states.map((name) => [name, given])) : given;
  for (const name of Object.keys(rates))
    if (!states.includes(name))
      throw new OptionError(
        `${owner}: zoneout names the state '${name}', expected ${states.join(', ')}`,
      );
  checkOptions(
    `${owner}: zoneout`,
    rates,
    Object.fromEntries(states.map((name) => [name, isRate])),
  );
  return new Map(Object.entries(rates).filter(([, rate]) => rate > 0));
}

/** A mask that is the same at all time steps; undefined where nothing is dropped. */
export const drawMask = (p: number, shape: Shape, dtype: FloatType): Tensor | undefined =>
  p === 0 ? undefined : dropoutMask(shape, p, dtype);
