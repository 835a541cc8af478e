/** The part of an axis that follows the data; its look is in `spec.ts`. */
export interface Axis {
  kind: 'linear' | 'log';
  domain: [low: number, high: number];
  ticks: number[];
  /** A tick's label is its value divided by `divisor`, formatted (d3-format), with `suffix` behind. */
  format: string;
  divisor: number;
  suffix: string;
}

/** Where `value` lies between the ends of the axis; 0 to 1. */
export function place(axis: Axis, value: number): number {
  const map = axis.kind === 'log' ? Math.log : (x: number) => x;
  const [low, high] = axis.domain.map(map) as [number, number];
  return (map(value) - low) / (high - low);
}

/** The inverse of `place`. */
export function valueAt(axis: Axis, share: number): number {
  const [low, high] = axis.domain;
  return axis.kind === 'log' ? low * (high / low) ** share : low + share * (high - low);
}

/** Axis of measured values. The ends snap to half a tick's distance, so that a live chart stays calm. */
export function toValueAxis(
  values: readonly number[],
  kind: Axis['kind'],
  tickCount: number,
): Axis {
  const shown = kind === 'log' ? values.filter((value) => value > 0) : values;
  const extent = shown.length > 0 ? findExtent(shown) : kind === 'log' ? [0.1, 1] : [0, 1];
  const [low, high] = widen(extent[0]!, extent[1]!, kind);
  return kind === 'log' ? toLogAxis(low, high, tickCount) : toLinearAxis(low, high, tickCount);
}

function toLinearAxis(low: number, high: number, tickCount: number): Axis {
  const step = niceStep((high - low) / tickCount);
  const half = step / 2;
  const start = low >= 0 && low < (high - low) * 0.15 ? 0 : Math.floor(low / half) * half;
  const domain: Axis['domain'] = [start, Math.ceil(high / half) * half];
  return {
    kind: 'linear',
    domain,
    ticks: multiplesWithin(domain, step),
    format: formatOf(step, Math.max(Math.abs(domain[0]), Math.abs(domain[1]))),
    divisor: 1,
    suffix: '',
  };
}

/** Within one decade, round linear numbers are the better ticks; over several, 1-2-5 or powers of ten. */
function toLogAxis(low: number, high: number, tickCount: number): Axis {
  const snap = (value: number, round: (x: number) => number) =>
    10 ** (round(Math.log10(value) * 20) / 20);
  const domain: Axis['domain'] = [snap(low * 0.98, Math.floor), snap(high * 1.02, Math.ceil)];
  const decades = Math.log10(domain[1]) - Math.log10(domain[0]);
  const common = { kind: 'log' as const, domain, divisor: 1, suffix: '' };
  if (decades < 0.8) {
    const step = niceStep((domain[1] - domain[0]) / tickCount);
    return { ...common, ticks: multiplesWithin(domain, step), format: formatOf(step, domain[1]) };
  }
  const factors = decades <= tickCount / 3 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / (tickCount * 1.5)));
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(domain[0])); power <= Math.log10(domain[1]); power++) {
    if (power % stride !== 0) continue;
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= domain[0] && tick <= domain[1]) ticks.push(tick);
    }
  }
  return { ...common, ticks, format: '~g' };
}

/** Training steps from 0. */
export function toStepAxis(last: number, tickCount: number): Axis {
  const high = Math.max(1, last);
  const domain: Axis['domain'] = [0, high];
  const step = Math.max(1, niceStep(high / tickCount));
  return {
    kind: 'linear',
    domain,
    ticks: multiplesWithin(domain, step),
    format: high >= 1e7 ? '~s' : ',.0f',
    divisor: 1,
    suffix: '',
  };
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
];

/** Wall time from 0. A run that goes on gets an axis that reaches to the next tick. */
export function toTimeAxis(last: number, tickCount: number, goesOn: boolean): Axis {
  const longest = Math.max(0.05, last);
  const wanted = longest / tickCount;
  const step = timeSteps.find((one) => one >= wanted) ?? niceStep(wanted / day) * day;
  const domain: Axis['domain'] = [0, goesOn ? Math.ceil((longest * 1.02) / step) * step : longest];
  const unit =
    step >= hour
      ? { divisor: hour, suffix: ' h' }
      : step >= minute
        ? { divisor: minute, suffix: ' min' }
        : { divisor: 1, suffix: ' s' };
  const format = step >= 1 ? ',.0f' : formatOf(step, domain[1]);
  return { kind: 'linear', domain, ticks: multiplesWithin(domain, step), format, ...unit };
}

/** 1, 2 or 5 times a power of ten, at least `wanted`. */
function niceStep(wanted: number): number {
  const power = Math.floor(Math.log10(wanted));
  const unit = 10 ** power;
  const factor = [1, 2, 5, 10].find((one) => one * unit >= wanted * (1 - 1e-9)) ?? 10;
  return factor * unit;
}

/** Bounded, whatever the numbers: at most 50. */
function multiplesWithin([low, high]: Axis['domain'], step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.min(50, Math.floor(high / step + 1e-9) - first + 1);
  // Multiplying, not adding up, and rounding away the last bits keep 0.30000000000000004 out.
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

function formatOf(step: number, largest: number): string {
  if (largest >= 1e6 || step < 1e-4) return '.2~e';
  return `,.${Math.max(0, -Math.floor(Math.log10(step) + 1e-9))}f`;
}

function findExtent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Room for equal values, and ends whose difference (and logarithm) is still a number. */
function widen(low: number, high: number, kind: Axis['kind']): [number, number] {
  const [least, most] = [1e-290, 1e300];
  const within = (value: number) => Math.min(most, Math.max(kind === 'log' ? least : -most, value));
  const [start, end] = [within(low), within(high)];
  const size = Math.max(Math.abs(start), Math.abs(end));
  if (size < least) return [0, 1];
  if (end - start > size * 1e-9) return [start, end];
  return start > 0 ? [start * 0.9, end * 1.1] : [start - size * 0.1, end + size * 0.1];
}
