import type { Box } from '../box.js';
import { formatValue } from '../format.js';
import { columnsOf, type InspectorLayout } from './layout.js';
import { nameOf } from './timedNames.js';
import { stageAdjoint } from './stageAdjoint.js';
import type { Layer, Walk } from './walk.js';

/** Something in the picture that can be clicked and says what it is. */
export interface Target {
  box: Box;
  key: string;
  does:
    | { kind: 'cell'; layer: number; t: number }
    | { kind: 'node'; node: number }
    | { kind: 'breakpoint'; t: number };
  lines: string[];
}

/** @param inside the layer and time step whose inside is shown */
export function toTargets(
  walk: Walk,
  layout: InspectorLayout,
  inside: { layer: Layer; t: number } | undefined,
  breakpoints: ReadonlySet<number>,
): Target[] {
  return [
    ...cellTargets(walk, layout),
    ...stepTargets(layout, breakpoints),
    ...(inside ? nodeTargets(layout, inside) : []),
  ];
}

const stepsOf = new WeakMap<InspectorLayout, { breakpoints: string; targets: Target[] }>();

/** The same until a breakpoint is set or taken away. */
function stepTargets(layout: InspectorLayout, steps: ReadonlySet<number>): Target[] {
  const breakpoints = [...steps].join();
  const known = stepsOf.get(layout);
  if (known?.breakpoints === breakpoints) return known.targets;
  const targets = layout.columns.map(({ t, x, width }): Target => ({
    box: { x: x - 2, y: layout.indexY - 9, width: width + 4, height: 24 },
    key: `time ${t}`,
    does: { kind: 'breakpoint', t },
    lines: [`t = ${t}`, steps.has(t) ? 'Click removes the breakpoint' : 'Click sets a breakpoint'],
  }));
  stepsOf.set(layout, { breakpoints, targets });
  return targets;
}

const cellsOf = new WeakMap<InspectorLayout, Target[]>();

/** The same at every stop, so made once for a layout. */
function cellTargets(walk: Walk, layout: InspectorLayout): Target[] {
  const known = cellsOf.get(layout) ?? makeCellTargets(walk, layout);
  cellsOf.set(layout, known);
  return known;
}

function makeCellTargets({ trace }: Walk, layout: InspectorLayout): Target[] {
  return layout.rows.flatMap((row) => {
    const stage = trace.stages[row.stage]!;
    return columnsOf(layout, row).flatMap(({ t, x, width }): Target[] => {
      if (row.layer === undefined) return [];
      const layer = trace.layers[row.layer]!;
      return [
        {
          box: { x, y: row.y, width, height: row.height },
          key: `cell ${row.layer} ${t}`,
          does: { kind: 'cell', layer: row.layer, t },
          lines: [
            `${stage.name}, t = ${t}`,
            `value ${numberText(stage.valueNorm.data[t]!)}, adjoint ${numberText(stageAdjoint(trace, row.stage)[t]!)}`,
            ...layer.states.map(
              ({ name, carried }) =>
                `adjoint of ${name} from the next step ${numberText(carried.data[t]!)}`,
            ),
          ],
        },
      ];
    });
  });
}

function nodeTargets(
  { inside }: InspectorLayout,
  { layer, t }: { layer: Layer; t: number },
): Target[] {
  if (!inside) return [];
  const { box, scale } = inside;
  return inside.layout.operations.map(({ node, x, y, width, height }) => {
    const index = inside.cell.nodeOf(node.id)!;
    const own = layer.nodes[index]!;
    const [w, h] = [Math.max(16, width) * scale, Math.max(16, height) * scale];
    return {
      box: { x: box.x + x * scale - w / 2, y: box.y + y * scale - h / 2, width: w, height: h },
      key: `node ${nameOf(own)} ${index}`,
      does: { kind: 'node', node: index },
      lines: [
        own.equation,
        `value ${numberText(own.valueNorm.data[own.once ? 0 : t]!)}, adjoint ${numberText(own.adjointNorm.data[t]!)}`,
      ],
    };
  });
}

const numberText = (norm: number): string => formatValue(Number.isFinite(norm) ? norm : null);
