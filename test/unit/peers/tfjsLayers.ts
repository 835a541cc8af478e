/** The recurrent layers of TensorFlow.js, and a GRU with its reset after the product, which it lacks, of its operations. */
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';

export type Tf = typeof Core;
type State = Core.Tensor2D;

/** Arrays in the layout of Keras: kernels `[inputs, G·H]`. */
export interface KerasWeights {
  kernel: Core.Variable;
  recurrent: Core.Variable;
  bias: Core.Variable;
}

/** `[B, T, F]` and a mask `[B, T]`, 1 where a time step is valid, which must be a beginning. */
export interface Call {
  input: Core.Tensor;
  mask: Core.Tensor;
  states: Core.Tensor[];
  weights: KerasWeights;
  /** From the last time step to the first; outputs stay where their inputs are. */
  reverse: boolean;
}

export interface Peer {
  tf: Tf;
  layers: typeof Layers;
}

/** A peer's layer: output `[B, T, H]` and final states. */
export type PeerLayer = (peer: Peer, call: Call) => { output: Core.Tensor; states: Core.Tensor[] };

export async function loadPeer(): Promise<Peer> {
  const [tf, layers] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@tensorflow/tfjs-layers'),
    import('@tensorflow/tfjs-backend-cpu'),
  ]);
  // Its own switch against advice on the console.
  tf.env().set('IS_TEST', true);
  await tf.setBackend('cpu');
  return { tf, layers };
}

interface LayerOptions {
  units: number;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
}

/** A layer of tfjs-layers that reads the weights given, so that gradients reach them. */
export const ofLayer =
  (create: (peer: Peer, options: LayerOptions) => Layers.RNN): PeerLayer =>
  (peer, { input, mask, states, weights, reverse }) => {
    const layer = create(peer, {
      units: states[0]!.shape[1]!,
      returnSequences: true,
      returnState: true,
      goBackwards: reverse,
    });
    const given = [weights.kernel, weights.recurrent, weights.bias];
    const cell = layer.cell as unknown as Record<string, unknown>;
    ['kernel', 'recurrentKernel', 'bias'].forEach((name, k) => {
      cell[name] = { read: () => given[k]! };
    });
    [layer, cell].forEach((one) => {
      one.built = true;
    });
    const [output, ...finals] = layer.apply(input, { initialState: states, mask }) as Core.Tensor[];
    return { output: reverse ? peer.tf.reverse(output!, 1) : output!, states: finals };
  };

/**
 * h′ = z ⊙ h + (1 − z) ⊙ n with n = tanh(W·x + b + r ⊙ (U·h + b′)), gates z r h, bias `[2, 3·H]`: Keras' own default.
 * Source: keras/src/layers/rnn/gru.py
 */
export const gruResetAfter: PeerLayer = ({ tf }, { input, mask, states, weights, reverse }) => {
  const timeSteps = input.shape[1]!;
  const order = Array.from({ length: timeSteps }, (_, t) => (reverse ? timeSteps - 1 - t : t));
  const [inputs, valid] = [tf.unstack(input, 1), tf.unstack(tf.expandDims(mask, 2), 1)];
  const [bias, recurrentBias] = tf.unstack(weights.bias) as [Core.Tensor1D, Core.Tensor1D];
  const outputs: Core.Tensor[] = [];
  let h = states[0]!;
  for (const t of order) {
    const a = tf.add(tf.matMul(inputs[t] as State, weights.kernel as Core.Tensor2D), bias);
    const b = tf.add(tf.matMul(h as State, weights.recurrent as Core.Tensor2D), recurrentBias);
    const [az, ar, an] = tf.split(a, 3, 1) as [State, State, State];
    const [bz, br, bn] = tf.split(b, 3, 1) as [State, State, State];
    const z = tf.sigmoid(tf.add(az, bz));
    const n = tf.tanh(tf.add(an, tf.mul(tf.sigmoid(tf.add(ar, br)), bn)));
    const next = tf.add(tf.mul(z, h), tf.mul(tf.sub(1, z), n));
    h = tf.add(tf.mul(next, valid[t]!), tf.mul(h, tf.sub(1, valid[t]!)));
    outputs[t] = h;
  }
  return { output: tf.stack(outputs, 1), states: [h] };
};
