import { OptionError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { checkOptions, optional } from '../options.js';
import type { Tensor } from '../tensor.js';

/** A recorded example of what a sequence may consist of. */
export interface Template {
  readonly label: number;
  /** `[S, F]` */
  readonly features: Tensor;
}

/** Options of `matchTemplates`. */
export interface MatchOptions {
  /** Added to the cost for each template: above 0 fewer are found, below 0 more. Default 0. */
  penalty?: number;
}

/** A stretch from..to − 1 of a sequence, and the template that is most like it there. */
export interface TemplateMatch {
  readonly label: number;
  /** Which of the templates. */
  readonly template: number;
  readonly from: number;
  readonly to: number;
}

/** One template while the sequence is read. */
interface Track {
  readonly template: number;
  readonly features: Tensor;
  /** By the template's time step: the least cost of a way there, and where in the sequence its template began. */
  costs: Float64Array;
  starts: Int32Array;
}

/**
 * Reads a sequence as templates one behind the other, with dynamic time warping in each: for recognition of connected
 * words, where it is not known how many there are and where they begin. The cost is the sum of the Euclidean distances of
 * all T time steps to those of the template that they are put together with; from one time step of the sequence to the next
 * a template stands still, goes on by one, or by two:
 *
 *     D_t(j) = ‖x_t − y_j‖ + min(D_{t−1}(j), D_{t−1}(j−1), D_{t−1}(j−2)),   D_{t−1}(−1) = penalty + min over templates of their ends
 *
 * Source: H. Ney, "The use of a one-stage dynamic programming algorithm for connected word recognition", IEEE
 * Transactions on Acoustics, Speech and Signal Processing 32(2), 1984
 *
 * @param sequence `[T, F]`
 * @returns the templates in order, and the cost
 * @throws ShapeError if shapes do not fit, OptionError without templates, or for a sequence too short for any
 */
export function matchTemplates(
  sequence: Tensor,
  templates: readonly Template[],
  options: MatchOptions = {},
): { matches: TemplateMatch[]; cost: number } {
  checkOptions('matchTemplates', options, {
    penalty: optional((value) => (Number.isFinite(value) ? undefined : 'a finite number')),
  });
  const { penalty = 0 } = options;
  checkShapes(sequence, templates);
  const [timeSteps, width] = sequence.shape as [number, number];
  const tracks = templates.map(({ features }, template): Track => {
    const size = features.shape[0]!;
    const costs = new Float64Array(size).fill(Infinity);
    return { template, features, costs, starts: new Int32Array(size) };
  });
  const ends: { cost: number; template: number; from: number }[] = [];
  let before = 0;
  for (let t = 0; t < timeSteps; t++) {
    let best = { cost: Infinity, template: 0, from: 0 };
    for (const track of tracks) {
      advance(track, sequence, t, width, before + penalty);
      const cost = track.costs.at(-1)!;
      if (cost < best.cost) best = { cost, template: track.template, from: track.starts.at(-1)! };
    }
    ends.push(best);
    before = best.cost;
  }
  if (before === Infinity)
    throw new OptionError(
      `matchTemplates: ${timeSteps} time steps are too few for any of the templates`,
    );
  const matches: TemplateMatch[] = [];
  for (let to = timeSteps; to > 0; to = matches[0]!.from) {
    const { template, from } = ends[to - 1]!;
    matches.unshift({ label: templates[template]!.label, template, from, to });
  }
  return { matches, cost: before };
}

/** Reads time step t. From the end to the beginning, so that what is read is still of t − 1. */
function advance(
  { features, costs, starts }: Track,
  sequence: Tensor,
  t: number,
  width: number,
  entry: number,
): void {
  for (let j = costs.length - 1; j >= 0; j--) {
    let [cost, start] = [costs[j]!, starts[j]!];
    for (let k = 1; k <= 2 && k <= j; k++)
      if (costs[j - k]! < cost) [cost, start] = [costs[j - k]!, starts[j - k]!];
    if (j === 0 && entry < cost) [cost, start] = [entry, t];
    costs[j] = cost === Infinity ? cost : cost + distance(sequence, t, features, j, width);
    starts[j] = start;
  }
}

function distance(a: Tensor, i: number, b: Tensor, j: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (a.data[i * width + k]! - b.data[j * width + k]!) ** 2;
  return Math.sqrt(sum);
}

function checkShapes(sequence: Tensor, templates: readonly Template[]): void {
  if (templates.length === 0)
    throw new OptionError('matchTemplates: expected at least one template');
  const width = sequence.shape[1];
  if (sequence.shape.length !== 2 || sequence.size === 0)
    throw new ShapeError(
      `matchTemplates: sequence is ${showShape(sequence.shape)}, expected [T, F] with a time step at least`,
    );
  templates.forEach(({ features }, i) => {
    if (features.shape.length !== 2 || features.shape[1] !== width || features.size === 0)
      throw new ShapeError(
        `matchTemplates: template ${i} is ${showShape(features.shape)}, expected [S, ${width}] with a time step at least`,
      );
  });
}
