import assert from 'node:assert/strict';
import { displaySymbol, OptionError, ShapeError, textHeatMap } from '../../../kernel/unroll.js';

const htmlOf = (...args: Parameters<typeof textHeatMap>): string =>
  textHeatMap(...args)[displaySymbol]()['text/html'] as string;

describe('textHeatMap', () => {
  it('lays blue behind what is above zero, orange behind what is below, nothing behind zero', () => {
    const html = htmlOf('a<b c', [1, 1, -0.5, 0, 0], { title: 'x & y' });
    assert.match(html, /<b>x &amp; y<\/b>/);
    assert.match(html, /<span style="background:#0072b29e">a&lt;<\/span>/);
    assert.match(html, /<span style="background:#d55e004f">b<\/span> c</);
    assert.equal(textHeatMap('a<b', [1, 2, 3])[displaySymbol]()['text/plain'], 'a<b');
  });

  it('takes tokens as well as characters, and a limit of its own', () => {
    assert.match(htmlOf(['not ', 'bad'], [0, 1], { limit: 2 }), /not <span[^>]*#0072b24f">bad</);
  });

  it('refuses values that do not fit', () => {
    assert.throws(() => textHeatMap('abc', [1, 2]), ShapeError);
    assert.throws(() => textHeatMap('ab', [1, NaN]), OptionError);
  });
});
