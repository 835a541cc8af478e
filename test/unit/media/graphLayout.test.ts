import assert from 'node:assert/strict';
import type { GraphPayload } from '../../../kernel/contract/mime.js';
import { parseGraph } from '../../../kernel/contract/parsePayload.js';
import type { Box } from '../../../media/box.js';
import { mostOperations, toCellLayout } from '../../../media/graph/cellLayout.js';
import { glyphOf, withConstant } from '../../../media/graph/glyphs.js';
import {
  boxOf,
  firstExpanded,
  type GraphWindow,
  mostColumns,
  mostLayers,
  toGraphLayout,
} from '../../../media/graph/layout.js';
import { toGraphRows } from '../../../media/graph/rows.js';
import { nextTarget, toTargets } from '../../../media/graph/targets.js';
import { toGraphTables, toHeadline, toNote, toSummary } from '../../../media/graph/texts.js';
import { goldenNames, goldenPayload } from './goldenPayloads.js';

const golden = (name: string): GraphPayload => parseGraph(goldenPayload(name));
const graphs = goldenNames.filter((name) => name.startsWith('graph'));
const lstm = golden('graph-lstm');

function lay(payload: GraphPayload, window: Partial<GraphWindow> = {}) {
  return toGraphLayout(payload, { width: 700, firstStep: 0, ...window });
}

function assertApart(boxes: readonly Box[], gap: number): void {
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      const apart =
        a.x + a.width + gap <= b.x ||
        b.x + b.width + gap <= a.x ||
        a.y + a.height + gap <= b.y ||
        b.y + b.height + gap <= a.y;
      assert.ok(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    }
  }
}

/** The first recurrent layer's cell at time step 1, expanded. */
function expandFirst(payload: GraphPayload) {
  const layer = payload.layers.findIndex(({ cell }) => cell);
  return lay(payload, { expanded: { layer, t: 1 } });
}

describe('unrolled graph', () => {
  it('runs in time from left to right and in layers from bottom to top', () => {
    const { columns, rows } = lay(lstm);
    assert.deepEqual(
      columns.map(({ t }) => t),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    for (const [index, column] of columns.slice(1).entries())
      assert.ok(column.x > columns[index]!.x);
    assert.deepEqual(
      rows.map(({ layer }) => layer),
      [3, 2, 1, 0],
    );
    for (const [index, row] of rows.slice(1).entries()) assert.ok(row.y > rows[index]!.y);
  });

  for (const name of graphs) {
    it(`keeps all cells of ${name} apart and inside, collapsed and expanded`, () => {
      for (const layout of [lay(golden(name)), expandFirst(golden(name))]) {
        const boxes = layout.rows.flatMap((row) =>
          layout.columns.map((column) => boxOf(row, column)),
        );
        assertApart(boxes, 15);
        for (const { x, y, width, height } of boxes) {
          assert.ok(x > 0 && y > 0 && x + width < layout.width && y + height < layout.height);
        }
      }
    });
  }

  it('uses the room it has, and asks for more where cells would get too narrow', () => {
    assert.ok(lay(lstm, { width: 700 }).width <= 700);
    assert.ok(lay(golden('graph-lstm-long')).width > 1_500);
  });

  it('draws a window of a long graph that ends at its end', () => {
    const payload = golden('graph-custom');
    assert.deepEqual(lay(payload).steps, { first: 0, last: mostColumns - 1 });
    assert.deepEqual(lay(payload, { firstStep: 5_000 }).steps, { first: 152, last: 199 });
  });

  it('says what it leaves out', () => {
    const payload = golden('graph-custom');
    const window = { width: 700, firstStep: 0 };
    assert.equal(
      toNote(payload, toGraphLayout(payload, window), window),
      'Drawn are time steps 0 to 47; 152 of 200 are left out, they repeat the same cells.',
    );
    assert.equal(toNote(lstm, lay(lstm), window), '');
    const deep: GraphPayload = {
      ...lstm,
      layers: Array.from({ length: 30 }, (_, index) => ({
        ...lstm.layers[3]!,
        name: `layer ${index}`,
        from: [index - 1],
      })),
    };
    assert.equal(lay(deep).rows.length, mostLayers);
    assert.match(toNote(deep, lay(deep), window), /6 layers above are left out/);
  });

  it('connects the states of a recurrent layer between all time steps, and into and out of the window', () => {
    const { lines } = toGraphRows(lstm, lay(lstm));
    const edges = new Set(lines.filter(({ tone }) => tone === 'state').map(({ edge }) => edge));
    // Two layers, two states, 7 gaps and 2 ends.
    assert.equal(edges.size, 2 * 2 * 9);
  });

  it('connects input, layers and output at every time step', () => {
    const { lines } = toGraphRows(lstm, lay(lstm));
    const edges = new Set(lines.filter(({ tone }) => tone === 'flow').map(({ edge }) => edge));
    assert.equal(edges.size, 8 * 5);
  });

  it('names the states on their edges', () => {
    const texts = toGraphRows(lstm, lay(lstm)).texts.filter(({ kind }) => kind === 'state');
    assert.deepEqual([...new Set(texts.map(({ text }) => text))].sort(), ['c', 'h']);
  });

  it('shows inputs below and outputs above, white space and markup as text', () => {
    const tokens = (t: number) =>
      toGraphRows(golden('graph-custom'), lay(golden('graph-custom')))
        .texts.filter(({ kind }) => kind === 'token')
        .map(({ text }) => text)[t];
    assert.deepEqual([0, 1, 2, 3].map(tokens), ['␣', '⏎', '⇥', '∅']);
    assert.match(String(tokens(5)), /^<b/);
    assert.match(String(tokens(6)), /^⟨/);
  });

  it('opens collapsed where it is large and expanded where it is small', () => {
    assert.equal(firstExpanded(lstm), undefined);
    assert.deepEqual(firstExpanded(golden('graph-gru')), { layer: 0, t: 1 });
    assert.equal(firstExpanded({ ...lstm, timeSteps: 2, layers: [lstm.layers[0]!] }), undefined);
  });

  it('expands a cell that is in the window only, and only where it has an inside', () => {
    assert.equal(lay(golden('graph-custom'), { expanded: { layer: 1, t: 150 } }).detail, undefined);
    assert.equal(lay(lstm, { expanded: { layer: 0, t: 1 } }).detail, undefined);
    assert.ok(lay(lstm, { expanded: { layer: 1, t: 1 } }).detail);
  });

  it('keeps the states level through an expanded row', () => {
    const layout = expandFirst(lstm);
    const row = layout.rows.find(({ layer }) => layer === 1)!;
    const { stateHeights } = layout.detail!.layout;
    for (const { name, y } of row.states) assert.equal(y, row.y + stateHeights.get(name)!);
  });
});

describe('inside of a cell', () => {
  for (const name of graphs) {
    const cell = golden(name).layers.find((layer) => layer.cell)!.cell!;

    it(`keeps the operations of ${name} apart and inside`, () => {
      const { operations, width, height } = toCellLayout(cell)!;
      assertApart(
        operations.map((one) => ({ ...one, x: one.x - one.width / 2, y: one.y - one.height / 2 })),
        8,
      );
      for (const { x, y } of operations) assert.ok(x > 0 && x < width && y > 0 && y < height);
    });

    it(`leads every operand of ${name} to its operation from the left`, () => {
      const { operations, edges } = toCellLayout(cell)!;
      for (const { node, x, y, width, height } of operations) {
        const drawn = new Set(node.inputs).size - new Set(node.inputs.filter(isParameter)).size;
        const arriving = edges.filter(({ points }) => {
          const end = points.at(-1)!;
          return Math.abs(end.x - (x - width / 2)) < 0.01 && Math.abs(end.y - y) < height / 2;
        });
        assert.equal(arriving.length, drawn, node.id);
      }
      function isParameter(id: string): boolean {
        return cell.nodes.find((other) => other.id === id)!.kind === 'parameter';
      }
    });

    it(`lets every state of ${name} enter left and leave right at one height`, () => {
      const { edges, stateHeights, width } = toCellLayout(cell)!;
      for (const { name: state } of cell.states) {
        const y = stateHeights.get(state)!;
        const at = (x: number, end: 0 | -1) =>
          edges.some(({ points }) => {
            const point = points.at(end)!;
            return point.x === x && Math.abs(point.y - y) < 0.01;
          });
        assert.ok(at(0, 0) && at(width, -1), state);
      }
    });
  }

  it('has the cell state of an LSTM above its hidden state', () => {
    const { stateHeights } = toCellLayout(lstm.layers[1]!.cell!)!;
    assert.ok(stateHeights.get('c')! < stateHeights.get('h')!);
  });

  it('names gates by the literature, and operations by their signs', () => {
    const { texts } = toGraphRows(lstm, expandFirst(lstm));
    const of = (kind: string) =>
      texts.filter((row) => row['kind'] === kind).map(({ text }) => text);
    for (const gate of ['i', 'f', 'g', 'o', 'c', 'x₁', 'h₁'])
      assert.ok(of('gate').includes(gate), gate);
    for (const state of ['h₀', 'c₀', 'h₁', 'c₁']) assert.ok(of('state').includes(state), state);
    assert.deepEqual(of('glyph').filter((text) => text === 'σ').length, 3);
    assert.deepEqual(of('caption').sort(), ['weight_hh', 'weight_ih']);
  });

  it('shows a constant operand, which is no node', () => {
    assert.equal(withConstant(glyphOf('sub'), 'k = 1 − z').text, '1−');
    assert.equal(withConstant(glyphOf('mul'), 'k = z ⊙ 0.5').text, '⊙0.5');
    assert.equal(withConstant(glyphOf('add'), 's = a + b').text, '+');
    assert.equal(withConstant(glyphOf('sigmoid'), 'r = sigmoid(1)').text, 'σ');
  });

  it('shows an operation that it does not know by name', () => {
    assert.equal(glyphOf('layerNormalisation').text, 'layerNorm…');
    assert.equal(glyphOf('').text, '?');
  });

  it('is left to the table where it has too many operations to draw', () => {
    const cell = structuredClone(lstm.layers[1]!.cell!);
    const chain = Array.from({ length: mostOperations }, (_, index) => ({
      id: `extra ${index}`,
      kind: 'operation' as const,
      op: 'tanh',
      inputs: [index === 0 ? 'x' : `extra ${index - 1}`],
      shape: [1],
      equation: '',
    }));
    cell.nodes.push(...chain);
    assert.equal(toCellLayout(cell), undefined);
    const payload = structuredClone(lstm);
    payload.layers[1]!.cell = cell;
    const window = { width: 700, firstStep: 0, expanded: { layer: 1, t: 1 } };
    assert.match(toNote(payload, toGraphLayout(payload, window), window), /too many to draw/);
    assert.ok(toGraphTables(payload, window.expanded)[0]!.rows.length > mostOperations);
  });
});

describe('moving over the graph by keys', () => {
  const targets = toTargets(lstm, lay(lstm));
  const at = (layer: number, t: number) =>
    targets.find(({ cell }) => cell?.layer === layer && cell.t === t)!;

  it('goes along time and up and down the layers', () => {
    assert.deepEqual(nextTarget(targets, at(1, 3), 'right')!.cell, { layer: 1, t: 4 });
    assert.deepEqual(nextTarget(targets, at(1, 3), 'left')!.cell, { layer: 1, t: 2 });
    assert.deepEqual(nextTarget(targets, at(1, 3), 'up')!.cell, { layer: 2, t: 3 });
    assert.deepEqual(nextTarget(targets, at(1, 3), 'down')!.cell, { layer: 0, t: 3 });
  });

  it('stops at the edges', () => {
    assert.equal(nextTarget(targets, at(1, 7), 'right'), undefined);
    assert.equal(nextTarget(targets, at(3, 0), 'up'), undefined);
  });

  it('reaches every operation of an expanded cell', () => {
    const inside = toTargets(lstm, expandFirst(lstm));
    const reached = new Set([inside.find(({ cell }) => cell?.layer === 1 && cell.t === 1)!]);
    for (const target of reached) {
      for (const direction of ['left', 'right', 'up', 'down'] as const) {
        const next = nextTarget(inside, target, direction);
        if (next) reached.add(next);
      }
    }
    const missed = inside.filter((target) => !reached.has(target)).map(({ key }) => key);
    assert.deepEqual(missed, []);
  });

  it('says what each cell and operation is', () => {
    assert.deepEqual(at(1, 3).lines, [
      'lstm.l0, t = 3',
      'LSTM [1, 32] → [1, 128]',
      'reads e, gives r',
      'Click or Enter shows the gates inside',
    ]);
    assert.equal(at(0, 3).expanded, undefined);
    const inside = toTargets(lstm, expandFirst(lstm));
    assert.deepEqual(inside.find(({ key }) => key === 'operation %7')!.lines, [
      '%7 = weight_ih·x + bias_ih',
      'linear → [1, 512]',
      'reads weight_ih, bias_ih',
    ]);
  });
});

describe('graph in words', () => {
  it('counts time steps, layers and parameters', () => {
    assert.equal(toHeadline(lstm), '8 time steps · 4 layers · 230,496 parameters');
  });

  it('sums the graph up', () => {
    assert.match(
      toSummary(lstm),
      /embedding \(Embedding, output \[1, 32\]\); lstm\.l0 \(LSTM, output \[1, 128\], passes h and c to the next time step\)/,
    );
  });

  it('lists layers, and the operations of an expanded cell', () => {
    const [layers] = toGraphTables(lstm, undefined);
    assert.deepEqual(layers!.rows[1], [
      'lstm.l0',
      'LSTM',
      'embedding',
      '[1, 32]',
      '[1, 128]',
      'h [1, 128], c [1, 128]',
      '82,944',
    ]);
    const [operations] = toGraphTables(lstm, { layer: 1, t: 0 });
    assert.deepEqual(operations!.rows.at(-1), ['h', 'mul', 'h′ = o ⊙ %21', '[1, 128]']);
  });
});
