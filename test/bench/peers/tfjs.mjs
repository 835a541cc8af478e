/** TensorFlow.js on its WebAssembly backend; cells by its operations, the input's products for all time steps at once. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const packageFolder = (name) => new URL(`node_modules/@tensorflow/${name}/`, import.meta.url);

/** Per cell: blocks, and the next state of pre-activations from the input (a) and the hidden state (b). */
const cells = {
  rnn: { gates: 1, next: ({ a, b }) => ({ h: tf.tanh(a.add(b)) }) },
  gru: {
    gates: 3,
    next({ a, b, h }) {
      const [ar, az, an] = tf.split(a, 3, 1);
      const [br, bz, bn] = tf.split(b, 3, 1);
      const z = tf.sigmoid(az.add(bz));
      const n = tf.tanh(an.add(tf.sigmoid(ar.add(br)).mul(bn)));
      return { h: n.add(z.mul(h.sub(n))) };
    },
  },
  lstm: {
    gates: 4,
    next({ a, b, c }) {
      const [i, f, g, o] = tf.split(a.add(b), 4, 1);
      const cell = tf
        .sigmoid(f)
        .mul(c)
        .add(tf.sigmoid(i).mul(tf.tanh(g)));
      return { h: tf.sigmoid(o).mul(tf.tanh(cell)), c: cell };
    },
  },
};

/** [T, B, size] → the hidden states of a layer, an array over time. */
function runLayer(cell, x, weight, batchSize, hiddenSize) {
  const { gates, next } = cells[cell];
  const [steps, , size] = x.shape;
  const width = gates * hiddenSize;
  const products = tf
    .matMul(x.reshape([steps * batchSize, size]), weight('weight_ih'), false, true)
    .add(weight('bias_ih'));
  const outputs = [];
  const zero = tf.zeros([batchSize, hiddenSize]);
  let state = { h: zero, c: zero };
  for (const a of tf.unstack(products.reshape([steps, batchSize, width]))) {
    const b = tf.matMul(state.h, weight('weight_hh'), false, true).add(weight('bias_hh'));
    state = next({ a, b, ...state });
    outputs.push(state.h);
  }
  return outputs;
}

function createModel(workload, parameters) {
  const { cell, numLayers, batchSize, hiddenSize, vocabulary, lossAt } = workload;
  return (input) => {
    // The backend has no gradient of a gather: a one-hot product stands for the embedding.
    let x = vocabulary
      ? tf
          .matMul(input, parameters['embedding.weight'])
          .reshape([workload.timeSteps, batchSize, workload.inputSize])
      : input;
    let outputs = [];
    for (let l = 0; l < numLayers; l++) {
      outputs = runLayer(cell, x, (name) => parameters[`rnn.${name}_l${l}`], batchSize, hiddenSize);
      if (l < numLayers - 1) x = tf.stack(outputs);
    }
    const hidden = lossAt === 'lastStep' ? outputs.at(-1) : tf.concat(outputs);
    return tf.matMul(hidden, parameters['head.weight'], false, true).add(parameters['head.bias']);
  };
}

/** Loss and update in one tidy scope, the gradients scaled together to a norm of at most 1. */
function createTrainingStep(model, input, criterion) {
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => criterion(model(input)));
      const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
      const factor = tf.minimum(1, tf.div(1, tf.sqrt(tf.addN(squares)).add(1e-6)));
      optimizer.applyGradients(
        Object.fromEntries(Object.entries(grads).map(([name, one]) => [name, one.mul(factor)])),
      );
      return value.dataSync()[0];
    });
}

export async function prepare({ workload, problem }) {
  setWasmPaths(fileURLToPath(new URL('dist/', packageFolder('tfjs-backend-wasm'))));
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
  const { input, target, ...weights } = problem;
  const parameters = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [
      name,
      tf.variable(tf.tensor(data, shape), true, name),
    ]),
  );
  const { vocabulary, outputSize, loss } = workload;
  const oneHot = ({ data }, count) =>
    tf.oneHot(tf.tensor1d(Int32Array.from(data), 'int32'), count).toFloat();
  const x = vocabulary ? oneHot(input, vocabulary) : tf.tensor(input.data, input.shape);
  const wanted =
    loss === 'mse'
      ? tf.tensor(target.data, [target.data.length / outputSize, outputSize])
      : oneHot(target, outputSize);
  const criterion = (output) =>
    loss === 'mse'
      ? tf.mean(tf.squaredDifference(output, wanted))
      : tf.losses.softmaxCrossEntropy(wanted, output);
  const { version } = JSON.parse(
    readFileSync(new URL('package.json', packageFolder('tfjs')), 'utf8'),
  );
  return {
    version,
    steps: { train: createTrainingStep(createModel(workload, parameters), x, criterion) },
  };
}
