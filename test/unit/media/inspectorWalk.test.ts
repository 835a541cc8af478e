import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import type { TraceData } from '../../../kernel/contract/trace.js';
import { toDrawnCell } from '../../../media/inspector/cellOf.js';
import {
  cellNode,
  isStop,
  type Level,
  move,
  progressAt,
  settle,
  step,
} from '../../../media/inspector/cursor.js';
import { toKeyAction } from '../../../media/inspector/keys.js';
import { firstStepFor, toInspectorLayout } from '../../../media/inspector/layout.js';
import { linearScale, logScale } from '../../../media/inspector/scales.js';
import { type Place, Walk } from '../../../media/inspector/walk.js';

const folder = new URL('../../../../test/golden/traces/', import.meta.url);
const traceOf = (name: string): TraceData =>
  parseTrace(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
const lstm = traceOf('trace-lstm-truncated');
const rnn = traceOf('trace-rnn');
/** As a bidirectional layer would come: the second layer runs against time. */
const bothWays: TraceData = {
  ...lstm,
  layers: lstm.layers.map((layer, index) =>
    index === 1 ? { ...layer, direction: 'reverse' as const } : layer,
  ),
};

const nodeName = (trace: TraceData, place: Place): string =>
  'node' in place
    ? `${place.phase} ${place.layer} ${place.t} ${trace.layers[place.layer]!.nodes[place.node]!.id}`
    : place.phase;

function stopsOf(trace: TraceData, level: Level): string[] {
  const walk = new Walk(trace);
  const stops: string[] = [];
  for (let index = 0; index < walk.length; index++)
    if (isStop(walk, walk.at(index), level)) stops.push(nodeName(trace, walk.at(index)));
  return stops;
}

describe('walk of the inspector', () => {
  it('goes forward operation by operation, through the loss, and the same way back', () => {
    const walk = new Walk(lstm);
    assert.equal(walk.length, 2 * (2 * 16 * 7) + 2);
    const stops = stopsOf(lstm, 'operation');
    assert.deepEqual(stops.slice(0, 3), ['forward 0 0 %7', 'forward 0 0 %8', 'forward 0 0 %9']);
    assert.equal(stops[walk.loss], 'loss');
    assert.equal(stops.at(-1), 'end');
    const way = stops.slice(0, walk.loss).map((stop) => stop.replace('forward', ''));
    const back = stops.slice(walk.loss + 1, -1).map((stop) => stop.replace('backward', ''));
    assert.deepEqual(back.toReversed(), way);
  });

  it('goes up the layers within a time step, and layer by layer where one runs against time', () => {
    assert.deepEqual(stopsOf(lstm, 'cell').slice(0, 3), [
      'forward 0 0 h′',
      'forward 1 0 h′',
      'forward 0 1 h′',
    ]);
    const cells = stopsOf(bothWays, 'cell').slice(0, 14);
    assert.deepEqual(
      cells.map((stop) => stop.slice('forward '.length, -3)),
      [0, 1, 2, 3, 4, 5, 6].map((t) => `0 ${t}`).concat([6, 5, 4, 3, 2, 1, 0].map((t) => `1 ${t}`)),
    );
  });

  for (const [name, trace] of Object.entries({ lstm, rnn, bothWays }))
    it(`finds every stop of ${name} again by its place`, () => {
      const walk = new Walk(trace);
      for (let index = 0; index < walk.length; index++) {
        const place = walk.at(index);
        if ('node' in place) assert.equal(walk.indexOf(place), index);
      }
    });

  it('stops at gates and states alone where gates are walked', () => {
    const first = stopsOf(lstm, 'gate').slice(0, 6);
    assert.deepEqual(
      first.map((stop) => stop.slice('forward 0 0 '.length)),
      ['i', 'f', 'g', 'o', 'c′', 'h′'],
    );
  });
});

describe('cursor of the inspector', () => {
  const walk = new Walk(lstm);
  const at = (index: number) => nodeName(lstm, walk.at(index));
  const find = (place: string) => {
    for (let index = 0; index < walk.length; index++) if (at(index) === place) return index;
    throw new Error(`there is no stop ${place}`);
  };

  it('goes as far as both ends and no further', () => {
    for (const level of ['cell', 'gate', 'operation'] as const) {
      const first = move(walk, 100, 'first', level);
      assert.equal(step(walk, first, -1, level), first);
      assert.equal(step(walk, walk.length - 1, 1, level), walk.length - 1);
    }
    assert.equal(at(move(walk, 100, 'first', 'cell')), 'forward 0 0 h′');
  });

  it('comes back to where it was by the opposite step', () => {
    for (const level of ['cell', 'gate', 'operation'] as const) {
      let index = move(walk, 0, 'first', level);
      while (index < walk.length - 1) {
        const next = step(walk, index, 1, level);
        assert.equal(step(walk, next, -1, level), index);
        index = next;
      }
    }
  });

  it('moves by time step: later on the way forward, earlier on the way back, over the loss', () => {
    assert.equal(at(move(walk, find('forward 1 2 f'), 'stepNext', 'gate')), 'forward 1 3 f');
    assert.equal(at(move(walk, find('backward 1 2 f'), 'stepNext', 'gate')), 'backward 1 1 f');
    assert.equal(at(move(walk, find('forward 1 6 f'), 'stepNext', 'gate')), 'loss');
    assert.equal(at(move(walk, find('backward 1 6 f'), 'stepBack', 'gate')), 'loss');
    assert.equal(at(move(walk, find('backward 1 0 f'), 'stepNext', 'gate')), 'end');
  });

  it('changes layer at the same time step and stays at the outermost', () => {
    assert.equal(at(move(walk, find('backward 0 3 f'), 'layerUp', 'gate')), 'backward 1 3 h′');
    assert.equal(at(move(walk, find('backward 0 3 f'), 'layerDown', 'gate')), 'backward 0 3 f');
  });

  it('settles on the gate, and then the cell, that an operation serves', () => {
    const product = find('backward 0 3 %19');
    assert.equal(at(settle(walk, product, 'gate')), 'backward 0 3 c′');
    assert.equal(at(settle(walk, product, 'cell')), 'backward 0 3 h′');
    assert.equal(settle(walk, product, 'operation'), product);
  });

  it('knows which cells have their values and which their adjoints', () => {
    const index = find('backward 1 4 c′');
    assert.equal(progressAt(walk, index, 1, 4), 'adjoint');
    assert.equal(progressAt(walk, index, 1, 5), 'adjoint');
    assert.equal(progressAt(walk, index, 0, 4), 'value');
    assert.equal(progressAt(walk, find('forward 0 2 i'), 0, 2), 'value');
    assert.equal(progressAt(walk, find('forward 0 2 i'), 1, 2), 'none');
  });

  it('stands at the last operation where the output is none', () => {
    const layer = { ...lstm.layers[0]!, output: 1 };
    assert.equal(layer.nodes[cellNode(layer)]!.id, 'h′');
  });
});

describe('inside of a cell', () => {
  it('contracts an LSTM to its gates and what they share', () => {
    const drawn = toDrawnCell(lstm.layers[0]!, 'gate')!;
    const operations = drawn.cell.nodes.filter(({ kind }) => kind === 'operation');
    assert.deepEqual(
      operations.map(({ op }) => op),
      ['add', 'i', 'f', 'g', 'o', 'c', 'h'],
    );
    const cell = operations.find(({ op }) => op === 'c')!;
    const names = cell.inputs.map((id) => lstm.layers[0]!.nodes[drawn.nodeOf(id)!]!.id);
    assert.deepEqual(names.sort(), ['c', 'f', 'g', 'i']);
  });

  it('gives each edge the adjoint that flows through it', () => {
    const layer = lstm.layers[0]!;
    const idOf = (id: string) => layer.nodes.findIndex((node) => node.id === id);
    const drawn = toDrawnCell(layer, 'gate')!;
    // o reaches h through one product.
    const edge = layer.edges.find(({ from }) => from === idOf('o'))!;
    const key = (index: number) => `node  ${index}`;
    assert.equal(drawn.flow(key(idOf('o')), key(idOf('h′')), 3), edge.norm.data[3]);
    // c reaches h through tanh, which belongs to h.
    const inner = layer.edges.find(({ from, to }) => from === idOf('c′') && to === idOf('%21'))!;
    assert.equal(drawn.flow(key(idOf('c′')), key(idOf('h′')), 3), inner.norm.data[3]);
    assert.equal(
      drawn.flow(key(idOf('c′')), 'leaving c', 3),
      layer.states.find(({ name }) => name === 'c')!.carried.data[3],
    );
  });

  it('draws all operations, and no cell whose states are not states', () => {
    const layer = lstm.layers[0]!;
    const nodes = toDrawnCell(layer, 'operation')!.cell.nodes;
    assert.equal(nodes.filter(({ kind }) => kind === 'operation').length, 16);
    const wrong = { ...layer, states: layer.states.map((state) => ({ ...state, node: 0 })) };
    assert.equal(toDrawnCell(wrong, 'gate'), undefined);
  });
});

describe('layout of the inspector', () => {
  const window = { width: 700, firstStep: 0, level: 'cell' as const, layer: 0 };

  it('has a column per time step while they fit, else a window', () => {
    assert.equal(toInspectorLayout(lstm, window).columns.length, 7);
    const long = { ...lstm, timeSteps: 2000 };
    const { columns } = toInspectorLayout(long, { ...window, firstStep: 1990 });
    assert.ok(columns.length < 64);
    assert.equal(columns.at(-1)!.t, 1999);
    for (const { x, width } of columns) assert.ok(x >= 0 && x + width <= 700);
  });

  it('turns the window only when the current step leaves it', () => {
    const held = firstStepFor({ width: 700, firstStep: 100 }, 2000, 120);
    assert.equal(held, 100);
    const turned = firstStepFor({ width: 700, firstStep: 100 }, 2000, 99);
    assert.ok(turned < 99 && turned + 42 > 99);
    assert.equal(firstStepFor({ width: 700, firstStep: 0 }, 7, 6), 0);
  });

  it('stands layers upward', () => {
    const { rows } = toInspectorLayout(lstm, window);
    const heightOf = (layer: number) => rows.find((row) => row.layer === layer)!.y;
    assert.ok(heightOf(1) < heightOf(0));
  });
});

describe('shades', () => {
  it('are linear from zero, logarithmic over at most eight decades', () => {
    assert.equal(linearScale([[1, 4]]).share(2), 0.5);
    const scale = logScale([[1e-20, 1e-3, 1]]);
    assert.equal(scale.low, 1e-8);
    assert.equal(scale.share(1), 1);
    assert.equal(scale.share(0), undefined);
    assert.ok(Math.abs(scale.share(1e-4)! - 0.5) < 1e-12);
  });

  it('do not stumble over zeros, infinities and one number', () => {
    for (const numbers of [[], [0], [NaN, Infinity], [3]]) {
      assert.ok(Number.isFinite(linearScale([numbers]).share(1)));
      assert.ok(Number.isFinite(logScale([numbers]).share(1)));
    }
  });
});

describe('keys of the inspector', () => {
  const press = (key: string, more = {}) =>
    toKeyAction({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...more });

  it('walk, and leave chords to VS Code', () => {
    assert.equal(press('ArrowRight'), 'next');
    assert.equal(press('ArrowRight', { shiftKey: true }), 'stepNext');
    assert.equal(press(' '), 'toggle');
    assert.equal(press('ArrowRight', { ctrlKey: true }), undefined);
    assert.equal(press('toString'), undefined);
  });
});
