import assert from 'node:assert/strict';
import { chartColours } from '../../../kernel/contract/chartColours.js';
import { type Colour, contrast, parseColour } from '../../../media/colour.js';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const times = (matrix: Matrix, [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;

/** G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE TVCG 15(6), 2009, severity 1, on linear sRGB. */
const eyes: Record<string, Matrix> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

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

    for (const [eye, matrix] of Object.entries(eyes))
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
