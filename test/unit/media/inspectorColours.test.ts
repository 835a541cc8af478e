import assert from 'node:assert/strict';
import { type Colour, parseColour } from '../../../media/colour.js';
import { toPalette } from '../../../media/inspector/scales.js';
import { toTheme } from '../../../media/theme.js';
import { dichromacies, type Matrix } from './dichromacies.js';

const identity: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const linear = (channel: number): number =>
  channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;

/** CIE L*a*b* (D65) of a colour as it is seen with a dichromacy. */
function lab({ red, green, blue }: Colour, matrix: Matrix) {
  const rgb = [red, green, blue].map(linear);
  const [r, g, b] = matrix.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, weight, at) => sum + weight * rgb[at]!, 0),
      ),
    ),
  ) as [number, number, number];
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, at) => value - b[at]!));

describe('colours of the inspector', () => {
  for (const kind of ['light', 'dark', 'highContrastLight', 'highContrastDark'] as const)
    for (const [name, matrix] of Object.entries({ ...dichromacies, none: identity }))
      it(`tell values from adjoints, and more from less, in ${kind} with ${name}`, () => {
        const palette = toPalette(toTheme(kind, () => ''));
        const seen = (fill: string) => lab(parseColour(fill)!, matrix);
        for (const share of [0.5, 0.75, 1]) {
          const [value, adjoint] = [palette.value(share), palette.adjoint(share)];
          const apart = distance(seen(value.fill), seen(adjoint.fill));
          assert.ok(apart > 25, `value and adjoint at ${share}: ΔE ${apart.toFixed(1)}`);
        }
        for (const scale of [palette.value, palette.adjoint]) {
          const light = [0, 0.25, 0.5, 0.75, 1].map((share) => seen(scale(share).fill)[0]!);
          const steps = light.slice(1).map((one, at) => one - light[at]!);
          assert.ok(
            steps.every((step) => Math.sign(step) === Math.sign(steps[0]!) && Math.abs(step) > 3),
            `lightness ${light.map((one) => one.toFixed(0)).join(' ')}`,
          );
        }
        for (const size of [0.5, 1]) {
          const apart = distance(seen(palette.signed(size).fill), seen(palette.signed(-size).fill));
          assert.ok(apart > 25, `+${size} and −${size}: ΔE ${apart.toFixed(1)}`);
        }
      });
});
