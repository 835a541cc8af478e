/**
 * VS Code's colours and fonts as values that Vega can draw with.
 *
 * VS Code gives a renderer's page its theme as CSS variables and says which kind it is by a class on the
 * body. An SVG attribute can't hold `var(…)`, so a chart reads the values, and reads them again when
 * the theme changes. Outside VS Code the fallbacks (the Okabe–Ito palette, safe for the colour-blind) apply.
 */
import { chartColours } from '../kernel/contract/chartColours.js';
import { type Colour, mix, parseColour, parseOpaque, toCss, withContrast } from './colour.js';

export interface Theme {
  kind: ThemeKind;
  background: string;
  foreground: string;
  /** Axis labels and secondary text; 4.5 : 1 against the background. */
  muted: string;
  /** Axis lines, outlines, edges; 3 : 1. */
  line: string;
  /** Grid lines: there if you look for them. */
  grid: string;
  /** Fill of a shape that text stands on. */
  surface: string;
  error: string;
  focus: string;
  /** Distinct hues for lines and shapes; 3 : 1 against the background. */
  palette: Record<Hue, string>;
  /** The same hues for text; 4.5 : 1. */
  textPalette: Record<Hue, string>;
  /** The same hues, thinned for fills under text. */
  tint: Record<Hue, string>;
  /** A chart's categories, to be told apart by everybody; 3 : 1 against the background. */
  categories: string[];
  /** Opacity of the measured curve behind a smoothed one. */
  faint: number;
  font: string;
  monospace: string;
}

export type ThemeKind = 'light' | 'dark' | 'highContrastLight' | 'highContrastDark';
export type Hue = 'blue' | 'orange' | 'green' | 'purple' | 'red' | 'yellow';

const kinds: { bodyClass: string; kind: ThemeKind }[] = [
  { bodyClass: 'vscode-high-contrast-light', kind: 'highContrastLight' },
  { bodyClass: 'vscode-high-contrast', kind: 'highContrastDark' },
  { bodyClass: 'vscode-dark', kind: 'dark' },
  { bodyClass: 'vscode-light', kind: 'light' },
];

interface Base {
  background: Colour;
  foreground: Colour;
  grid: number;
  line: number;
  tint: number;
  faint: number;
}

const gray = (level: number): Colour => ({ red: level, green: level, blue: level });

/** Shares say how far a colour lies from the background towards the foreground. */
const bases: Record<ThemeKind, Base> = {
  light: {
    background: gray(255),
    foreground: gray(59),
    grid: 0.11,
    line: 0.45,
    tint: 0.1,
    faint: 0.3,
  },
  dark: {
    background: gray(31),
    foreground: gray(204),
    grid: 0.11,
    line: 0.45,
    tint: 0.18,
    faint: 0.35,
  },
  highContrastLight: {
    background: gray(255),
    foreground: gray(41),
    grid: 0.3,
    line: 1,
    tint: 0,
    faint: 0.5,
  },
  highContrastDark: {
    background: gray(0),
    foreground: gray(255),
    grid: 0.3,
    line: 1,
    tint: 0,
    faint: 0.5,
  },
};

const hues: Record<Hue, { variable: string; fallback: string }> = {
  blue: { variable: '--vscode-charts-blue', fallback: '#0072b2' },
  orange: { variable: '--vscode-charts-orange', fallback: '#d55e00' },
  green: { variable: '--vscode-charts-green', fallback: '#009e73' },
  purple: { variable: '--vscode-charts-purple', fallback: '#cc79a7' },
  red: { variable: '--vscode-charts-red', fallback: '#d00000' },
  yellow: { variable: '--vscode-charts-yellow', fallback: '#e69f00' },
};

/** `variable` gives a CSS variable's text, empty where unset. */
export function toTheme(kind: ThemeKind, variable: (name: string) => string): Theme {
  const base = bases[kind];
  const read = (names: string[], fallback: Colour) => {
    const texts = names.map(variable).filter((text) => text !== '');
    return parseColour(texts[0] ?? '', base.background) ?? fallback;
  };
  const background = read(
    ['--vscode-notebook-editorBackground', '--vscode-editor-background'],
    base.background,
  );
  const foreground = read(['--vscode-editor-foreground', '--vscode-foreground'], base.foreground);
  const toPalette = (ratio: number) =>
    mapValues(hues, ({ variable: name, fallback }) =>
      withContrast(parseOpaque(variable(name)) ?? parseColour(fallback)!, background, ratio),
    );
  const palette = toPalette(3);
  const towards = (share: number) => mix(background, foreground, share);
  return {
    kind,
    background: toCss(background),
    foreground: toCss(foreground),
    muted: toCss(withContrast(towards(0.68), background, kind.startsWith('high') ? 7 : 4.5)),
    line: toCss(withContrast(towards(base.line), background, 3)),
    grid: toCss(towards(base.grid)),
    surface: toCss(towards(base.tint === 0 ? 0 : 0.04)),
    error: toCss(
      withContrast(
        read(['--vscode-errorForeground', '--vscode-charts-red'], parseColour(hues.red.fallback)!),
        background,
        4.5,
      ),
    ),
    focus: toCss(read(['--vscode-focusBorder'], foreground)),
    palette: mapValues(palette, toCss),
    textPalette: mapValues(toPalette(4.5), toCss),
    tint: mapValues(palette, (hue) => toCss(mix(background, hue, base.tint))),
    categories: chartColours[
      kind === 'light' || kind === 'highContrastLight' ? 'light' : 'dark'
    ].map((text) => toCss(withContrast(parseColour(text)!, background, 3))),
    faint: base.faint,
    font: variable('--vscode-font-family') || 'system-ui, sans-serif',
    monospace: variable('--vscode-editor-font-family') || 'ui-monospace, monospace',
  };
}

export function readTheme(element: Element): Theme {
  const body = element.ownerDocument.body;
  const style = getComputedStyle(element);
  const kind =
    kinds.find(({ bodyClass }) => body.classList.contains(bodyClass))?.kind ??
    (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  return toTheme(kind, (name) => style.getPropertyValue(name).trim());
}

/**
 * Calls back after the theme changed. VS Code swaps the body's class and the variables on the root
 * element; both are watched, and a burst of changes is told once. Returns what ends the watch.
 */
export function onThemeChange(document: Document, changed: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(changed, 30);
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}

function mapValues<K extends string, T, U>(
  record: Record<K, T>,
  map: (value: T) => U,
): Record<K, U> {
  const entries = Object.entries<T>(record).map(([key, value]) => [key, map(value)] as const);
  return Object.fromEntries(entries) as Record<K, U>;
}
