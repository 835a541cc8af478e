import type { TraceData } from '../../kernel/contract/trace.js';
import { element } from '../element.js';
import { formatValue } from '../format.js';
import type { Palette } from './scales.js';
import type { TraceScales } from './traceScales.js';

/** A bar of shades with what its ends mean. */
export function legendElement(
  title: string,
  low: string,
  high: string,
  colour: (share: number) => string,
): HTMLElement {
  const bar = element('i');
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => colour(share));
  bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  return element('span', {
    class: 'legend',
    children: [document.createTextNode(`${title}: ${low}`), bar, document.createTextNode(high)],
  });
}

/** What the shades of cells and the widths of edges mean. */
export function pictureLegends(
  trace: TraceData,
  scales: TraceScales,
  palette: Palette,
): HTMLElement[] {
  const words = (text: string) => element('span', { class: 'legend', text });
  return [
    legendElement('value', '0', 'largest of its row', (share) => palette.value(share).fill),
    legendElement(
      'adjoint norm, log',
      formatValue(scales.adjoint.low),
      formatValue(scales.adjoint.high),
      (share) => palette.adjoint(share).fill,
    ),
    ...(trace.attention
      ? [words('attention: as wide as the weight, coming back as the adjoint')]
      : []),
  ];
}
