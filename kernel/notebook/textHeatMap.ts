/** A text with a number under each of its pieces, drawn as the piece's background. */
import { OptionError, ShapeError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { escapeHtml } from './escapeHtml.js';
import { heatColours, toIntensity } from './heatMap.js';
import { Media } from './mimeBundle.js';

/** Options of `textHeatMap`. */
export interface TextHeatMapOptions {
  /** Stands above the text. */
  title?: string;
  /** The value that is drawn strongest, in either sign. Default: the values' own range. */
  limit?: number;
  /** Text of source code keeps its columns; prose is set as prose. Default true. */
  monospace?: boolean;
}

/** Levels of a colour; pieces of one level that stand side by side share an element. */
const levels = 10;

/**
 * Lays a colour behind each piece of a text (a character, a token, a word): blue above zero, orange below, stronger for
 * larger values, nothing for zero. Where all values have one sign, from the smallest to the largest.
 *
 * @param pieces the text, cut into pieces that stand side by side; spaces and line breaks are kept
 * @param values a number for each piece
 * @throws ShapeError unless there are as many values as pieces, OptionError for values that are no numbers
 */
export function textHeatMap(
  pieces: readonly string[] | string,
  values: ArrayLike<number>,
  options: TextHeatMapOptions = {},
): Media {
  const text = (value: unknown) => (typeof value === 'string' ? undefined : 'a text');
  checkOptions('textHeatMap', options, {
    title: optional(text),
    limit: optional(is.positive),
    monospace: optional(is.boolean),
  });
  const all = typeof pieces === 'string' ? Array.from(pieces) : pieces;
  if (all.length !== values.length)
    throw new ShapeError(
      `textHeatMap: got ${values.length} values for ${all.length} pieces of text, expected one for each`,
    );
  const numbers = Array.from(values);
  const odd = numbers.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new OptionError(`textHeatMap: expected finite values, got ${odd}`);
  const { title, limit, monospace = true } = options;
  const intensity =
    limit === undefined
      ? toIntensity(
          numbers.reduce((a, b) => Math.min(a, b), Infinity),
          numbers.reduce((a, b) => Math.max(a, b), -Infinity),
        )
      : (value: number) => value / limit;
  const heading = title === undefined ? '' : `<div><b>${escapeHtml(title)}</b></div>`;
  const font = monospace ? 'font-family:var(--vscode-editor-font-family,monospace);' : '';
  return new Media({
    'text/html':
      `<div class="unroll-text-heat-map">${heading}` +
      `<div style="${font}white-space:pre-wrap;line-height:1.5">${spans(all, numbers.map(intensity))}</div></div>`,
    'text/plain': all.join(''),
  });
}

function spans(pieces: readonly string[], intensities: readonly number[]): string {
  const levelOf = (i: number): number =>
    Math.round(levels * Math.max(-1, Math.min(1, intensities[i]!)));
  let html = '';
  for (let i = 0; i < pieces.length;) {
    const level = levelOf(i);
    let text = '';
    while (i < pieces.length && levelOf(i) === level) text += pieces[i++]!;
    html +=
      level === 0
        ? escapeHtml(text)
        : `<span style="background:${colourOf(level)}">${escapeHtml(text)}</span>`;
  }
  return html;
}

/** Never opaque, so that the text stays readable in light and dark. */
function colourOf(level: number): string {
  const colour = level < 0 ? heatColours.negative : heatColours.positive;
  const opacity = Math.round(0.62 * 255 * (Math.abs(level) / levels));
  return `${colour}${opacity.toString(16).padStart(2, '0')}`;
}
