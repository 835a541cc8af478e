import type { TraceData } from '../../kernel/contract/trace.js';
import { spanOf, type Span } from '../../kernel/contract/traceSpan.js';
import { element } from '../element.js';
import type { Palette } from './scales.js';
import { shelvesOf } from './layout.js';
import { stageAdjoint } from './stageAdjoint.js';
import type { TraceScales } from './traceScales.js';
import type { Place } from './walk.js';

interface TrackActions {
  /** To a time step in a phase, or to the loss between them. */
  seek(phase: 'forward' | 'backward', t: number): void;
}

/**
 * The whole walk on two rails over one time axis: forward above, left to right; backward below, right to
 * left. Both show every time step as shades, so a gradient that dies is seen at once.
 */
export interface Track {
  root: HTMLElement;
  /** Shades; after a change of trace or theme. */
  paint(trace: TraceData, scales: TraceScales, palette: Palette): void;
  show(place: Place, window: { first: number; count: number }, spoken: string): void;
  setRange(index: number, length: number): void;
  dispose(): void;
}

/** A canvas may not be wider; more time steps share a pixel, which shows the largest of them. */
const mostPixels = 2_000;
const mostLayers = 12;

export function createTrack(actions: TrackActions): Track {
  const rails = { forward: element('canvas'), backward: element('canvas') };
  const thumb = element('div', { class: 'thumb' });
  const pane = element('div', { class: 'pane' });
  const root = element('div', {
    class: 'rails',
    attributes: {
      role: 'slider',
      tabindex: '0',
      'aria-label': 'Walk through time',
      'aria-valuemin': '0',
    },
    children: [
      element('div', { class: 'rail forward', children: [rails.forward] }),
      element('div', { class: 'rail backward', children: [rails.backward] }),
      pane,
      thumb,
    ],
  });
  let timeSteps = 1;
  const listening = new AbortController();
  const { signal } = listening;
  const seek = (event: PointerEvent) => {
    const box = root.getBoundingClientRect();
    const t = Math.floor(((event.clientX - box.left) / box.width) * timeSteps);
    const phase = event.clientY < box.top + box.height / 2 ? 'forward' : 'backward';
    actions.seek(phase, Math.min(timeSteps - 1, Math.max(0, t)));
  };
  root.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      root.setPointerCapture(event.pointerId);
      seek(event);
    },
    { signal },
  );
  root.addEventListener(
    'pointermove',
    (event) => {
      if (root.hasPointerCapture(event.pointerId)) seek(event);
    },
    { signal },
  );
  return {
    root,
    paint: (trace, scales, palette) => {
      timeSteps = trace.timeSteps;
      const shelves = shelvesOf(trace, recurrentStages(trace)).slice(0, mostLayers).reverse();
      const lines = (role: 'valueNorm' | 'adjointNorm') =>
        shelves.map((shelf) => shelf.map((stage) => toPart(trace, stage, role, scales, palette)));
      paintRail(rails.forward, timeSteps, lines('valueNorm'));
      paintRail(rails.backward, timeSteps, lines('adjointNorm'));
    },
    show: (place, window, spoken) => {
      const isWhole = window.count >= timeSteps;
      pane.hidden = isWhole;
      pane.style.left = `${(100 * window.first) / timeSteps}%`;
      pane.style.width = `${(100 * window.count) / timeSteps}%`;
      const t = 't' in place ? place.t + 0.5 : place.phase === 'loss' ? timeSteps : 0;
      thumb.className = `thumb ${place.phase}`;
      thumb.style.left = `${(100 * t) / timeSteps}%`;
      root.setAttribute('aria-valuetext', spoken);
    },
    setRange: (index, length) => {
      root.setAttribute('aria-valuemax', String(length - 1));
      root.setAttribute('aria-valuenow', String(index));
    },
    dispose: () => listening.abort(),
  };
}

const recurrentStages = ({ stages }: TraceData): number[] =>
  stages.flatMap(({ layer }, stage) => (layer === undefined ? [] : [stage]));

/** What one layer gives to a line of a rail: over the time steps at which it runs. */
interface Part {
  span: Span;
  numbers: Float32Array;
  shade: (norm: number) => string;
}

function toPart(
  trace: TraceData,
  stage: number,
  role: 'valueNorm' | 'adjointNorm',
  scales: TraceScales,
  palette: Palette,
): Part {
  const isValue = role === 'valueNorm';
  const scale = isValue ? scales.stages[stage]! : scales.adjoint;
  const colour = isValue ? palette.value : palette.adjoint;
  return {
    span: spanOf(trace, trace.stages[stage]!),
    numbers: isValue ? trace.stages[stage]!.valueNorm.data : stageAdjoint(trace, stage),
    shade: (norm) =>
      Number.isFinite(norm) ? colour(scale.share(norm)).fill : palette.notFinite.fill,
  };
}

/** @param lines highest first; the parts of a line run after each other */
function paintRail(
  canvas: HTMLCanvasElement,
  timeSteps: number,
  lines: readonly (readonly Part[])[],
): void {
  canvas.width = Math.min(timeSteps, mostPixels);
  canvas.height = Math.max(1, lines.length);
  const context = canvas.getContext('2d');
  if (!context) return;
  lines.forEach((parts, row) => {
    for (let x = 0; x < canvas.width; x++) {
      const from = Math.floor((x * timeSteps) / canvas.width);
      const end = Math.floor(((x + 1) * timeSteps) / canvas.width);
      const part = parts.find(({ span }) => from >= span.start && from < span.end);
      if (!part) continue;
      context.fillStyle = part.shade(largest(part.numbers, from, end));
      context.fillRect(x, row, 1, 1);
    }
  });
}

/** NaN and infinity count as largest: they must be seen. */
function largest(numbers: Float32Array, from: number, end: number): number {
  let most = 0;
  for (let i = from; i < end; i++) {
    if (!Number.isFinite(numbers[i]!)) return numbers[i]!;
    most = Math.max(most, Math.abs(numbers[i]!));
  }
  return most;
}
