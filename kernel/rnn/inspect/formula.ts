/**
 * A formula twice: as text, and as presentation MathML elements in data, so that whoever draws it builds
 * elements and never parses markup.
 */
export type MathElement =
  | { tag: 'mi' | 'mn' | 'mo' | 'mtext'; text: string }
  | { tag: 'mrow' | 'msub' | 'msup' | 'mover' | 'mfrac' | 'msqrt'; children: MathElement[] };

export interface Formula {
  readonly text: string;
  readonly math: MathElement;
  /** How tightly it binds; a looser part of a tighter whole gets parentheses. */
  readonly binding: Binding;
}

type Binding = 1 | 2 | 3;
const loose = 1;
const product = 2;
const tight = 3;

const leaf = (tag: 'mi' | 'mn' | 'mo' | 'mtext', text: string): MathElement => ({ tag, text });
const mo = (text: string): MathElement => leaf('mo', text);
const row = (...children: MathElement[]): MathElement => ({ tag: 'mrow', children });

export const symbol = (text: string): Formula => ({
  text,
  math: leaf('mi', text),
  binding: tight,
});

export const number = (value: number): Formula => ({
  text: String(value),
  math: leaf('mn', String(value)),
  binding: value < 0 ? loose : tight,
});

export const words = (text: string): Formula => ({
  text,
  math: leaf('mtext', text),
  binding: tight,
});

const subscripts: Readonly<Record<string, string>> = { t: 'ₜ', '−': '₋', '+': '₊', '1': '₁' };

/** base with a time step as subscript: `t`, `t−1` or `t+1`. */
export const atTime = (base: Formula, time: string): Formula => ({
  text: base.text + time.replace(/./gu, (letter) => subscripts[letter] ?? letter),
  math: {
    tag: 'msub',
    children: [base.math, time === 't' ? leaf('mi', 't') : timeRow(time)],
  },
  binding: tight,
});

const timeRow = (time: string): MathElement =>
  row(leaf('mi', 't'), mo(time[1]!), leaf('mn', time.slice(2)));

/** The adjoint of a value: its name under a bar. */
export function barred(base: Formula): Formula {
  // The combining macron stands behind the letter it goes over, before the subscript.
  const [, letters = '', time = ''] = /^(.*?)([ₜ₋₊₁]*)$/u.exec(base.text) ?? [];
  return {
    text: `${letters}\u0304${time}`,
    math: { tag: 'mover', children: [base.math, mo('¯')] },
    binding: tight,
  };
}

function inParentheses(part: Formula, needed: Binding): Formula {
  if (part.binding >= needed) return part;
  return { text: `(${part.text})`, math: row(mo('('), part.math, mo(')')), binding: tight };
}

function infix(sign: string, binding: Binding, right: Binding) {
  return (a: Formula, b: Formula): Formula => {
    const left = inParentheses(a, binding);
    const other = inParentheses(b, right);
    const text = sign === '·' ? `${left.text}·${other.text}` : `${left.text} ${sign} ${other.text}`;
    return { text, math: row(left.math, mo(sign), other.math), binding };
  };
}

export const plus = infix('+', loose, loose);
export const minus = infix('−', loose, product);
/** Element by element. */
export const times = infix('⊙', product, product);
/** Matrix product, or product with a number. */
export const dot = infix('·', product, tight);
export const over = infix('/', product, tight);

export const negated = (a: Formula): Formula => {
  const part = inParentheses(a, product);
  return { text: `−${part.text}`, math: row(mo('−'), part.math), binding: loose };
};

export const call = (name: string, ...operands: readonly Formula[]): Formula => ({
  text: `${name}(${operands.map(({ text }) => text).join(', ')})`,
  math: row(
    leaf('mi', name),
    mo('('),
    ...operands.flatMap(({ math }, k) => (k === 0 ? [math] : [mo(','), math])),
    mo(')'),
  ),
  binding: tight,
});

/** An operand followed by something in brackets, e.g. a range of elements. */
export const indexed = (a: Formula, range: string): Formula => {
  const part = inParentheses(a, tight);
  return {
    text: `${part.text}[${range}]`,
    math: row(part.math, mo('['), leaf('mtext', range), mo(']')),
    binding: tight,
  };
};

export const raised = (a: Formula, exponent: string): Formula => {
  const part = inParentheses(a, tight);
  const sign = { '2': '²', ᵀ: 'ᵀ' }[exponent] ?? `^${exponent}`;
  const shown = exponent === 'ᵀ' ? leaf('mi', 'T') : leaf('mn', exponent);
  return {
    text: part.text + sign,
    math: { tag: 'msup', children: [part.math, shown] },
    binding: tight,
  };
};

/** left sign right, e.g. an equation. */
export const relation = (left: Formula, sign: string, right: Formula): Formula => ({
  text: `${left.text} ${sign} ${right.text}`,
  math: row(left.math, mo(sign), right.math),
  binding: loose,
});
