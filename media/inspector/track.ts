import type { TraceData } from '../../kernel/contract/trace.js';
import { element } from '../element.js';
import type { Palette } from './scales.js';
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
      const stages = trace.stages.filter(({ layer }) => layer !== undefined).slice(0, mostLayers);
      const shades = (role: 'valueNorm' | 'adjointNorm') =>
        stages.toReversed().map((stage) => {
          const scale =
            role === 'valueNorm' ? scales.stages[trace.stages.indexOf(stage)]! : scales.adjoint;
          const colour = role === 'valueNorm' ? palette.value : palette.adjoint;
          return (norm: number) =>
            Number.isFinite(norm) ? colour(scale.share(norm)).fill : palette.notFinite.fill;
        });
      const series = (role: 'valueNorm' | 'adjointNorm') =>
        stages
          .toReversed()
          .map((stage) =>
            role === 'valueNorm'
              ? stage.valueNorm.data
              : stageAdjoint(trace, trace.stages.indexOf(stage)),
          );
      paintRail(rails.forward, series('valueNorm'), shades('valueNorm'));
      paintRail(rails.backward, series('adjointNorm'), shades('adjointNorm'));
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

function paintRail(
  canvas: HTMLCanvasElement,
  series: readonly Float32Array[],
  shades: readonly ((norm: number) => string)[],
): void {
  const timeSteps = series[0]?.length ?? 1;
  canvas.width = Math.min(timeSteps, mostPixels);
  canvas.height = Math.max(1, series.length);
  const context = canvas.getContext('2d');
  if (!context) return;
  series.forEach((numbers, row) => {
    for (let x = 0; x < canvas.width; x++) {
      const from = Math.floor((x * timeSteps) / canvas.width);
      const end = Math.floor(((x + 1) * timeSteps) / canvas.width);
      context.fillStyle = shades[row]!(largest(numbers, from, end));
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
