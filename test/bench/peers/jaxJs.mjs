/** jax-js on its WebAssembly backend: the whole loss and its gradients under `jit`, the loop over time unrolled. */
import { readFileSync } from 'node:fs';
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';

const { version } = JSON.parse(
  readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'),
);

/** Every function of jax-js takes its arguments over; `.ref` keeps one for later use. */
function lstmLoss({ timeSteps, batchSize, hiddenSize, outputSize }) {
  return (p, x, target) => {
    const weight = np.transpose(p['rnn.weight_hh_l0']);
    const bias = p['rnn.bias_hh_l0'];
    const products = np
      .matmul(np.matmul(x, p['embedding.weight']), np.transpose(p['rnn.weight_ih_l0']))
      .add(p['rnn.bias_ih_l0'])
      .reshape([timeSteps, batchSize, 4 * hiddenSize]);
    let h = np.zeros([batchSize, hiddenSize]);
    let c = np.zeros([batchSize, hiddenSize]);
    const outputs = [];
    for (const a of np.split(products, timeSteps, 0)) {
      const sums = a
        .reshape([batchSize, 4 * hiddenSize])
        .add(np.matmul(h, weight.ref))
        .add(bias.ref);
      const [i, f, g, o] = np.split(sums, 4, 1);
      c = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      h = nn.sigmoid(o).mul(np.tanh(c.ref));
      outputs.push(h.ref);
    }
    for (const one of [weight, bias, h, c]) one.dispose();
    const logits = np
      .matmul(np.concatenate(outputs, 0), np.transpose(p['head.weight']))
      .add(p['head.bias'].reshape([1, outputSize]));
    return nn
      .logSoftmax(logits, -1)
      .mul(target)
      .sum()
      .mul(-1 / (timeSteps * batchSize));
  };
}

/** One update of Adam, after scaling all gradients to a norm of at most 1. */
function adamUpdate(p, gradients, first, second, stepSize, correction) {
  const names = Object.keys(p);
  const square = names.map((name) => np.square(gradients[name].ref).sum()).reduce(np.add);
  const factor = np.minimum(np.reciprocal(np.sqrt(square).add(1e-6)), 1);
  const next = { p: {}, first: {}, second: {} };
  for (const name of names) {
    const g = gradients[name].mul(factor.ref);
    const m = first[name].mul(0.9).add(g.ref.mul(0.1));
    const v = second[name].mul(0.999).add(np.square(g).mul(0.001));
    const root = np.sqrt(v.ref).div(correction.ref).add(1e-8);
    next.p[name] = p[name].sub(m.ref.mul(stepSize.ref).div(root));
    next.first[name] = m;
    next.second[name] = v;
  }
  for (const one of [factor, stepSize, correction]) one.dispose();
  return next;
}

const array = ({ data, shape }) => np.array(data).reshape([...shape]);
const mapValues = (object, of) =>
  Object.fromEntries(Object.entries(object).map(([name, one]) => [name, of(one)]));
const oneHot = ({ data }, count) =>
  nn.oneHot(np.array(Int32Array.from(data), { dtype: np.int32 }), count);

export async function prepare({ workload, problem }) {
  await init('wasm');
  defaultDevice('wasm');
  const { input, target, ...weights } = problem;
  const x = oneHot(input, workload.vocabulary);
  const wanted = oneHot(target, workload.outputSize);
  const lossAndGradients = jit(valueAndGrad(lstmLoss(workload)));
  const update = jit(adamUpdate);
  const zeros = () => mapValues(weights, ({ shape }) => np.zeros([...shape]));
  let state = { p: mapValues(weights, array), first: zeros(), second: zeros() };
  let t = 0;
  return {
    version,
    steps: {
      async train() {
        t++;
        const [loss, gradients] = lossAndGradients(
          mapValues(state.p, (one) => one.ref),
          x.ref,
          wanted.ref,
        );
        state = update(
          state.p,
          gradients,
          state.first,
          state.second,
          np.array(1e-3 / (1 - 0.9 ** t)),
          np.array(Math.sqrt(1 - 0.999 ** t)),
        );
        return (await loss.data())[0];
      },
    },
  };
}
