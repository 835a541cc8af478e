import { changeset, truthy, type View } from 'vega';
import type { Row } from './vegaView.js';

/**
 * Gives a data set of a view other rows. Where there are as many as before, and of the same fields, what differs is
 * changed in place, so that Vega draws that alone: a step of a walk changes a few of hundreds.
 *
 * @param live what the last call returned for this data set of this view: the rows as the view holds them
 */
export function putRows(
  view: View,
  name: string,
  live: Row[] | undefined,
  rows: readonly Row[],
): Row[] {
  if (live && areOfOneKind(live, rows)) {
    const changes = changeset();
    let count = 0;
    rows.forEach((row, index) => {
      const held = live[index]!;
      for (const field of Object.keys(row))
        if (held[field] !== row[field]) {
          changes.modify(held, field, row[field]);
          count++;
        }
    });
    if (count > 0) view.change(name, changes);
    return live;
  }
  // The view writes into its rows: they are not the caller's.
  const held = rows.map((row) => ({ ...row }));
  view.change(name, changeset().remove(truthy).insert(held));
  return held;
}

/** Vega adds a symbol to its rows, which is no field. */
function areOfOneKind(live: readonly Row[], rows: readonly Row[]): boolean {
  return (
    live.length === rows.length &&
    rows.every((row, index) => {
      const held = live[index]!;
      const fields = Object.keys(row);
      return fields.length === Object.keys(held).length && fields.every((field) => field in held);
    })
  );
}
