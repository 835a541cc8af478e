/** Every optimiser with options that matter, and the same update in float64, written anew. */
import {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  Lion,
  RMSprop,
  SGD,
  type Optimizer,
  type Tensor,
} from '../../../kernel/rnn/index.js';

/** One element's update, written from the paper or from PyTorch's documentation: θ, g, t (from 1) → θ. */
type Reference = () => (theta: number, g: number, t: number) => number;

interface Case {
  create: (parameters: Iterable<Tensor>) => Optimizer;
  reference: Reference;
}

export const cases: Record<string, Case> = {
  'RMSprop as PyTorch defaults it': {
    create: (parameters) => new RMSprop(parameters),
    reference: () => {
      let v = 0;
      return (theta, g) => {
        v = 0.99 * v + 0.01 * g ** 2;
        return theta - (0.01 * g) / (Math.sqrt(v) + 1e-8);
      };
    },
  },
  'RMSprop with a large eps outside the root, momentum and weight decay': {
    create: (parameters) =>
      new RMSprop(parameters, { lr: 0.05, alpha: 0.8, eps: 0.1, momentum: 0.7, weightDecay: 0.2 }),
    reference: () => {
      let [v, b] = [0, 0];
      return (theta, gradient) => {
        const g = gradient + 0.2 * theta;
        v = 0.8 * v + 0.2 * g ** 2;
        b = 0.7 * b + g / (v ** 0.5 + 0.1);
        return theta - 0.05 * b;
      };
    },
  },
  'RMSprop with eps inside the root': {
    create: (parameters) =>
      new RMSprop(parameters, { lr: 0.05, alpha: 0.9, eps: 0.1, epsPlacement: 'inside' }),
    reference: () => {
      let v = 0;
      return (theta, g) => {
        v = 0.9 * v + 0.1 * g ** 2;
        return theta - (0.05 * g) / (v + 0.1) ** 0.5;
      };
    },
  },
  'RMSprop, centred, eps inside, momentum': {
    create: (parameters) =>
      new RMSprop(parameters, {
        lr: 0.02,
        alpha: 0.9,
        eps: 0.3,
        centered: true,
        epsPlacement: 'inside',
        momentum: 0.5,
      }),
    reference: () => {
      let [v, mean, b] = [0, 0, 0];
      return (theta, g) => {
        v += 0.1 * (g ** 2 - v);
        mean += 0.1 * (g - mean);
        b = 0.5 * b + g / Math.sqrt(v - mean ** 2 + 0.3);
        return theta - 0.02 * b;
      };
    },
  },
  'RMSprop, centred, eps outside': {
    create: (parameters) => new RMSprop(parameters, { lr: 0.02, centered: true, eps: 0.05 }),
    reference: () => {
      let [v, mean] = [0, 0];
      return (theta, g) => {
        v += 0.01 * (g ** 2 - v);
        mean += 0.01 * (g - mean);
        return theta - (0.02 * g) / (Math.sqrt(v - mean ** 2) + 0.05);
      };
    },
  },
  'Adagrad with decay of the rate, weight decay and a first accumulator': {
    create: (parameters) =>
      new Adagrad(parameters, {
        lr: 0.3,
        lrDecay: 0.05,
        weightDecay: 0.1,
        initialAccumulatorValue: 0.2,
      }),
    reference: () => {
      let v = 0.2;
      return (theta, gradient, t) => {
        const g = gradient + 0.1 * theta;
        v += g ** 2;
        return theta - ((0.3 / (1 + 0.05 * (t - 1))) * g) / (Math.sqrt(v) + 1e-10);
      };
    },
  },
  'Adagrad as PyTorch defaults it': {
    create: (parameters) => new Adagrad(parameters),
    reference: () => {
      let v = 0;
      return (theta, g) => {
        v += g ** 2;
        return theta - (0.01 * g) / (Math.sqrt(v) + 1e-10);
      };
    },
  },
  Adadelta: {
    create: (parameters) =>
      new Adadelta(parameters, { lr: 0.9, rho: 0.8, eps: 1e-3, weightDecay: 0.1 }),
    reference: () => {
      let [v, u] = [0, 0];
      return (theta, gradient) => {
        const g = gradient + 0.1 * theta;
        v = 0.8 * v + 0.2 * g ** 2;
        const d = ((u + 1e-3) / (v + 1e-3)) ** 0.5 * g;
        u = 0.8 * u + 0.2 * d ** 2;
        return theta - 0.9 * d;
      };
    },
  },
  'SGD without momentum, with weight decay': {
    create: (parameters) => new SGD(parameters, { lr: 0.1, weightDecay: 0.2 }),
    reference: () => (theta, g) => theta - 0.1 * (g + 0.2 * theta),
  },
  'SGD with momentum': {
    create: (parameters) => new SGD(parameters, { lr: 0.1, momentum: 0.8 }),
    reference: () => {
      let v = 0;
      return (theta, g) => {
        v = 0.8 * v + g;
        return theta - 0.1 * v;
      };
    },
  },
  'SGD with Nesterov momentum and weight decay': {
    create: (parameters) =>
      new SGD(parameters, { lr: 0.1, momentum: 0.8, nesterov: true, weightDecay: 0.2 }),
    reference: () => {
      let v = 0;
      return (theta, gradient) => {
        const g = gradient + 0.2 * theta;
        v = 0.8 * v + g;
        return theta - 0.1 * (g + 0.8 * v);
      };
    },
  },
  'Adam adds weight decay to the gradient': {
    create: (parameters) =>
      new Adam(parameters, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.3 }),
    reference: () => {
      let [m, v] = [0, 0];
      return (theta, gradient, t) => {
        const g = gradient + 0.3 * theta;
        m = 0.8 * m + 0.2 * g;
        v = 0.95 * v + 0.05 * g ** 2;
        const mHat = m / (1 - 0.8 ** t);
        const vHat = v / (1 - 0.95 ** t);
        return theta - (0.05 * mHat) / (Math.sqrt(vHat) + 1e-3);
      };
    },
  },
  'AdamW decays weights apart from the gradient': {
    create: (parameters) =>
      new AdamW(parameters, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.3 }),
    reference: () => {
      let [m, v] = [0, 0];
      return (theta, g, t) => {
        m = 0.8 * m + 0.2 * g;
        v = 0.95 * v + 0.05 * g ** 2;
        const mHat = m / (1 - 0.8 ** t);
        const vHat = v / (1 - 0.95 ** t);
        return theta * (1 - 0.05 * 0.3) - (0.05 * mHat) / (Math.sqrt(vHat) + 1e-3);
      };
    },
  },
  'AdamW as PyTorch defaults it': {
    create: (parameters) => new AdamW(parameters),
    reference: () => {
      let [m, v] = [0, 0];
      return (theta, g, t) => {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g ** 2;
        const direction = m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
        return theta - 1e-3 * 1e-2 * theta - 1e-3 * direction;
      };
    },
  },
  'Lion moves by the sign of the interpolated moment': {
    create: (parameters) => new Lion(parameters, { lr: 0.03, betas: [0.7, 0.9], weightDecay: 0.2 }),
    reference: () => {
      let m = 0;
      return (theta, g) => {
        const direction = Math.sign(0.7 * m + 0.3 * g);
        m = 0.9 * m + 0.1 * g;
        return theta - 0.03 * (direction + 0.2 * theta);
      };
    },
  },
};
