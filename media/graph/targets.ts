import type { GraphPayload } from '../../kernel/contract/mime.js';
import type { Box } from '../box.js';
import { formatShape } from '../format.js';
import { toVisibleText } from '../visibleText.js';
import { boxOf, type GraphLayout } from './layout.js';

/** Something in the picture that can be pointed at, focused and read. */
export interface Target {
  box: Box;
  /** Unique among the targets of a layout, and the same in the next layout. */
  key: string;
  cell?: { layer: number; t: number };
  /** Present where it can be expanded. */
  expanded?: boolean;
  /** What the tooltip and a screen reader say: a name, then details. */
  lines: string[];
  /** The first line is an equation. */
  equation: boolean;
}

export function toTargets(payload: GraphPayload, layout: GraphLayout): Target[] {
  const cells = layout.columns.flatMap((column) =>
    [...layout.rows].reverse().map((row): Target => {
      const layer = payload.layers[row.layer]!;
      const expanded = layout.detail?.layer === row.layer && layout.detail.t === column.t;
      return {
        box: boxOf(row, column),
        key: `${row.layer} ${column.t}`,
        cell: { layer: row.layer, t: column.t },
        ...(layer.cell ? { expanded } : {}),
        lines: [
          `${layer.name}, t = ${column.t}`,
          `${layer.type} ${formatShape(layer.inputShape)} → ${formatShape(layer.outputShape)}`,
          ...tokenLine(payload, column.t),
          ...(layer.cell ? [expanded ? 'Expanded' : 'Click or Enter shows the gates inside'] : []),
        ],
        equation: false,
      };
    }),
  );
  const { detail } = layout;
  const operations = (detail?.layout.operations ?? []).map((operation): Target => {
    const { node, x, y, parameters } = operation;
    const width = Math.max(operation.width, 14);
    const height = Math.max(operation.height, 14);
    return {
      box: { x: detail!.box.x + x - width / 2, y: detail!.box.y + y - height / 2, width, height },
      key: `operation ${node.id}`,
      lines: [
        node.equation,
        `${node.op ?? 'operation'} → ${formatShape(node.shape)}`,
        ...(parameters.length > 0 ? [`reads ${parameters.join(', ')}`] : []),
      ],
      equation: true,
    };
  });
  return [...cells, ...operations];
}

function tokenLine({ inputs, outputs }: GraphPayload, t: number): string[] {
  const input = inputs?.[t];
  const output = outputs?.[t];
  const parts = [
    ...(input === undefined ? [] : [`reads ${toVisibleText(input)}`]),
    ...(output === undefined ? [] : [`gives ${toVisibleText(output)}`]),
  ];
  return parts.length > 0 ? [parts.join(', ')] : [];
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/**
 * The target that an arrow key leads to: the nearest whose middle lies in that direction, where going off
 * the straight line costs double. Undefined at the edge.
 */
export function nextTarget(
  targets: readonly Target[],
  from: Target,
  direction: Direction,
): Target | undefined {
  const start = middleOf(from.box);
  let best: { target: Target; cost: number } | undefined;
  for (const target of targets) {
    if (target === from) continue;
    const end = middleOf(target.box);
    const [right, down] = [end.x - start.x, end.y - start.y];
    const ahead = { left: -right, right, up: -down, down }[direction];
    const aside = Math.abs(direction === 'left' || direction === 'right' ? down : right);
    if (ahead < 4 || aside > ahead * 3) continue;
    const cost = ahead + 2 * aside;
    if (!best || cost < best.cost) best = { target, cost };
  }
  return best?.target;
}

function middleOf({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
