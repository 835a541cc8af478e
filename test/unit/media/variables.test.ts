import assert from 'node:assert/strict';
import {
  PageMessageError,
  parseListMessage,
  parseValueMessage,
  type ShownVariable,
} from '../../../kernel/contract/variablesView.js';
import { heatScale } from '../../../media/variables/heatScale.js';
import {
  byteText,
  changedNames,
  filtered,
  memoryText,
  nextOrder,
  sorted,
  valueOf,
} from '../../../media/variables/listRows.js';
import { toPalette } from '../../../media/inspector/scales.js';
import { toTheme } from '../../../media/theme.js';

const variable = (name: string, more: Partial<ShownVariable> = {}): ShownVariable => ({
  ...{ name, type: 'number', preview: '1', opens: false },
  ...more,
});
const namesOf = (variables: readonly ShownVariable[]) => variables.map(({ name }) => name).join('');

describe('the list of variables as it is shown', () => {
  const tensor = variable('t', {
    ...{ type: 'Tensor', shape: [2, 3], bytes: 24, preview: 'Tensor float32 [2, 3] [1, 2, 3]' },
    cell: { index: 3, label: '[1]' },
  });
  const all = [
    variable('f', { type: 'function', preview: '[function f]' }),
    variable('b', { preview: '10', bytes: 8 }),
    tensor,
    variable('a', { preview: '9' }),
  ];

  it('is in the order of declaration, functions last, unless told otherwise', () => {
    assert.equal(namesOf(sorted(all, {})), 'btaf');
    assert.equal(namesOf(sorted(all, { by: 'name' })), 'abft');
    assert.equal(namesOf(sorted(all, { by: 'value' })).slice(0, 2), 'ab');
    assert.equal(namesOf(sorted(all, { by: 'memory', isDescending: true })).slice(0, 2), 'tb');
    assert.equal(namesOf(sorted(all, { by: 'cell', isDescending: true }))[0], 't');
  });

  it('turns the order at a second click, and gives it up at a third', () => {
    const once = nextOrder({}, 'name');
    const twice = nextOrder(once, 'name');
    assert.deepEqual(
      [once, twice, nextOrder(twice, 'name')],
      [{ by: 'name', isDescending: false }, { by: 'name', isDescending: true }, {}],
    );
    assert.deepEqual(nextOrder(twice, 'memory'), { by: 'memory', isDescending: true });
  });

  it('finds every word of a filter, wherever it stands', () => {
    assert.equal(namesOf(filtered(all, ' TENSOR  [2,')), 't');
    assert.equal(namesOf(filtered(all, 'number')), 'ba');
    assert.equal(namesOf(filtered(all, 'tensor number')), '');
  });

  it('repeats in the value neither type nor shape', () => {
    assert.equal(valueOf(tensor), 'float32 [1, 2, 3]');
    const typed = variable('x', {
      type: 'Float64Array',
      shape: [2],
      preview: 'Float64Array(2) [1, 2]',
    });
    assert.equal(valueOf(typed), '[1, 2]');
    assert.equal(valueOf(variable('p', { type: 'Point', preview: 'Point { x: 1 }' })), '{ x: 1 }');
  });

  it('says sizes with the digits that matter', () => {
    assert.deepEqual([0, 999, 1000, 8192, 999_600, 5e9].map(byteText), [
      ...['0 B', '999 B', '1.0 kB', '8.2 kB', '1.0 MB', '5.0 GB'],
    ]);
    assert.equal(memoryText(variable('x', { bytes: 5000, isPartial: true })), '> 5.0 kB');
  });

  it('tells whose line changed', () => {
    const now = [variable('b', { preview: '11', bytes: 8 }), tensor, variable('new')];
    assert.deepEqual([...changedNames(all, now)], ['b', 'new']);
  });
});

describe('the shades of a heat map', () => {
  const palette = toPalette(toTheme('light', () => ''));
  const white = palette.signed(0).fill;
  const scale = (min: number, max: number) => heatScale({ count: 1, nonFinite: 0, min, max });

  it('are white at zero and equally strong on both sides', () => {
    const { low, high, paint } = scale(-1, 4);
    assert.deepEqual([low, high], [-4, 4]);
    assert.equal(paint(0, palette)?.fill, white);
    assert.equal(paint(4, palette)?.fill, palette.signed(1).fill);
    assert.equal(paint(-4, palette)?.fill, palette.signed(-1).fill);
  });

  it('begin at zero for one sign, and at the smallest where all are far from zero', () => {
    assert.deepEqual([scale(1, 10).low, scale(1, 10).high], [0, 10]);
    assert.deepEqual([scale(-9, -1).low, scale(-9, -1).high], [-9, 0]);
    const near = scale(100, 105);
    assert.deepEqual([near.low, near.high], [100, 105]);
    assert.notEqual(near.paint(100, palette)?.fill, near.paint(105, palette)?.fill);
  });

  it('mark what is not finite, and leave out what is not there', () => {
    assert.equal(scale(0, 1).paint('NaN', palette), palette.notFinite);
    assert.equal(scale(0, 1).paint('', palette), undefined);
    assert.equal(scale(0, 0).paint(0, palette)?.fill, white);
  });
});

describe('messages of the Variables view’s pages', () => {
  const wish = { path: ['a', 0], at: [1], view: 'page', row: 0, column: 0, rows: 9, columns: 9 };
  it('are read, without what else they hold', () => {
    assert.deepEqual(parseListMessage({ kind: 'open', name: 'x', more: 1 }), {
      kind: 'open',
      name: 'x',
    });
    const asked = { kind: 'ask', request: 1, wish };
    assert.deepEqual(parseValueMessage({ ...asked, wish: { ...wish, name: 'other' } }), asked);
  });

  it('are refused where they are none', () => {
    for (const bad of [
      null,
      'ready',
      { kind: 'run' },
      { kind: 'open' },
      { kind: 'forget', name: 1 },
    ])
      assert.throws(() => parseListMessage(bad), PageMessageError);
    for (const bad of [
      { path: [{}] },
      { at: [-1] },
      { view: 'all' },
      { row: NaN },
      { rows: 1.5 },
      { columns: undefined },
    ])
      assert.throws(
        () => parseValueMessage({ kind: 'ask', request: 1, wish: { ...wish, ...bad } }),
        PageMessageError,
        JSON.stringify(bad),
      );
  });
});
