import { type Colour, contrast, mix, parseColour, toCss } from '../colour.js';
import type { Theme } from '../theme.js';

/** From 0 to 1, or undefined where there is nothing to show (zero on a logarithmic scale). */
export type Share = (value: number) => number | undefined;

/** Decades that a logarithmic scale spans at most. */
const mostDecades = 8;

export interface Scale {
  low: number;
  high: number;
  share: Share;
}

/** Zero to the largest finite number. */
export function linearScale(series: Iterable<ArrayLike<number>>): Scale {
  const high = extent(series).high;
  return { low: 0, high, share: (value) => (high > 0 ? clamp(value / high) : 0) };
}

/** The smallest to the largest positive number, over eight decades at most. */
export function logScale(series: Iterable<ArrayLike<number>>): Scale {
  const found = extent(series);
  const high = found.high > 0 ? found.high : 1;
  const low = Math.max(Math.min(found.low, high / 10), high / 10 ** mostDecades);
  const span = Math.log(high / low);
  return {
    low,
    high,
    share: (value) => (value > 0 ? clamp(Math.log(value / low) / span) : undefined),
  };
}

function extent(series: Iterable<ArrayLike<number>>): { low: number; high: number } {
  let low = Infinity;
  let high = 0;
  for (const numbers of series) {
    for (let i = 0; i < numbers.length; i++) {
      const size = Math.abs(numbers[i]!);
      if (!Number.isFinite(size)) continue;
      if (size > high) high = size;
      if (size > 0 && size < low) low = size;
    }
  }
  return { low: Math.min(low, high), high };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

export interface Paint {
  fill: string;
  /** For text on the fill; 4.5 : 1. */
  text: string;
}

export interface Palette {
  /** Sequential: nothing to the hue of the phase. */
  value: (share: number | undefined) => Paint;
  adjoint: (share: number | undefined) => Paint;
  /** Diverging, -1 to 1: orange below zero, blue above. */
  signed: (share: number) => Paint;
  notFinite: Paint;
}

const steps = 64;

/**
 * What flows forward and what flows back. Not the theme's chart colours, which may be too dull for a scale:
 * these have the same weight, and stay apart for every kind of colour blindness.
 */
export const flowHues: Record<Theme['kind'], { forward: string; backward: string }> = {
  light: { forward: '#1f77c4', backward: '#d95f02' },
  dark: { forward: '#4aa3f0', backward: '#f5923e' },
  highContrastLight: { forward: '#0b5cad', backward: '#b34700' },
  highContrastDark: { forward: '#5cb3ff', backward: '#ff9a3c' },
};

export function toPalette(theme: Theme): Palette {
  const background = parseColour(theme.background)!;
  const foreground = parseColour(theme.foreground)!;
  const [blue, orange] = Object.values(flowHues[theme.kind]).map((hue) => parseColour(hue)!) as [
    Colour,
    Colour,
  ];
  const paint = (colour: Colour): Paint => ({
    fill: toCss(colour),
    text: toCss(readable(colour, foreground, background)),
  });
  const ramp = (hue: Colour) =>
    Array.from({ length: steps + 1 }, (_, i) => paint(mix(background, hue, i / steps)));
  const [blues, oranges] = [ramp(blue), ramp(orange)];
  const empty = paint(background);
  // What is there at all is told from what is not.
  const sequential = (colours: Paint[]) => (share: number | undefined) =>
    share === undefined ? empty : colours[Math.round((0.1 + 0.9 * share) * steps)]!;
  return {
    value: sequential(blues),
    adjoint: sequential(oranges),
    signed: (share) =>
      Number.isFinite(share)
        ? (share < 0 ? oranges : blues)[Math.round(clamp(Math.abs(share)) * steps)]!
        : paint(parseColour(theme.error)!),
    notFinite: paint(parseColour(theme.error)!),
  };
}

function readable(fill: Colour, ...candidates: Colour[]): Colour {
  const black: Colour = { red: 0, green: 0, blue: 0 };
  const white: Colour = { red: 255, green: 255, blue: 255 };
  const good = candidates.find((colour) => contrast(colour, fill) >= 4.5);
  return good ?? (contrast(black, fill) > contrast(white, fill) ? black : white);
}
