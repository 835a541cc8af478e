import type { TraceData } from '../../kernel/contract/trace.js';
import type { Row } from '../vegaView.js';
import type { InspectorLayout } from './layout.js';
import type { Palette } from './scales.js';
import type { TraceScales } from './traceScales.js';
import type { Place, Walk } from './walk.js';

/** What colours show: values going forward and adjoints coming back as the walk goes, or one of the two. */
export type Colouring = 'phase' | 'value' | 'adjoint';

export interface PictureState {
  index: number;
  place: Place;
  colouring: Colouring;
  breakpoints: ReadonlySet<number>;
  /** Cells with a number that was edited. */
  edited: readonly { layer: number; t: number }[];
}

export interface PictureColours {
  palette: Palette;
  foreground: string;
  muted: string;
  line: string;
  /** Of edges as wide as something: what flows forward, what flows back. */
  valueLine: string;
  adjointLine: string;
  background: string;
  band: string;
  breakpoint: string;
  edited: string;
}

/** Everything that the rows of a picture follow from. */
export interface Scene {
  trace: TraceData;
  walk: Walk;
  layout: InspectorLayout;
  scales: TraceScales;
  state: PictureState;
  colours: PictureColours;
}

/** Lines and the arrow heads at their ends, which are drawn over them. */
export interface Arrows {
  lines: Row[];
  heads: Row[];
}

export const joinArrows = (parts: readonly Arrows[]): Arrows => ({
  lines: parts.flatMap(({ lines }) => lines),
  heads: parts.flatMap(({ heads }) => heads),
});
