import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';

/** Columns of one panel of packed weights: two vectors of four float32. */
export const panelColumns = 8;
export const panelBytes = panelColumns * 4;

/** Numbers that a matrix takes when its columns are packed in panels. */
export const packedLength = (columns: number, depth: number): number =>
  Math.ceil(columns / panelColumns) * panelColumns * depth;

/** A length that whole panels can be read from. */
export const paddedLength = (columns: number): number => packedLength(columns, 1);

const i32 = (count: number) => Array<'i32'>(count).fill('i32');

/**
 * Adds the copies of matrices that products read to a module. All arguments are i32; addresses and leading dimensions (ld…) are in bytes.
 *
 * `packTransposed(target, w, ldw, rows, depth)`: Wᵀ `[depth, rows]` in panels, for x·Wᵀ.
 * `packStraight(target, w, ldw, rows, depth)`: W `[rows, depth]` in panels, for g·W.
 *
 * @returns packs one panel: `(target, source, ld, rows)`
 */
export function definePacking(module: ModuleBuilder): FunctionBuilder {
  const packPanel = definePackPanel(module);
  definePackStraight(module, packPanel);
  definePackTransposed(module);
  return packPanel;
}

/** `(target, source, ld, rows)`: eight columns of `rows` rows, one row after another. */
function definePackPanel(module: ModuleBuilder): FunctionBuilder {
  return module.define(undefined, i32(4), (f, target, source, ld, rows) => {
    const row = f.local('i32');
    f.countTo(row, rows, 1, () => {
      for (const half of [0, 16])
        f.get(target).get(source).memory('v128_load', half).memory('v128_store', half);
      f.advance(target, panelBytes);
      f.advance(source, ld);
    });
  });
}

function definePackStraight(module: ModuleBuilder, packPanel: FunctionBuilder): void {
  module.define('packStraight', i32(5), (f, target, w, ldw, rows, depth) => {
    const [j, full, column, to, from, row] = f.locals('i32', 6);
    f.get(depth).i32(-panelColumns).op('i32_and').set(full!);
    f.countTo(j!, full!, panelColumns, () => {
      f.get(target).get(w).get(ldw).get(rows).call(packPanel);
      f.get(rows).i32(panelBytes).op('i32_mul').get(target).op('i32_add').set(target);
      f.advance(w, panelBytes);
    });
    // Columns beyond the last full panel; its other columns stay zero.
    f.get(full!).set(column!);
    f.countTo(column!, depth, 1, () => {
      f.get(target).set(to!).get(w).set(from!).i32(0).set(row!);
      f.countTo(row!, rows, 1, () => {
        f.get(to!).get(from!).memory('f32_load').memory('f32_store');
        f.advance(to!, panelBytes);
        f.advance(from!, ldw);
      });
      f.advance(target, 4);
      f.advance(w, 4);
    });
  });
}

function definePackTransposed(module: ModuleBuilder): void {
  module.define('packTransposed', i32(5), (f, target, w, ldw, rows, depth) => {
    const [j, full, column, to, from, end] = f.locals('i32', 6);
    const pointers = f.locals('i32', panelColumns);
    const [low, high] = f.locals('v128', 2);
    f.get(rows).i32(-panelColumns).op('i32_and').set(full!);
    f.countTo(j!, full!, panelColumns, () => {
      pointers.forEach((pointer, r) => {
        if (r === 0) f.get(w);
        else
          f.get(pointers[r - 1]!)
            .get(ldw)
            .op('i32_add');
        f.set(pointer);
      });
      f.i32(0).set(column!);
      f.countTo(column!, depth, 1, () => {
        for (const [half, vector] of [low!, high!].entries()) {
          f.get(pointers[4 * half]!).memory('v128_load32_zero');
          f.set(vector);
          for (const lane of [1, 2, 3])
            f.get(pointers[4 * half + lane]!)
              .get(vector)
              .loadLane(lane)
              .set(vector);
          f.get(target)
            .get(vector)
            .memory('v128_store', 16 * half);
        }
        f.advance(target, panelBytes);
        for (const pointer of pointers) f.advance(pointer, 4);
      });
      f.get(ldw).i32(panelColumns).op('i32_mul').get(w).op('i32_add').set(w);
    });
    f.get(full!).set(j!);
    f.countTo(j!, rows, 1, () => {
      f.get(target).set(to!).get(w).set(from!);
      f.get(depth).i32(4).op('i32_mul').get(w).op('i32_add').set(end!);
      f.countTo(from!, end!, 4, () => {
        f.get(to!).get(from!).memory('f32_load').memory('f32_store');
        f.advance(to!, panelBytes);
      });
      f.advance(target, 4);
      f.advance(w, ldw);
    });
  });
}

/** Some columns of A, one row after another. A row's last vector reaches into the next row's place, which comes later. */
export function packColumns(
  f: FunctionBuilder,
  target: Local,
  a: Local,
  { lda, rows, columns }: { lda: Local; rows: Local; columns: number },
): void {
  const [to, from, row] = f.locals('i32', 3) as [Local, Local, Local];
  f.get(target).set(to).get(a).set(from).i32(0).set(row);
  f.countTo(row, rows, 1, () => {
    for (let column = 0; column < columns; column += 4)
      f.get(to)
        .get(from)
        .memory('v128_load', 4 * column)
        .memory('v128_store', 4 * column);
    f.advance(to, 4 * columns);
    f.advance(from, lda);
  });
}
