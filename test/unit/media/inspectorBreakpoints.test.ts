import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import type { TraceData } from '../../../kernel/contract/trace.js';
import { type Breakpoints, runOn, whyStop } from '../../../media/inspector/breakpoints.js';
import { isStop, type Level } from '../../../media/inspector/cursor.js';
import { Walk } from '../../../media/inspector/walk.js';
import { Walker } from '../../../media/inspector/walker.js';

const folder = new URL('../../../../test/golden/traces/', import.meta.url);
const traceOf = (name: string): TraceData =>
  parseTrace(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
const lstm = traceOf('trace-lstm-truncated');
const rnn = traceOf('trace-rnn');

/** A copy in which a node's numbers are changed. */
function changed(
  trace: TraceData,
  change: (nodes: TraceData['layers'][number]['nodes']) => void,
): TraceData {
  const copy = structuredClone(trace);
  change(copy.layers[0]!.nodes);
  return copy;
}

/** Every stop on the way, from the start to the end. */
function allStops(trace: TraceData, on: Partial<Breakpoints>, level: Level = 'gate') {
  const walk = new Walk(trace);
  const found: { place: ReturnType<Walk['at']>; why: string }[] = [];
  for (let from = 0; ;) {
    const { index, why } = runOn(walk, from, level, { steps: new Set(), ...on });
    if (why === undefined) return found;
    found.push({ place: walk.at(index), why });
    from = index;
  }
}

const tOf = ({ place }: { place: ReturnType<Walk['at']> }) => ('t' in place ? place.t : undefined);

describe('breakpoints of the inspector', () => {
  it('stop once at a time step, forward and back', () => {
    const stops = allStops(rnn, { steps: new Set([2]) });
    assert.deepEqual(
      stops.map(({ place }) => [place.phase, 't' in place && place.t]),
      [
        ['forward', 2],
        ['backward', 2],
      ],
    );
    assert.equal(stops[0]!.why, 'breakpoint at t = 2');
  });

  it('stop where an adjoint first falls below a limit, at the gate whose norm it is', () => {
    const h = rnn.layers[0]!.nodes.findIndex(
      ({ label, kind }) => label === 'h' && kind === 'operation',
    );
    const norms = rnn.layers[0]!.nodes[h]!.adjointNorm.data;
    const limit = (norms[2]! + norms[3]!) / 2;
    const stops = allStops(
      rnn,
      norms[2]! < norms[3]! ? { normBelow: limit } : { normAbove: limit },
    );
    const back = stops.filter(
      ({ place }) => place.phase === 'backward' && 'node' in place && place.node === h,
    );
    assert.ok(back.map(tOf).includes(2), JSON.stringify(back));
    assert.match(
      back.find((stop) => tOf(stop) === 2)!.why,
      /^‖adjoint of net\.l0 h at t = 2‖ = .* is (below|above) 0\./,
    );
    for (const { place } of stops)
      assert.ok(isStop(new Walk(rnn), place, 'gate'), 'looks where the level stops alone');
  });

  it('do not stop again while the norm stays there', () => {
    assert.equal(
      allStops(rnn, { normAbove: 0 }).filter(({ place }) => place.phase === 'forward').length,
      1,
    );
    assert.deepEqual(allStops(rnn, { normAbove: 1e9 }), []);
  });

  it('stop at the first operation that is not finite, whatever the level shows', () => {
    const broken = changed(rnn, (nodes) => {
      const first = nodes.findIndex(({ kind, once }) => kind === 'operation' && !once);
      for (const { valueNorm, kind, once } of nodes.slice(first))
        if (kind === 'operation' && !once) valueNorm.data.fill(NaN, 4);
    });
    const [stop, ...more] = allStops(broken, { notFinite: true }, 'cell');
    assert.equal(tOf(stop!), 4);
    assert.match(stop!.why, /at t = 4 is not finite$/);
    assert.deepEqual(more, [], 'what follows from it is no news');
  });

  it('stop where a gate saturates, from a share that can be chosen', () => {
    const saturated = changed(lstm, (nodes) => {
      const { saturation } = nodes.find(({ id }) => id === 'f')!;
      saturation!.nearLow.data.set([0, 0, 0.25, 0.5, 0.75, 0, 0]);
      saturation!.nearHigh.data.fill(0);
    });
    for (const node of saturated.layers.flatMap(({ nodes }) => nodes))
      if (node.saturation && node !== saturated.layers[0]!.nodes.find(({ id }) => id === 'f')) {
        node.saturation.nearLow.data.fill(0);
        node.saturation.nearHigh.data.fill(0);
      }
    assert.deepEqual(allStops(saturated, { saturated: 0.5 }).map(tOf), [3, 4]);
    assert.match(allStops(saturated, { saturated: 0.7 })[0]!.why, /^75 % of net\.l0 f at t = 4/);
  });

  it('stop where clipping fires and where truncation is crossed, on the way back, once each', () => {
    const clip = allStops(lstm, { clipFired: true });
    assert.deepEqual(clip.map(tOf), [lstm.clip!.step]);
    assert.match(clip[0]!.why, /clipping fires: .* is above 0\.05/);
    const cuts = allStops(lstm, { truncationCrossed: true });
    assert.deepEqual(cuts.map(tOf), lstm.truncation!.boundaries.map((t) => t - 1).reverse());
    assert.ok(cuts.every(({ place }) => place.phase === 'backward'));
    assert.deepEqual(allStops(rnn, { clipFired: true, truncationCrossed: true }), []);
  });

  it('say every reason', () => {
    const boundary = lstm.truncation!.boundaries[0]! - 1;
    const both = allStops(lstm, { steps: new Set([boundary]), truncationCrossed: true });
    const stop = both.find((one) => one.place.phase === 'backward' && tOf(one) === boundary)!;
    assert.match(stop.why, /^breakpoint at t = 2; truncation crossed/);
  });

  it('are none at the loss and at the end', () => {
    const walk = new Walk(rnn);
    const all = { steps: new Set([0, 6]), normAbove: 0, notFinite: true } as const;
    assert.equal(whyStop(walk, walk.loss - 1, walk.loss, 'gate', all), undefined);
    assert.equal(whyStop(walk, walk.length - 2, walk.length - 1, 'gate', all), undefined);
  });
});

describe('two walks together', () => {
  const pair = () => [new Walker(new Walk(lstm)), new Walker(new Walk(rnn))] as const;

  it('stand at the same phase, time step and value, where both have it', () => {
    const [leader, follower] = pair();
    leader.seek('backward', 3, 0);
    follower.follow(leader);
    const { place } = follower;
    assert.ok('node' in place);
    assert.deepEqual([place.phase, place.t, place.layer], ['backward', 3, 0]);
    assert.equal(rnn.layers[0]!.nodes[place.node]!.label, 'h');
  });

  it('show the whole cell for a gate that the other has not, and the uppermost layer for one above it', () => {
    const [leader, follower] = pair();
    const f = lstm.layers[1]!.nodes.findIndex(({ id }) => id === 'f');
    leader.goTo(leader.walk.indexOf({ phase: 'forward', layer: 1, t: 2, node: f }));
    follower.follow(leader);
    assert.deepEqual(
      'node' in follower.place && [follower.place.phase, follower.place.layer, follower.place.t],
      ['forward', 0, 2],
    );
  });

  it('meet at the loss and at the end', () => {
    const [leader, follower] = pair();
    leader.move('last');
    follower.follow(leader);
    assert.equal(follower.place.phase, 'end');
    leader.goTo(leader.walk.loss);
    follower.follow(leader);
    assert.equal(follower.place.phase, 'loss');
  });
});
