/**
 * Terminal text with colours → HTML.
 * Source: ECMA-48, 8.3.117 (SGR); the palette is xterm's: https://en.wikipedia.org/wiki/ANSI_escape_code#Colors
 */
import { escapeHtml } from './escapeHtml.js';

// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const sequence = /\u001b(?:\[([\d;:]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;

/** Text without its escape sequences. */
export const stripAnsi = (text: string): string =>
  text.includes('\u001b') ? text.replace(sequence, '') : text;

/** Colours that can be read on light and on dark: black, red, green, yellow, blue, magenta, cyan, white. */
const base = ['#666', '#cd3131', '#0b8a4a', '#9a7500', '#2472c8', '#bc3fbc', '#0e8a9c', '#8a8a8a'];
const bright = [
  '#808080',
  '#e5484d',
  '#1a9c5b',
  '#b08800',
  '#3b8eea',
  '#d670d6',
  '#1199b0',
  '#a0a0a0',
];

interface Style {
  colour?: string | undefined;
  background?: string | undefined;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
  inverse?: boolean;
}

/** Escaped text in spans; sequences other than colours and styles are left out. */
export function ansiToHtml(text: string): string {
  let style: Style = {};
  let from = 0;
  let html = '';
  const add = (piece: string): void => {
    if (piece === '') return;
    const css = toCss(style);
    html += css === '' ? escapeHtml(piece) : `<span style="${css}">${escapeHtml(piece)}</span>`;
  };
  for (const match of text.matchAll(sequence)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') style = applySgr(style, match[1] ?? '');
  }
  add(text.slice(from));
  return html;
}

const plainCodes: Record<number, (style: Style) => Style> = {
  0: () => ({}),
  1: (style) => ({ ...style, bold: true }),
  2: (style) => ({ ...style, dim: true }),
  3: (style) => ({ ...style, italic: true }),
  4: (style) => ({ ...style, underline: true }),
  7: (style) => ({ ...style, inverse: true }),
  9: (style) => ({ ...style, strike: true }),
  22: (style) => ({ ...style, bold: false, dim: false }),
  23: (style) => ({ ...style, italic: false }),
  24: (style) => ({ ...style, underline: false }),
  27: (style) => ({ ...style, inverse: false }),
  29: (style) => ({ ...style, strike: false }),
  39: (style) => ({ ...style, colour: undefined }),
  49: (style) => ({ ...style, background: undefined }),
};

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes.slice(i + 1));
      i += used;
      if (colour !== undefined) next = { ...next, [code === 38 ? 'colour' : 'background']: colour };
    } else {
      next = plainCodes[code]?.(next) ?? paletteColour(next, code);
    }
  }
  return next;
}

function paletteColour(style: Style, code: number): Style {
  const colours = code >= 90 ? bright : base;
  const colour = colours[code % 10];
  const tens = Math.floor(code / 10);
  if (colour === undefined) return style;
  if (tens === 3 || tens === 9) return { ...style, colour };
  if (tens === 4 || tens === 10) return { ...style, background: colour };
  return style;
}

/** `5;n`: one of 256 colours; `2;r;g;b`: any. */
function extendedColour(codes: number[]): { colour?: string; used: number } {
  const [kind, a = 0, b = 0, c = 0] = codes;
  const byte = (value: number): number => Math.min(255, Math.max(0, Math.trunc(value) || 0));
  if (kind === 2) return { colour: `rgb(${byte(a)},${byte(b)},${byte(c)})`, used: 4 };
  if (kind !== 5) return { used: codes.length };
  return { colour: indexedColour(byte(a)), used: 2 };
}

function indexedColour(index: number): string {
  if (index < 16) return (index < 8 ? base : bright)[index % 8]!;
  if (index >= 232) {
    const level = 8 + 10 * (index - 232);
    return `rgb(${level},${level},${level})`;
  }
  const level = (digit: number): number => (digit === 0 ? 0 : 55 + 40 * digit);
  const cube = index - 16;
  const [red, green, blue] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return `rgb(${level(red)},${level(green)},${level(blue)})`;
}

function toCss(style: Style): string {
  const { colour, background } = style;
  const front = style.inverse ? (background ?? 'Canvas') : colour;
  const back = style.inverse ? (colour ?? 'CanvasText') : background;
  const lines = [style.underline && 'underline', style.strike && 'line-through'].filter(Boolean);
  return [
    front && `color:${front}`,
    back && `background:${back}`,
    style.bold && 'font-weight:bold',
    style.dim && 'opacity:.7',
    style.italic && 'font-style:italic',
    lines.length > 0 && `text-decoration:${lines.join(' ')}`,
  ]
    .filter(Boolean)
    .join(';');
}
