import type { Point } from './rankedLayout.js';

const samples = 12;

/** Points of a line that goes through `points` level at each, like a cable: S-curves between heights. */
export function smoothLevel(points: readonly Point[]): Point[] {
  return points.flatMap((to, index) => {
    const from = points[index - 1];
    if (!from) return [to];
    if (Math.abs(to.y - from.y) < 0.5 || Math.abs(to.x - from.x) < 0.5) return [to];
    const middle = (from.x + to.x) / 2;
    return bezier(from, { x: middle, y: from.y }, { x: middle, y: to.y }, to);
  });
}

/** Points of a line with straight stretches whose corners are rounded. */
export function roundCorners(points: readonly Point[], radius: number): Point[] {
  return points.flatMap((corner, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    if (!before || !after) return [corner];
    const start = towards(corner, before, radius);
    const end = towards(corner, after, radius);
    return [start, ...bezier(start, corner, corner, end)];
  });
}

/** The line without its last `by` pixels, so that it ends inside an arrow head and not at its tip. */
export function shortenEnd(points: readonly Point[], by: number): Point[] {
  const last = points.at(-1);
  const before = last && beforeEnd(points, last, by);
  if (!before) return [...points];
  const kept = points.slice(0, points.lastIndexOf(before) + 1);
  const length = distance(before, last);
  return [...kept, between(last, before, by / length)];
}

/** Direction of the line's end in degrees, clockwise from rightwards. */
export function endAngle(points: readonly Point[]): number {
  const last = points.at(-1);
  const before = last && beforeEnd(points, last, 1);
  if (!before) return 0;
  return (Math.atan2(last.y - before.y, last.x - before.x) * 180) / Math.PI;
}

/** The last point that is not all but at the end: points may coincide, or nearly. */
function beforeEnd(points: readonly Point[], last: Point, away: number): Point | undefined {
  return points.findLast((point) => distance(point, last) >= away);
}

/** At most half-way. */
function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to);
  return length === 0 ? from : between(from, to, Math.min(0.5, by / length));
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Cubic Bézier curve without its first point. */
function bezier(a: Point, b: Point, c: Point, d: Point): Point[] {
  return Array.from({ length: samples }, (_, index) => {
    const t = (index + 1) / samples;
    const u = 1 - t;
    const mix = (axis: 'x' | 'y') =>
      u ** 3 * a[axis] + 3 * u * u * t * b[axis] + 3 * u * t * t * c[axis] + t ** 3 * d[axis];
    return { x: mix('x'), y: mix('y') };
  });
}
