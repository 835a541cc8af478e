import assert from 'node:assert/strict';
import { chartColours } from '../../../kernel/contract/chartColours.js';
import { type Colour, contrast, parseColour } from '../../../media/colour.js';
import { dichromacies, type Matrix } from './dichromacies.js';

type Triple = readonly [number, number, number];

const times = (matrix: Matrix, [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;

/** B. Ottosson, "A perceptual color space for image processing", 2020. */
function toOklab(linear: Triple): Triple {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    linear,
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map((value) => Math.cbrt(Math.max(0, value))) as unknown as Triple,
  );
}

const toLinear = ({ red, green, blue }: Colour): Triple =>
  [red, green, blue].map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;

function distance(a: string, b: string, eye: Matrix): number {
  const [one, two] = [a, b].map((text) => {
    const seen = times(eye, toLinear(parseColour(text)!));
    return toOklab(seen.map((value) => Math.min(1, Math.max(0, value))) as unknown as Triple);
  }) as [Triple, Triple];
  return Math.hypot(...one.map((value, k) => value - two[k]!));
}

const backgrounds = { light: ['#ffffff'], dark: ['#1f1f1f'], either: ['#ffffff', '#1f1f1f'] };

describe('the colours of charts', () => {
  for (const [where, colours] of Object.entries(chartColours)) {
    it(`${where}: have a contrast of 3 : 1 with their background`, () => {
      for (const background of backgrounds[where as keyof typeof backgrounds])
        for (const colour of colours) {
          const ratio = contrast(parseColour(colour)!, parseColour(background)!);
          assert.ok(ratio >= 3, `${colour} on ${background}: ${ratio.toFixed(2)}`);
        }
    });

    for (const [eye, matrix] of Object.entries(dichromacies))
      it(`${where}: can be told apart with ${eye}`, () => {
        colours.forEach((a, i) =>
          colours.slice(0, i).forEach((b) => {
            const apart = distance(a, b, matrix);
            assert.ok(apart >= 0.06, `${a} and ${b}: ${apart.toFixed(3)}`);
          }),
        );
      });
  }
});
