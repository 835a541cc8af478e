/** A measured value in about four significant digits: `1.523`, `0.01230`, `3.2e-7`. */
export function formatValue(value: number | null): string {
  if (value === null) return 'not finite';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3 || size >= 1e5)
    return value.toExponential(2).replace('e+', 'e').replaceAll('-', '−');
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(decimals, 4)).replace('-', '−');
}

/** Whole numbers as they are, others as `formatValue` has them. */
export function formatNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value).replace('-', '−') : formatValue(value);
}

/** `33,280` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 parameter`, `33,280 parameters` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min` */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const shown = Math.round(whole / 60);
  return `${formatCount(Math.floor(shown / 60))} h ${String(shown % 60).padStart(2, '0')} min`;
}

/** Time per training step: `35 ms/step`, `1.2 s/step`. */
export function formatPace(secondsPerStep: number): string {
  if (secondsPerStep >= 1) return `${secondsPerStep.toPrecision(2)} s/step`;
  const milliseconds = secondsPerStep * 1000;
  return `${milliseconds < 10 ? milliseconds.toPrecision(2) : Math.round(milliseconds)} ms/step`;
}

/** `[32, 128]` */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** At most five characters: `0.31`, `12.4`, `3e−7`. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001 || size >= 10_000)
    return value.toExponential(0).replace('e+', 'e').replaceAll('-', '−');
  const text =
    size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toPrecision(2);
  return text.replace('-', '−');
}
