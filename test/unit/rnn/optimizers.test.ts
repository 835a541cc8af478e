import assert from 'node:assert/strict';
import {
  Adam,
  clipGradNorm,
  SGD,
  tensor,
  type Optimizer,
  type Tensor,
} from '../../../kernel/rnn/index.js';

/** ∂/∂θ of ½·a·θ² with a = [1, 10], the gradient at each step of a trajectory. */
function minimise(optimizer: Optimizer, theta: Tensor, steps: number): number[][] {
  return Array.from({ length: steps }, () => {
    optimizer.zeroGrad();
    theta
      .mul(theta)
      .mul(tensor([0.5, 5], { dtype: 'float64' }))
      .sum()
      .backward();
    optimizer.step();
    return [...theta.data];
  });
}

const start = () => tensor([1, -2], { dtype: 'float64', requiresGrad: true });

function assertClose(actual: number[][], expected: number[][]): void {
  actual.flat().forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected.flat()[i]!) < 1e-12,
      `${value} is not ${expected.flat()[i]!}`,
    );
  });
}

describe('optimizers', () => {
  it('SGD with momentum follows the recurrence θ ← θ − lr·v, v ← μv + g', () => {
    const a = [1, 10];
    const theta = [1, -2];
    const v = [0, 0];
    const expected = Array.from({ length: 20 }, () => {
      for (const i of [0, 1]) {
        v[i] = 0.9 * v[i]! + a[i]! * theta[i]!;
        theta[i]! -= 0.05 * v[i];
      }
      return [...theta];
    });
    const parameter = start();
    assertClose(
      minimise(new SGD([parameter], { lr: 0.05, momentum: 0.9 }), parameter, 20),
      expected,
    );
  });

  it('SGD with Nesterov momentum and weight decay looks ahead', () => {
    const a = [1, 10];
    const theta = [1, -2];
    const v = [0, 0];
    const expected = Array.from({ length: 20 }, () => {
      for (const i of [0, 1]) {
        const g = a[i]! * theta[i]! + 0.1 * theta[i]!;
        v[i] = 0.9 * v[i]! + g;
        theta[i]! -= 0.05 * (g + 0.9 * v[i]);
      }
      return [...theta];
    });
    const parameter = start();
    const optimizer = new SGD([parameter], {
      lr: 0.05,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 0.1,
    });
    assertClose(minimise(optimizer, parameter, 20), expected);
  });

  it('Adam follows the paper: bias-corrected moments, epsilon outside the root', () => {
    const a = [1, 10];
    const theta = [1, -2];
    const m = [0, 0];
    const v = [0, 0];
    const expected = Array.from({ length: 20 }, (_, step) => {
      const t = step + 1;
      for (const i of [0, 1]) {
        const g = a[i]! * theta[i]!;
        m[i] = 0.8 * m[i]! + 0.2 * g;
        v[i] = 0.99 * v[i]! + 0.01 * g * g;
        const mHat = m[i] / (1 - 0.8 ** t);
        const vHat = v[i] / (1 - 0.99 ** t);
        theta[i]! -= (0.1 * mHat) / (Math.sqrt(vHat) + 1e-3);
      }
      return [...theta];
    });
    const parameter = start();
    const optimizer = new Adam([parameter], { lr: 0.1, betas: [0.8, 0.99], eps: 1e-3 });
    assertClose(minimise(optimizer, parameter, 20), expected);
  });

  it('clipGradNorm scales all gradients as one vector and returns the norm before', () => {
    const a = tensor([0], { dtype: 'float64', requiresGrad: true });
    const b = tensor([0], { dtype: 'float64', requiresGrad: true });
    a.mul(3).sum().backward();
    b.mul(4).sum().backward();
    assert.equal(clipGradNorm([a, b], 1), 5);
    assert.ok(Math.abs(a.grad!.item() - 3 / (5 + 1e-6)) < 1e-12);
    assert.ok(Math.abs(b.grad!.item() - 4 / (5 + 1e-6)) < 1e-12);
    assert.ok(Math.abs(clipGradNorm([a, b], 2) - 1) < 1e-6, 'a smaller norm is left alone');
    assert.ok(Math.abs(a.grad!.item() - 0.6) < 1e-6);
  });

  it('a NaN gradient never reaches a weight', () => {
    const a = tensor([1], { dtype: 'float64', requiresGrad: true });
    a.mul(NaN).sum().backward();
    assert.throws(() => clipGradNorm([a], 1), /expected finite numbers, its norm is NaN/);
    assert.deepEqual(a.toNested(), [1]);
  });

  it('refuse options and parameters that make no sense', () => {
    assert.throws(
      () => new Adam([start()], { lr: -1 }),
      /Adam: lr must be a positive number, got -1/,
    );
    assert.throws(() => new Adam([start()], { betas: [0.9, 1] }), /betas must be two numbers/);
    assert.throws(
      () => new SGD([start()], { lr: 1, momentun: 0.9 } as { lr: number }),
      /SGD: unknown option 'momentun', expected lr, momentum, weightDecay, nesterov/,
    );
    assert.throws(() => new SGD([], { lr: 1 }), /SGD: expected at least one parameter, got none/);
  });
});
