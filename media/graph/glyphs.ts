import { shorten } from '../shorten.js';

/** How a primitive operation is drawn. `dot`: it moves values about and computes none. */
export interface Glyph {
  text: string;
  tone: 'weights' | 'activation' | 'arithmetic' | 'dot';
}

const glyphs = new Map<string, Glyph>([
  ['linear', { text: 'linear', tone: 'weights' }],
  ['matmul', { text: 'matmul', tone: 'weights' }],
  ['embedding', { text: 'embedding', tone: 'weights' }],
  ['sigmoid', { text: 'σ', tone: 'activation' }],
  ['tanh', { text: 'tanh', tone: 'activation' }],
  ['relu', { text: 'relu', tone: 'activation' }],
  ['softmax', { text: 'softmax', tone: 'activation' }],
  ['exp', { text: 'exp', tone: 'activation' }],
  ['log', { text: 'log', tone: 'activation' }],
  ['sqrt', { text: '√', tone: 'activation' }],
  ['abs', { text: '|·|', tone: 'activation' }],
  ['add', { text: '+', tone: 'arithmetic' }],
  ['sub', { text: '−', tone: 'arithmetic' }],
  ['neg', { text: '−', tone: 'arithmetic' }],
  ['mul', { text: '⊙', tone: 'arithmetic' }],
  ['div', { text: '÷', tone: 'arithmetic' }],
  ['sum', { text: 'Σ', tone: 'arithmetic' }],
  ['gt', { text: '>', tone: 'arithmetic' }],
  ['ge', { text: '≥', tone: 'arithmetic' }],
  ['eq', { text: '=', tone: 'arithmetic' }],
  ['slice', { text: '', tone: 'dot' }],
  ['chunk', { text: '', tone: 'dot' }],
  ['reshape', { text: '', tone: 'dot' }],
  ['permute', { text: '', tone: 'dot' }],
]);

const longestName = 10;

/** An operation that is not in the table shows its name. */
export function glyphOf(op: string): Glyph {
  const known = glyphs.get(op);
  if (known) return known;
  return { text: shorten(op, longestName) || '?', tone: 'activation' };
}

/**
 * A constant operand is no node of a cell; the equation alone has it. `k = 1 − z` is drawn as `1−`, not as
 * a minus with one operand.
 */
export function withConstant(glyph: Glyph, equation: string): Glyph {
  if (glyph.tone !== 'arithmetic') return glyph;
  const side = equation.slice(equation.indexOf('=') + 1).trim();
  const before = /^(\d{1,4}(?:\.\d{1,3})?) \S /.exec(side)?.[1];
  const after = / \S (\d{1,4}(?:\.\d{1,3})?)$/.exec(side)?.[1];
  return { ...glyph, text: `${before ?? ''}${glyph.text}${after ?? ''}` };
}
