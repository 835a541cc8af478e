/** sRGB channels, 0 to 255. */
export interface Colour {
  red: number;
  green: number;
  blue: number;
}

const black: Colour = { red: 0, green: 0, blue: 0 };
const white: Colour = { red: 255, green: 255, blue: 255 };

/**
 * Reads `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()` and `rgba()`: what VS Code writes into its CSS variables.
 * A translucent colour is laid over `background`. Anything else gives undefined.
 */
export function parseColour(text: string, background: Colour = white): Colour | undefined {
  const parsed = parseHex(text.trim()) ?? parseFunction(text.trim());
  if (!parsed) return undefined;
  const [red, green, blue, alpha] = parsed;
  return mix(background, { red, green, blue }, alpha);
}

/** The same without regard to transparency, for lines: a marker laid thinly over code has the hue, not the strength. */
export function parseOpaque(text: string): Colour | undefined {
  const parsed = parseHex(text.trim()) ?? parseFunction(text.trim());
  if (!parsed) return undefined;
  const [red, green, blue] = parsed;
  return { red, green, blue };
}

export function toCss({ red, green, blue }: Colour): string {
  const hex = (channel: number) =>
    Math.round(Math.min(255, Math.max(0, channel)))
      .toString(16)
      .padStart(2, '0');
  return `#${hex(red)}${hex(green)}${hex(blue)}`;
}

/** `share` 0 gives `from`, 1 gives `to`. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const between = (a: number, b: number) => a + (b - a) * share;
  return {
    red: between(from.red, to.red),
    green: between(from.green, to.green),
    blue: between(from.blue, to.blue),
  };
}

/** Relative luminance and contrast ratio as WCAG 2.2 defines them; 1 (equal) to 21. */
export function contrast(a: Colour, b: Colour): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The nearest colour on the way to black or white that has at least `ratio` against `background`. */
export function withContrast(colour: Colour, background: Colour, ratio: number): Colour {
  const goal = contrast(white, background) > contrast(black, background) ? white : black;
  for (let share = 0; share < 1; share += 0.05) {
    const candidate = mix(colour, goal, share);
    if (contrast(candidate, background) >= ratio) return candidate;
  }
  return goal;
}

function luminance({ red, green, blue }: Colour): number {
  const linear = (channel: number) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

type Channels = [red: number, green: number, blue: number, alpha: number];

function parseHex(text: string): Channels | undefined {
  const digits = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text)?.[1];
  if (!digits) return undefined;
  const wide = digits.length > 4 ? digits : digits.replace(/./g, '$&$&');
  const channel = (index: number) => parseInt(wide.slice(2 * index, 2 * index + 2), 16);
  return [channel(0), channel(1), channel(2), wide.length === 8 ? channel(3) / 255 : 1];
}

function parseFunction(text: string): Channels | undefined {
  const inside = /^rgba?\(([^)]*)\)$/i.exec(text)?.[1];
  const parts = inside?.split(/[\s,/]+/).filter((part) => part !== '') ?? [];
  const [red, green, blue, alpha] = parts.map((part) =>
    part.endsWith('%') ? parseFloat(part) / 100 : Number(part),
  );
  if (![red, green, blue, alpha ?? 1].every((part) => Number.isFinite(part))) return undefined;
  return [red!, green!, blue!, Math.min(1, Math.max(0, alpha ?? 1))];
}
