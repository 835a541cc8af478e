import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MinMaxScaler, StandardScaler, tensor, type Tensor } from '../../../kernel/rnn/index.js';

describe('StandardScaler', () => {
  it('does what its definition says: the example of scikit-learn', () => {
    // https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html
    const scaler = new StandardScaler().fit([
      [0, 0],
      [0, 0],
      [1, 1],
      [1, 1],
    ]);
    assert.deepEqual(scaler.fitted, { offset: [0.5, 0.5], scale: [0.5, 0.5] });
    assert.deepEqual(scaler.transform([[2, 2]]).toNested(), [[3, 3]]);
  });

  it('gives every column mean 0 and deviation 1, and comes back', () => {
    const table = fc.array(
      fc.tuple(
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
      ),
      { minLength: 2, maxLength: 20 },
    );
    fc.assert(
      fc.property(table, (rows) => {
        const data = tensor(rows, { dtype: 'float64' });
        const scaler = new StandardScaler();
        const scaled = scaler.fitTransform(data);
        for (let k = 0; k < 2; k++) {
          const column = [...scaled.select(1, k).data];
          const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
          const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
          const isFlat = scaler.fitted!.scale[k] === 1 && variance < 1e-20;
          if (scaler.fitted!.scale[k]! < 1e-9) continue;
          assert.ok(
            Math.abs(mean) < 1e-6 && (isFlat || Math.abs(variance - 1) < 1e-6),
            `${mean} ${variance}`,
          );
        }
        scaler
          .inverseTransform(scaled)
          .data.forEach((x, i) => assert.ok(Math.abs(x - data.data[i]!) < 1e-9));
      }),
      { seed: 1 },
    );
  });

  it('leaves a column that never changes at 0', () => {
    assert.deepEqual(
      new StandardScaler()
        .fitTransform([
          [5, 1],
          [5, 3],
        ])
        .toNested(),
      [
        [0, -1],
        [0, 1],
      ],
    );
  });
});

describe('MinMaxScaler', () => {
  it('does what its definition says: the example of scikit-learn', () => {
    // https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MinMaxScaler.html
    const scaler = new MinMaxScaler().fit([
      [-1, 2],
      [-0.5, 6],
      [0, 10],
      [1, 18],
    ]);
    assert.deepEqual(
      scaler
        .transform([
          [-1, 2],
          [-0.5, 6],
          [0, 10],
          [1, 18],
        ])
        .toNested(),
      [
        [0, 0],
        [0.25, 0.25],
        [0.5, 0.5],
        [1, 1],
      ],
    );
    assert.deepEqual(scaler.transform([[2, 2]]).toNested(), [[1.5, 0]]);
  });

  it('maps to a range of choice and back', () => {
    const scaler = new MinMaxScaler({ range: [-1, 1] }).fit([0, 4, 10]);
    assert.deepEqual(scaler.transform([0, 5, 10]).toNested(), [-1, 0, 1]);
    assert.deepEqual(scaler.inverseTransform([-1, 0, 1]).toNested(), [0, 5, 10]);
    assert.deepEqual(new MinMaxScaler({ range: [2, 3] }).fitTransform([7, 7]).toNested(), [2, 2]);
    assert.throws(
      () => new MinMaxScaler({ range: [1, 1] }),
      /range must go from a smaller to a larger number/,
    );
  });
});

describe('scalers', () => {
  const rounded = ({ data }: Tensor): number[] => Array.from(data, Math.round);

  for (const make of [() => new StandardScaler(), () => new MinMaxScaler()]) {
    const { name } = make().constructor;
    it(`${name} refuses to work before fit, other columns, and numbers that are none`, () => {
      for (const use of ['transform', 'inverseTransform'] as const)
        assert.throws(() => make()[use]([[1]]), {
          name: 'NotFittedError',
          message: `${name}.${use}: expected fit() to be called first, with the training data`,
        });
      assert.throws(() => make().toJSON(), /expected fit\(\) to be called first/);
      const scaler = make().fit([
        [1, 2],
        [3, 5],
      ]);
      assert.throws(() => scaler.transform([[1, 2, 3]]), {
        name: 'ShapeError',
        message: /got 3 columns, expected 2/,
      });
      assert.throws(() => scaler.transform([1, 2]), /got 1 columns, expected 2/);
      assert.throws(
        () =>
          make().fit([
            [1, 2],
            [3, NaN],
          ]),
        {
          name: 'NonFiniteError',
          message: `${name}.fit: expected finite numbers, got NaN in row 1, column 1`,
        },
      );
      assert.throws(() => make().fit([]), /expected at least one number, got none/);
    });

    it(`${name} takes any shape with its columns last, several series, and single columns back`, () => {
      const scaler = make().fit(
        [[1, 10]],
        [
          [3, 30],
          [5, 50],
        ],
      );
      const joined = make().fit([
        [1, 10],
        [3, 30],
        [5, 50],
      ]);
      assert.deepEqual(scaler.fitted, joined.fitted);
      const batch = tensor([
        [
          [1, 10],
          [3, 30],
        ],
        [
          [5, 50],
          [1, 10],
        ],
      ]);
      const scaled = scaler.transform(batch);
      assert.deepEqual(scaled.shape, [2, 2, 2]);
      assert.deepEqual(rounded(scaler.inverseTransform(scaled)), [...batch.data]);
      const second = scaled.slice(2, 1, 2);
      assert.deepEqual(rounded(scaler.inverseTransform(second, [1])), [10, 30, 50, 10]);
      assert.throws(
        () => scaler.inverseTransform(second, [2]),
        /there is no column 2, expected 0 to 1/,
      );
    });

    it(`${name} is saved as JSON and comes back the same`, () => {
      const scaler = make().fit([
        [1, 2],
        [3, 5],
      ]);
      const again = make().load(
        JSON.parse(JSON.stringify(scaler)) as ReturnType<typeof scaler.toJSON>,
      );
      assert.deepEqual(again.transform([[2, 7]]), scaler.transform([[2, 7]]));
      assert.equal(scaler.toJSON().type, name);
    });
  }

  it('keep float64 where it comes, and give float32 else', () => {
    const scaler = new StandardScaler().fit(Float64Array.of(1, 2, 3));
    assert.equal(scaler.transform(Float64Array.of(1)).dtype, 'float64');
    assert.equal(scaler.transform([1]).dtype, 'float32');
    assert.equal(scaler.transform(Int32Array.of(1)).dtype, 'float32');
  });
});
