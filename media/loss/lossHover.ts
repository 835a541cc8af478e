import { element } from '../element.js';
import { formatCount, formatDuration, formatValue } from '../format.js';
import { createTooltip } from '../tooltip.js';
import { place, valueAt } from './axes.js';
import type { Line, LossOptions } from './lines.js';
import { moveReading, type Reading } from './readings.js';
import type { LossDrawing } from './rows.js';
import { lossPadding } from './spec.js';

interface Chart {
  lines(): readonly Line[];
  drawing(): LossDrawing | undefined;
  /** The place that is read has changed. */
  moved(): void;
}

/** Reads the chart where the pointer is, or where arrow keys have moved. */
export interface LossHover {
  /** Value on the horizontal axis, or undefined where nothing is read. */
  at(): number | undefined;
  show(reading: Reading | undefined, colours: readonly string[], options: LossOptions): void;
  clear(): void;
  dispose(): void;
}

const keys: Record<string, (large: boolean) => number> = {
  ArrowLeft: (large) => (large ? -10 : -1),
  ArrowRight: (large) => (large ? 10 : 1),
  PageUp: () => -50,
  PageDown: () => 50,
  Home: () => -Infinity,
  End: () => Infinity,
};

export function createLossHover(stage: HTMLElement, chart: Chart): LossHover {
  const tooltip = createTooltip();
  const spoken = element('div', { class: 'hidden', attributes: { 'aria-live': 'polite' } });
  stage.append(tooltip.box, spoken);
  const listening = new AbortController();
  let at: number | undefined;
  let byKeyboard = false;

  const move = (value: number | undefined, keyboard: boolean) => {
    if (value === undefined && at === undefined) return;
    at = value;
    byKeyboard = keyboard;
    chart.moved();
  };
  const toValue = (event: PointerEvent): number | undefined => {
    const drawing = chart.drawing();
    if (!drawing) return undefined;
    const share =
      (event.clientX - stage.getBoundingClientRect().left - lossPadding.left) / drawing.plot.width;
    return share < -0.02 || share > 1.02 ? undefined : valueAt(drawing.x, share);
  };
  const { signal } = listening;
  stage.addEventListener('pointermove', (event) => move(toValue(event), false), { signal });
  stage.addEventListener('pointerleave', () => move(undefined, false), { signal });
  stage.addEventListener('blur', () => byKeyboard && move(undefined, false), { signal });
  stage.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Escape') {
        move(undefined, true);
        return;
      }
      const by = keys[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      move(moveReading(chart.lines(), at, by(event.shiftKey)), true);
    },
    { signal },
  );

  return {
    at: () => at,
    clear: () => {
      at = undefined;
      tooltip.hide();
    },
    dispose: () => listening.abort(),
    show: (reading, colours, options) => {
      const drawing = chart.drawing();
      if (!reading || !drawing) {
        tooltip.hide();
        return;
      }
      tooltip.show(toTooltip(reading, colours, options), {
        x: lossPadding.left + place(drawing.x, reading.x) * drawing.plot.width,
        y: lossPadding.top + 4,
        width: stage.clientWidth,
      });
      if (byKeyboard) spoken.textContent = toSpoken(reading);
    },
  };
}

function toTooltip(
  reading: Reading,
  colours: readonly string[],
  { smoothing }: LossOptions,
): HTMLElement[] {
  const lead = `Step ${formatCount(reading.step)}`;
  const rows = reading.values.map(({ name, colour, measured, shown, step }) => {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = colours[colour] ?? 'currentColor';
    const smoothed = smoothing > 0 && shown !== measured;
    const details = [
      ...(smoothed ? [`${formatValue(shown)} smoothed`] : []),
      ...(step === reading.step ? [] : [`at step ${formatCount(step)}`]),
    ];
    return element('tr', {
      children: [
        element('td', { children: [swatch, document.createTextNode(name)] }),
        element('td', { class: 'number', text: formatValue(measured) }),
        element('td', { class: 'rest', text: details.join(', ') }),
      ],
    });
  });
  return [
    element('div', {
      children: [
        element('span', { class: 'lead', text: lead }),
        element('span', { class: 'rest', text: `  ·  ${formatDuration(reading.seconds)}` }),
      ],
    }),
    element('table', { attributes: { role: 'presentation' }, children: rows }),
  ];
}

function toSpoken(reading: Reading): string {
  const values = reading.values.map(({ name, measured }) => `${name} ${formatValue(measured)}`);
  return `Step ${formatCount(reading.step)}, ${formatDuration(reading.seconds)}: ${values.join(', ')}`;
}
