/** x with A·x = b, by Gaussian elimination with partial pivoting. */
export function solveLinear(A: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, b[i]!]);
  rows.forEach((_, i) => {
    const pivot = rows.findIndex(
      (row, r) =>
        r >= i && rows.every((other, q) => q < i || Math.abs(other[i]!) <= Math.abs(row[i]!)),
    );
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (const row of rows.slice(i + 1)) {
      const factor = row[i]! / rows[i][i]!;
      rows[i].forEach((value, k) => (row[k]! -= factor * value));
    }
  });
  const x = new Array<number>(rows.length).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!;
    const known = x.reduce((sum, value, k) => sum + (k > i ? row[k]! * value : 0), 0);
    x[i] = (row.at(-1)! - known) / row[i]!;
  }
  return x;
}
