const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const mostTicks = 7;

/** Marks of a logarithmic axis at powers of ten, few enough to read; none where the values lie within one. */
export function decadeTicks(values: readonly number[]): object {
  const positive = values.filter((value) => value > 0);
  const low = Math.ceil(
    Math.log10(positive.reduce((least, one) => Math.min(least, one), Infinity)),
  );
  const high = Math.floor(Math.log10(positive.reduce((most, one) => Math.max(most, one), 0)));
  if (!(high - low >= 1)) return {};
  const step = Math.ceil((high - low + 1) / mostTicks);
  // 1 is one of them where it is in range: it is what a factor is compared with.
  const first = Math.ceil(low / step) * step;
  const exponents: number[] = [];
  for (let one = first; one <= high; one += step) exponents.push(one);
  return {
    values: exponents.map((exponent) => 10 ** exponent),
    labelExpr: `${JSON.stringify(exponents.map(powerOfTen))}[indexof(${JSON.stringify(exponents)}, round(log(datum.value) / LN10))]`,
  };
}

function powerOfTen(exponent: number): string {
  if (exponent === 0) return '1';
  const digits = Array.from(String(Math.abs(exponent)), (digit) => superscripts[Number(digit)]!);
  return `10${exponent < 0 ? '⁻' : ''}${digits.join('')}`;
}
