import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { toBase64 } from './base64.js';
import { escapeHtml } from './escapeHtml.js';
import { Media } from './mimeBundle.js';
import { startsWith } from './startsWith.js';

/** Options of `image`. */
export interface ImageOptions {
  /** What the picture shows, for those who don't see it. */
  alt?: string;
  /** Width on the page, in CSS pixels; the picture's own where left out. */
  width?: number;
}

/** How each file begins. Source: the "magic numbers" of each format's specification. */
const formats: { name: string; mime: string; signature: string; at?: number }[] = [
  { name: 'PNG', mime: 'image/png', signature: '\x89PNG\r\n\x1a\n' },
  { name: 'JPEG', mime: 'image/jpeg', signature: '\xff\xd8\xff' },
  { name: 'GIF', mime: 'image/gif', signature: 'GIF8' },
  { name: 'WebP', mime: 'image/webp', signature: 'WEBP', at: 8 },
];
/** What VS Code shows by itself. */
const shownAlone = new Set(['image/png', 'image/jpeg', 'image/gif']);

/**
 * A picture to show: the bytes of a PNG, JPEG, GIF or WebP file.
 * @throws OptionError if the bytes are none of these
 */
export function image(bytes: Uint8Array | ArrayBuffer, options: ImageOptions = {}): Media {
  checkOptions('image', options, {
    alt: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
    width: optional(is.positive),
  });
  const data = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  const format =
    data instanceof Uint8Array &&
    formats.find(({ signature, at }) => startsWith(data, signature, at));
  if (!format)
    throw new OptionError(
      `image: expected the bytes of a PNG, JPEG, GIF or WebP file, got ${describe(bytes)}`,
    );
  const { name, mime } = format;
  const text = `${name} picture${sizeOf(data, name)}${options.alt === undefined ? '' : `: ${options.alt}`}`;
  const copy = data.slice();
  if (options.alt === undefined && options.width === undefined && shownAlone.has(mime))
    return new Media({ [mime]: copy, 'text/plain': text });
  const width = options.width === undefined ? '' : ` width="${options.width}"`;
  const source = `data:${mime};base64,${toBase64(data)}`;
  return new Media({
    'text/html': `<img src="${source}" alt="${escapeHtml(options.alt ?? text)}"${width}>`,
    'text/plain': text,
  });
}

/** A PNG says its size at a fixed place: https://www.w3.org/TR/png/#11IHDR */
function sizeOf(bytes: Uint8Array, name: string): string {
  if (name !== 'PNG' || bytes.length < 24) return '';
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return ` of ${view.getUint32(16)} × ${view.getUint32(20)} pixels`;
}

function describe(value: unknown): string {
  if (!(value instanceof Uint8Array) && !(value instanceof ArrayBuffer)) return typeof value;
  return `${value.byteLength} other bytes`;
}
