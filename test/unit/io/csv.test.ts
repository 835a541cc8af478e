import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCsv, toCsv } from '../../../kernel/io/index.js';
import { tensor } from '../../../kernel/rnn/index.js';

describe('parseCsv', () => {
  it('reads quotes, line breaks within them, any line ends, and passes empty lines over', () => {
    const table = parseCsv('\uFEFFname,"a ""b"", c",x\r\n"two\nlines",,3\n\n"p,q","""",-1.5e3');
    assert.deepEqual(table.columns, ['name', 'a "b", c', 'x']);
    assert.deepEqual(table.rows, [
      ['two\nlines', '', '3'],
      ['p,q', '"', '-1.5e3'],
    ]);
    assert.deepEqual(table.texts('name'), ['two\nlines', 'p,q']);
    assert.deepEqual([...table.numbers('x').data], [3, -1500]);
  });

  it('finds the delimiter, or takes the one it is told', () => {
    assert.deepEqual(parseCsv('a;b\n1,5;2').rows, [['1,5', '2']]);
    assert.deepEqual(parseCsv('a\tb\n1\t2').columns, ['a', 'b']);
    assert.deepEqual(parseCsv('"x;y;z",b\n1,2').columns, ['x;y;z', 'b']);
    assert.deepEqual(parseCsv('a:b\n1:2', { delimiter: ':' }).columns, ['a', 'b']);
    assert.deepEqual(parseCsv('only\n1').columns, ['only']);
  });

  it('names columns by number where there is no header', () => {
    const table = parseCsv('1,2\n3,4', { header: false });
    assert.deepEqual(table.columns, ['0', '1']);
    assert.deepEqual(table.numbers(['1', '0']).toNested(), [
      [2, 1],
      [4, 3],
    ]);
  });

  it('gives numbers in float64, empty fields as told, decimal commas as told', () => {
    const table = parseCsv('t;x;y\n1;0,5;\n2;;7\n3;1,25;');
    const x = table.numbers('x', { missing: 'previous', decimal: ',' });
    assert.deepEqual([x.dtype, ...x.data], ['float64', 0.5, 0.5, 1.25]);
    assert.deepEqual([...table.numbers('y', { missing: -1 }).data], [-1, 7, -1]);
    assert.throws(() => table.numbers('y'), {
      name: 'FileFormatError',
      message: 'CsvTable.numbers: row 1, column "y" is "", expected a number',
    });
    assert.throws(
      () => table.numbers('y', { missing: 'previous' }),
      /row 1, column "y" is empty, and no row is before it/,
    );
    assert.throws(
      () => table.numbers('x', { missing: 0 }),
      /row 1, column "x" is "0,5", expected a number/,
    );
    assert.throws(() => table.numbers('z'), /there is no column "z", there are "t", "x", "y"/);
  });

  it('knows which columns hold numbers', () => {
    const table = parseCsv('at,a,b,c,none\nmon,1,,2x,\ntue,-2.5e3,7,3,\n');
    assert.deepEqual(table.numericColumns, ['a', 'b']);
  });

  it('says what is wrong with a text', () => {
    assert.throws(() => parseCsv('a,b\n1,"2\n3,4\n'), /a quote is opened and not closed/);
    assert.throws(() => parseCsv('a,b\n1,2\n3'), /row 2 has 1 fields, expected 2/);
    assert.throws(() => parseCsv('a,b,a\n1,2,3'), /two columns have the name "a"/);
    assert.throws(() => parseCsv(' \n'.trim()), {
      name: 'FileFormatError',
      message: /expected at least one row/,
    });
    assert.throws(() => parseCsv('a', { delimiter: '::' }), /delimiter must be one character/);
  });
});

describe('toCsv', () => {
  it('writes what parseCsv reads', () => {
    const field = fc.string().map((text) => text.replaceAll('\0', ''));
    const tables = fc
      .tuple(fc.uniqueArray(field, { minLength: 2, maxLength: 4 }), fc.integer({ min: 0, max: 4 }))
      .chain(([names, length]) =>
        fc.tuple(
          fc.constant(names),
          fc.array(fc.array(field, { minLength: length, maxLength: length }), {
            minLength: names.length,
            maxLength: names.length,
          }),
        ),
      );
    fc.assert(
      fc.property(tables, ([names, values]) => {
        const columns = Object.fromEntries(names.map((name, k) => [name, values[k]!]));
        const keys = Object.keys(columns);
        const table = parseCsv(toCsv(columns), { delimiter: ',' });
        assert.deepEqual(table.columns, keys);
        for (const key of keys) assert.deepEqual(table.texts(key), columns[key]);
      }),
      { seed: 1 },
    );
  });

  it('takes numbers and tensors, and refuses columns of different lengths', () => {
    assert.equal(toCsv({ x: [1, 0.1], y: tensor([2, 3]) }), 'x,y\n1,2\n0.1,3\n');
    assert.throws(() => toCsv({ x: [1], y: [1, 2] }), /column "y" has 2 values, expected 1/);
  });
});
