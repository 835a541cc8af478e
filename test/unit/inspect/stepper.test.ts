import assert from 'node:assert/strict';
import { breakWhen, InspectionError, OptionError, SGD } from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';
import { inspect, type InspectOptions } from '../../../kernel/rnn/inspect/inspect.js';
import { assertGolden } from '../rnn/golden.js';
import { cells, meanLoss, taggerAndBatch } from './models.js';

const stepperOf = (cell: string, options: InspectOptions = {}, numLayers = 1) => {
  const { model, input, target } = taggerAndBatch(cell, { numLayers });
  return inspect(model, { input, target }, { loss: meanLoss, ...options }).stepper();
};

describe('stepper', () => {
  for (const cell of Object.keys(cells))
    it(`${cell}: goes through every operation forward and back, and returns the same way`, () => {
      const stepper = stepperOf(cell, {}, 2);
      const forward = [];
      for (let stop = stepper.first(); ; stop = stepper.next()) {
        forward.push([stop.phase, stop.layer, stop.t, stop.node?.id].join(' '));
        if (stop.phase === 'end') break;
      }
      assert.equal(forward.length, stepper.length);
      assert.equal(new Set(forward).size, stepper.length);
      const there = forward.slice(0, (stepper.length - 2) / 2);
      const back = forward
        .slice(there.length + 1, -1)
        .map((text) => text.replace('backward', 'forward'));
      assert.deepEqual(back.reverse(), there);
      assert.equal(stepper.next().phase, 'end');
      for (const expected of forward.toReversed()) {
        const { phase, layer, t, node } = stepper.current;
        assert.equal([phase, layer, t, node?.id].join(' '), expected);
        stepper.back();
      }
      assert.equal(stepper.current.index, 0);
    });

  for (const cell of Object.keys(cells))
    it(`${cell}: what comes in sums to the adjoint, what goes out has the right derivative`, () => {
      const stepper = stepperOf(cell);
      let stop = stepper.loss();
      while ((stop = stepper.next()).phase === 'backward') {
        const { adjoint, adjointsIn, adjointsOut } = stop;
        adjoint!.data.forEach((x, i) => {
          const sum = adjointsIn.reduce((total, { numbers }) => total + numbers[i]!, 0);
          assert.ok(Math.abs(sum - x) < 1e-15, stop.toString());
        });
        for (const { error } of adjointsOut) assert.ok(error < 1e-7, stop.toString());
      }
    });

  it('prints what happens at a stop', () => {
    const stepper = stepperOf('LSTM', { truncate: 4, clipNorm: 0.1 });
    const texts = [
      stepper.current,
      stepper.over(),
      stepper.into(),
      stepper.out(),
      stepper.loss(),
      stepper.next(),
      stepper.runTo({ t: 3, node: 'c' }),
      stepper.next(),
      stepper.last(),
    ].map(String);
    assertGolden('stepper', 'lstm', texts.join('\n\n'));
  });

  it('passes over operations to gates, into a gate, and out of the time step', () => {
    const stepper = stepperOf('LSTM', {}, 2);
    const names = ['i', 'f', 'g', 'o', 'c', 'h'].map(() => stepper.over().label);
    assert.deepEqual(names, ['i', 'f', 'g', 'o', 'c', 'h']);
    assert.deepEqual([stepper.into().node!.op, stepper.current.gate], ['tanh', 'h']);
    assert.deepEqual([stepper.out().layer, stepper.current.t], ['net.l1', 0]);
    assert.deepEqual([stepper.out().layer, stepper.current.t], ['net.l0', 1]);
    stepper.runTo({ t: 5, phase: 'backward' });
    assert.deepEqual([stepper.current.layer, stepper.current.label], ['net.l1', 'h']);
    assert.deepEqual([stepper.out().layer, stepper.current.t], ['net.l0', 5]);
    assert.deepEqual([stepper.out().layer, stepper.current.t], ['net.l1', 4]);
    assert.equal(stepper.runTo(0).t, 0);
    assert.equal(stepper.current.phase, 'backward');
  });

  it('stops where a breakpoint holds', () => {
    const stepper = stepperOf('LSTM', { truncate: 4, clipNorm: 0.02 });
    const cut = stepper.runUntil(breakWhen.truncationCrossed)!;
    assert.deepEqual([cut.phase, cut.t, cut.label], ['backward', 3, 'h']);
    stepper.first();
    const clipped = stepper.runUntil(breakWhen.clipFired)!;
    const { clip, runningNorm } = stepper.trace;
    assert.equal(clipped.t, clip!.step);
    assert.ok(runningNorm[clipped.t!]! > 0.02 && !(runningNorm[clipped.t! + 1]! > 0.02));
    stepper.loss();
    const small = stepper.runUntil(breakWhen.normBelow(1e-3))!;
    assert.ok(small.norm < 1e-3 && small.phase === 'backward');
    assert.equal(stepper.first().index, 0);
    assert.equal(stepper.runUntil(breakWhen.normAbove(1e9)), undefined);
    assert.equal(stepper.current.phase, 'end');
    stepper.first();
    const own = stepper.runUntil((stop) => stop.label === 'g' && stop.t === 2)!;
    assert.deepEqual([own.label, own.t], ['g', 2]);
  });

  it('stops where the clipping of fit fires, by the norm and the factor that fit has', async () => {
    const { model, input, target } = taggerAndBatch('LSTM', { dtype: 'float64' });
    const clipNorm = 0.1;
    const trace = inspect(model, { input, target }, { loss: meanLoss, clipNorm });
    const before = model.parameters().map(({ data }) => data.slice());
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    const batch = { input, target };
    const history = await fit({
      model,
      data: [batch],
      loss: (o, y) => meanLoss(o, y),
      optimizer,
      steps: 1,
      clipNorm,
    });
    const { norm, factor, fired } = trace.clip!;
    assert.ok(fired && Math.abs(norm / history.gradNorm[0]! - 1) < 1e-12);
    [...model.namedParameters()].forEach(([name, { data }], k) => {
      const { gradient } = trace.gradients.get(name)!;
      data.forEach((now, i) => {
        const moved = before[k]![i]! - now;
        assert.ok(Math.abs(moved - factor * gradient.data[i]!) < 1e-12, name);
      });
    });
    const stop = trace.stepper().runUntil(breakWhen.clipFired)!;
    assert.deepEqual([stop.phase, stop.t], ['backward', trace.clip!.step]);
  });

  it('finds saturation, and where a number stops being finite', () => {
    const { model, input, target } = taggerAndBatch('LSTM');
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    const stepper = trace
      .whatIf({ parameter: 'net.bias_ih_l0', index: [5], set: 40 })
      .after.stepper();
    const saturated = stepper.runUntil(breakWhen.saturated(0.25))!;
    assert.ok(saturated.saturation >= 0.25);
    const broken = trace.whatIf({ node: 'c', t: 4, set: Infinity }).after.stepper();
    const stop = broken.runUntil(breakWhen.notFinite)!;
    assert.deepEqual([stop.phase, stop.t, stop.label], ['forward', 4, 'c']);
  });

  it('refuses places that are not there', () => {
    const stepper = stepperOf('GRU reset after');
    assert.throws(() => stepper.runTo(7), OptionError);
    assert.throws(() => stepper.runTo({ t: 1, node: 'f' }), InspectionError);
    assert.throws(() => stepper.runTo({ t: 1, layer: 'lstm' }), InspectionError);
  });
});
