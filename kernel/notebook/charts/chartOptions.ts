/** What the options of charts have in common. */
import { is, optional, type Check } from '../../rnn/options.js';

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

export const chart = {
  text: (value: unknown) => (typeof value === 'string' ? undefined : 'a text'),
  texts: (value: unknown) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string')
      ? undefined
      : 'a list of texts',
  number: (value: unknown) => (isNumber(value) ? undefined : 'a number'),
  domain: (value: unknown) =>
    Array.isArray(value) && value.length === 2 && value.every(isNumber) && value[0] < value[1]
      ? undefined
      : 'two numbers, the first below the second',
} satisfies Record<string, Check>;

/** Options of every chart. */
export interface ChartOptions {
  /** Stands above the picture. */
  title?: string;
  /** Of the drawing without its axes, in pixels. */
  width?: number;
  /** Of the drawing without its axes, in pixels. */
  height?: number;
}

export const chartChecks: Record<keyof ChartOptions, Check> = {
  title: optional(chart.text),
  width: optional(is.positive),
  height: optional(is.positive),
};

/** The title of a picture, at its left edge. */
export const titled = (title: string | undefined): object =>
  title === undefined ? {} : { title: { text: title, anchor: 'start' } };
