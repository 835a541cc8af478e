/**
 * Bugs that this field keeps making, and those that an engine like ours invites, each as an edit of the sources, with the
 * tests that must notice it: `[file below out/test/unit, words of the title]`. `find` stands in the file exactly once.
 * Numbers are those of the ten classic bugs; `engine` is what only the fused path can get wrong.
 */

/** @typedef {{ group: string, bug: string, file: string, find: string, replace: string, tests: [string, string][] }} Mutation */

const rnn = (file) => `kernel/rnn/${file}`;

/** @type {Mutation[]} */
export const mutations = [
  {
    group: '1',
    bug: 'h_t where h_{t−1} belongs in the gradient of W_hh (stepped)',
    file: rnn('executor/stepped.ts'),
    find: `  targets: readonly (readonly (NdArray | null)[])[],
): void {
  const values = workspace.values[t]!;
  const operands = workspace.operands[t]!;`,
    replace: `  targets: readonly (readonly (NdArray | null)[])[],
): void {
  const values = workspace.values[t]!;
  const operands = workspace.operands[Math.min(t + 1, workspace.timeSteps - 1)]!;`,
    tests: [
      [
        'rnn/recurrent',
        'LSTM, one layer: input, every parameter and initial states agree with central differences',
      ],
    ],
  },
  {
    group: '1',
    bug: 'h_t where h_{t−1} belongs in the gradient of W_hh (fused)',
    file: rnn('fused/gradientKernel.ts'),
    find: `if (shift === 1) this.#push(parts.frame.batchSize)`,
    replace: `if (parts.layout.rooms[room]!.steps === 'states') this.#push(parts.frame.batchSize)`,
    tests: [
      ['rnn/fused', 'lstm, plain SIMD: values and all gradients agree with the stepped executor'],
    ],
  },
  {
    group: '2',
    bug: 'gradients not cut between batches that continue',
    file: rnn('train/model.ts'),
    find: `mapTensors(state, (tensor) => tensor.detach())`,
    replace: `mapTensors(state, (tensor) => tensor)`,
    tests: [['train/fitSteps', 'hands on h and c']],
  },
  {
    group: '2',
    bug: 'gradients cut for h but not for c',
    file: rnn('train/model.ts'),
    find: `map(([key, part]) => [key, visit(part)])`,
    replace: `map(([key, part]) => [key, key === 'c' ? part : visit(part)])`,
    tests: [['train/fitSteps', 'hands on h and c']],
  },
  {
    group: '2',
    bug: 'the state is not carried to a batch that continues',
    file: rnn('train/trainingSteps.ts'),
    find: `training.initialState = startingState(batch, step.state);`,
    replace: `training.initialState = undefined;`,
    tests: [['train/fitSteps', 'hands on h and c']],
  },
  {
    group: '2',
    bug: 'the state is carried over the end of a document',
    file: rnn('train/trainingSteps.ts'),
    find: `training.initialState = startingState(batch, step.state);`,
    replace: `training.initialState = step.state;`,
    tests: [['train/fitSteps', 'hands on h and c']],
  },
  {
    group: '3',
    bug: 'padding enters the reversed pass',
    file: rnn('executor/arrange.ts'),
    find: `visit((reverse ? length - 1 - t : t)`,
    replace: `visit((reverse ? Math.max(...lengths) - 1 - t : t)`,
    tests: [
      ['rnn/directions', 'float32, both directions: each sequence gives what it gives alone'],
    ],
  },
  {
    group: '3',
    bug: 'the final state of the reverse direction is taken at the last time step',
    file: rnn('modules/recurrent.ts'),
    find: `finals.push(back.finalStates);`,
    replace: `finals.push(
          back.finalStates.map((_, k) =>
            k > 0 ? _ : back.output.slice(0, back.output.shape[0]! - 1, back.output.shape[0]!),
          ),
        );`,
    tests: [['rnn/directions', 'its final state is at the first time step']],
  },
  {
    group: '3',
    bug: 'the reverse direction reads forwards',
    file: rnn('modules/cellLayer.ts'),
    find: `  reverse: direction === 'reverse',
  lengths,`,
    replace: `  reverse: false,
  lengths,`,
    tests: [['rnn/directions', 'its final state is at the first time step']],
  },
  {
    group: '4',
    bug: 'the mean of a masked loss divides by padding too',
    file: rnn('losses/reduction.ts'),
    find: `if (!counted) return size;`,
    replace: `return size;`,
    tests: [['losses/losses', "mse: each position is the formula's"]],
  },
  {
    group: '4',
    bug: 'a masked loss has gradients on padding',
    file: rnn('losses/regression.ts'),
    find: `      if (counted?.[i] === 0) continue;
      const g = 2 *`,
    replace: `      const g = 2 *`,
    tests: [['losses/losses', 'mse: NaN at padding reaches neither the loss nor a gradient']],
  },
  {
    group: '4',
    bug: 'lengths are taken to be sorted',
    file: rnn('executor/arrange.ts'),
    find: `.sort((a, b) => lengths[b]! - lengths[a]!)`,
    replace: ``,
    tests: [
      [
        'rnn/directions',
        'float32: each sequence gives what it gives alone, in any order of lengths',
      ],
    ],
  },
  {
    group: '4',
    bug: 'the final state is the one after the padding (stepped)',
    file: rnn('executor/stepped.ts'),
    find: `if (!active) return t === timeSteps - 1`,
    replace: `if (!active || t >= 0) return t === timeSteps - 1`,
    tests: [
      [
        'rnn/directions',
        'float64: each sequence gives what it gives alone, in any order of lengths',
      ],
    ],
  },
  {
    group: '5',
    bug: 'dropout does not scale what it keeps',
    file: rnn('modules/dropout.ts'),
    find: `const scale = 1 / (1 - p);`,
    replace: `const scale = 1;`,
    tests: [['modules/layers', 'scales the others by 1/(1 − p)']],
  },
  {
    group: '5',
    bug: 'dropout stays on in evaluation',
    file: rnn('modules/dropout.ts'),
    find: `if (!training || p === 0) return input;`,
    replace: `if (p === 0) return input;`,
    tests: [['modules/layers', 'passes its input on in evaluation']],
  },
  {
    group: '5',
    bug: 'dropout is not repeated by the seed',
    file: rnn('modules/dropout.ts'),
    find: `stream.bits() < threshold`,
    replace: `Math.random() * 2 ** 32 < threshold`,
    tests: [['modules/layers', 'is replayed by the seed']],
  },
  {
    group: '5',
    bug: 'dropout after the last layer',
    file: rnn('modules/recurrent.ts'),
    find: `    const finalState: Record<string, Tensor> = {};`,
    replace: `    output = dropout(output, this.dropout, this.training);
    const finalState: Record<string, Tensor> = {};`,
    tests: [['rnn/betweenLayers', 'LSTM: falls between layers']],
  },
  {
    group: '6',
    bug: 'each gradient is clipped by itself',
    file: rnn('optim/clip.ts'),
    find: `if (gradient) scaleInPlace(gradient, factor);`,
    replace: `if (gradient)
        scaleInPlace(gradient, Math.min(1, maxNorm / (Math.sqrt(sumOfSquares(gradient)) + 1e-6)));`,
    tests: [['rnn/optimizers', 'clipGradNorm scales all gradients as one vector']],
  },
  {
    group: '6',
    bug: 'the update comes before the clipping',
    file: rnn('train/trainingStep.ts'),
    find: `    const norm = this.#clip(clipping);
    optimizer.step();`,
    replace: `    optimizer.step();
    const norm = this.#clip(clipping);`,
    tests: [['train/fitSteps', 'clips all gradients as one vector before the update']],
  },
  {
    group: '6',
    bug: 'a NaN norm reaches the weights',
    file: rnn('optim/clip.ts'),
    find: `if (!Number.isFinite(sum))`,
    replace: `if (sum < 0)`,
    tests: [['rnn/optimizers', 'a NaN gradient never reaches a weight']],
  },
  {
    group: '6',
    bug: 'the norm is reported after clipping',
    file: rnn('optim/clip.ts'),
    find: `  return norm;
}`,
    replace: `  return Math.min(norm, maxNorm);
}`,
    tests: [
      ['rnn/optimizers', 'returns the norm before'],
      ['train/fitSteps', 'reports the norm before'],
    ],
  },
  {
    group: '7',
    bug: 'log-sum-exp without its shift',
    file: rnn('ops/reduce.ts'),
    find: `const shift = max === -Infinity ? 0 : max;`,
    replace: `const shift = 0;`,
    tests: [['losses/crossEntropy', 'stays finite for huge logits']],
  },
  {
    group: '7',
    bug: 'sigmoid from eˣ alone',
    file: rnn('ops/unary.ts'),
    find: `const e = Math.exp(v < 0 ? v : -v);
      y[i] = v < 0 ? e / (1 + e) : 1 / (1 + e);`,
    replace: `const e = Math.exp(v);
      y[i] = e / (1 + e);`,
    tests: [['rnn/operations', 'sigmoid and softmax stay finite for huge logits']],
  },
  {
    group: '7',
    bug: 'softplus as ln(1 + e⁻ˣ)',
    file: rnn('losses/bceWithLogits.ts'),
    find: `(x < 0 ? -x : 0) + Math.log1p(Math.exp(x < 0 ? x : -x));`,
    replace: `Math.log(1 + Math.exp(-x));`,
    tests: [['losses/losses', 'stays exact for huge and for tiny probabilities']],
  },
  {
    group: '8',
    bug: 'an embedding used at several time steps keeps the last gradient only',
    file: rnn('ops/gather.ts'),
    find: `gw.data[to + j]! += adjoint`,
    replace: `gw.data[to + j] = adjoint`,
    tests: [['rnn/operations', 'embedding: backward agrees with central differences (1)']],
  },
  {
    group: '8',
    bug: 'the gradient of a shared weight is that of its last use',
    file: rnn('tensor.ts'),
    find: `if (!tensor.source) return { data: openGradient(tensor), shape: tensor.shape };`,
    replace: `if (!tensor.source) return { data: openGradient(tensor).fill(0), shape: tensor.shape };`,
    tests: [['modules/layers', 'its gradient is the sum of all its uses']],
  },
  {
    group: '9',
    bug: 'a Keras GRU with reset_after=False is read as the other kind',
    file: 'kernel/io/interchange/kerasWeights.ts',
    find: `if (found !== undefined)`,
    replace: `if (found === null)`,
    tests: [
      ['interchange/kerasWeights', 'of a GRU of the other kind are refused, by shape and by flag'],
    ],
  },
  {
    group: '9',
    bug: 'linear_before_reset of ONNX is passed over',
    file: 'kernel/io/interchange/importedLayer.ts',
    find: `resetAfter: before !== undefined && 'int' in before && before.int !== 0,`,
    replace: `resetAfter: before !== null,`,
    tests: [['interchange/importOnnx', 'runs RNN, LSTM and GRU as ONNX Runtime does']],
  },
  {
    group: '9',
    bug: 'the reset gate leaves out the bias of the recurrent product',
    file: rnn('cell/builtinCells.ts'),
    find: `  const [hr, hz, hn] = h.linear(p.weight_hh, p.bias_hh).chunk(3) as [Value, Value, Value];
  const r = sigmoid(add(xr, hr)).as('r');
  const z = sigmoid(add(xz, hz)).as('z');
  const n = tanh(add(xn, mul(r, hn))).as('n');`,
    replace: `  const [hr, hz, hn] = h.linear(p.weight_hh, p.bias_hh).chunk(3) as [Value, Value, Value];
  const r = sigmoid(add(xr, hr)).as('r');
  const z = sigmoid(add(xz, hz)).as('z');
  const bn = p.bias_hh?.chunk(3, 0)[2];
  const n = tanh(bn ? add(xn, add(mul(r, sub(hn, bn)), bn)) : add(xn, mul(r, hn))).as('n');`,
    tests: [
      ['peers/tfjsGradients', 'GRU with its reset after the product'],
      ['rnn/recurrent', 'GRU, two layers: agrees with the textbook equations'],
    ],
  },
  {
    group: '10',
    bug: 'LSTM gates in the order f i g o',
    file: rnn('cell/builtinCells.ts'),
    find: `    const i = sigmoid(ai).as('i');
    const f = sigmoid(af).as('f');`,
    replace: `    const i = sigmoid(af).as('i');
    const f = sigmoid(ai).as('f');`,
    tests: [
      ['peers/tfjsGradients', 'LSTM: output, final states and every gradient'],
      ['rnn/recurrent', 'LSTM, two layers: agrees with the textbook equations'],
    ],
  },
  {
    group: '10',
    bug: 'GRU gates in the order z r n',
    file: rnn('cell/builtinCells.ts'),
    find: `  const [xr, xz, xn] = x.linear(p.weight_ih, p.bias_ih).chunk(3) as [Value, Value, Value];
  const [hr, hz, hn] =`,
    replace: `  const [xz, xr, xn] = x.linear(p.weight_ih, p.bias_ih).chunk(3) as [Value, Value, Value];
  const [hz, hr, hn] =`,
    tests: [
      ['peers/tfjsGradients', 'GRU with its reset after the product'],
      ['rnn/recurrent', 'GRU, two layers: agrees with the textbook equations'],
    ],
  },
  {
    group: '10',
    bug: 'LSTM gates written to ONNX in the order i f g o',
    file: 'kernel/io/interchange/gateOrders.ts',
    find: `LSTM: [0, 3, 1, 2],`,
    replace: `LSTM: [0, 1, 2, 3],`,
    tests: [['interchange/exportOnnx', 'run in ONNX Runtime with the same numbers']],
  },
  {
    group: '10',
    bug: 'GRU gates read from Keras in the order r z n',
    file: 'kernel/io/interchange/kerasWeights.ts',
    find: `GRU: [1, 0, 2],`,
    replace: `GRU: [0, 1, 2],`,
    tests: [['interchange/kerasWeights', "gruAfter mean the same in Keras' equations"]],
  },
  {
    group: 'engine',
    bug: 'a chunk of a pre-activation is read at its beginning',
    file: rnn('fused/groupBody.ts'),
    find: `if (node.op === 'slice') return this.of(node.operands[0]!, offset + startOf(node));`,
    replace: `if (node.op === 'slice') return this.of(node.operands[0]!, offset);`,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'the adjoint of a chunk lands at the beginning of its pre-activation',
    file: rnn('fused/groupBody.ts'),
    find: `this.#add(node.operands[0]!, offset + startOf(node), adjoint);`,
    replace: `this.#add(node.operands[0]!, offset, adjoint);`,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'the derivative of sigmoid is that of tanh',
    file: rnn('wasm/vectorRules.ts'),
    find: `      f.get(adjoint).get(result).op('f32x4_mul');
      f.f32x4(1).get(result).op('f32x4_sub').op('f32x4_mul');`,
    replace: `      f.get(adjoint).f32x4(1).get(result).get(result).op('f32x4_mul').op('f32x4_sub');
      f.op('f32x4_mul');`,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'adjoints of states are not handed to the time step before',
    file: rnn('fused/sequenceKernels.ts'),
    find: `      this.#step.passStates();
`,
    replace: ``,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'what is added up within a time step is not cleared before it',
    file: rnn('fused/sequenceKernels.ts'),
    find: `      this.#step.clearTemporary();
`,
    replace: ``,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'sequences that have ended add to gradients of weights',
    file: rnn('fused/sequenceKernels.ts'),
    find: `      this.#step.clearEnded(this.#step.adjointPlaces());
`,
    replace: ``,
    tests: [['rnn/directions', 'float32: each sequence gives what it gives alone']],
  },
  {
    group: 'engine',
    bug: 'weights are packed once and not after an update',
    file: rnn('fused/layerWeights.ts'),
    find: `        const to = (weight.packed ??= this.#allocate(packedLength(rows.rows, depth))).byteOffset;
        core['packTransposed']!(to, from, 4 * depth, rows.rows, depth);`,
    replace: `        const isPacked = weight.packed !== undefined;
        const to = (weight.packed ??= this.#allocate(packedLength(rows.rows, depth))).byteOffset;
        if (!isPacked) core['packTransposed']!(to, from, 4 * depth, rows.rows, depth);`,
    tests: [['rnn/fusedReads', 'weights as they are at each run, 8 sequences']],
  },
  {
    group: 'engine',
    bug: 'only one of two biases gets its gradient',
    file: rnn('fused/layerWeights.ts'),
    find: `        for (const { parameter, start } of terms) {
          const gradient`,
    replace: `        for (const { parameter, start } of terms.slice(0, 1)) {
          const gradient`,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'sums of rows scattered for one-hot input are not cleared before the next run',
    file: rnn('fused/layerWeights.ts'),
    find: `const sums = engine.clear(
          (weight.transposedGradient ??= this.#allocate(rows.rows * depth)),
        );`,
    replace: `const sums = (weight.transposedGradient ??= this.#allocate(rows.rows * depth));`,
    tests: [['rnn/fused', 'lstm, plain SIMD: values and all gradients']],
  },
  {
    group: 'engine',
    bug: 'each thread computes the first rows of every gradient of a weight',
    file: rnn('fused/fusedRun.ts'),
    find: `parts.map((_, k) => [frames.byteOffset, count, k, count, scratch + k * bytes]),`,
    replace: `parts.map((_, k) => [frames.byteOffset, count, 0, count, scratch + k * bytes]),`,
    tests: [['rnn/threads', 'LSTM, 16 sequences: several threads give what one gives']],
  },
  {
    group: 'engine',
    bug: 'rows that look one-hot by their first are gathered',
    file: rnn('fused/oneHot.ts'),
    find: `    if (position < 0) return undefined;
    positions[row] = position;`,
    replace: `    positions[row] = Math.max(0, position);`,
    tests: [['rnn/fusedReads', 'every row of the input']],
  },
  {
    group: 'engine',
    bug: 'softmax without its shift',
    file: rnn('wasm/trainingKernels.ts'),
    find: `f.get(x).get(at).op('i32_add').memory(load).get(max).op('f32x4_sub').set(value);
        f.get(p)`,
    replace: `f.get(x).get(at).op('i32_add').memory(load).set(value);
        f.get(p)`,
    tests: [['losses/crossEntropy', 'float32 in WebAssembly is robust too']],
  },
  {
    group: 'engine',
    bug: 'eps of Adam under the root',
    file: rnn('wasm/updateKernels.ts'),
    find: `const size = u.add(u.mul(u.sqrt(v), c), eps);`,
    replace: `const size = u.mul(u.sqrt(u.add(v, eps)), c);`,
    tests: [
      ['optim/trajectories', 'Adam adds weight decay to the gradient: float32 weights of a layer'],
    ],
  },
  {
    group: 'optimiser',
    bug: 'Adam without correction of its second moment',
    file: rnn('optim/adam.ts'),
    find: `const correction = Math.sqrt(second);`,
    replace: `const correction = second > 2 ? 2 : 1;`,
    tests: [['optim/trajectories', 'AdamW as PyTorch defaults it: 25 steps']],
  },
  {
    group: 'optimiser',
    bug: 'AdamW adds its decay to the gradient',
    file: rnn('optim/adamw.ts'),
    find: `if (settings.weightDecay > 0) scaleInPlace(theta, 1 - settings.lr * settings.weightDecay);
    return 0;`,
    replace: `return settings.weightDecay;`,
    tests: [['optim/trajectories', 'AdamW decays weights apart from the gradient: 25 steps']],
  },
  {
    group: 'optimiser',
    bug: 'RMSprop with eps inside the root as Keras',
    file: rnn('optim/rmsprop.ts'),
    find: `const inside = settings.epsPlacement === 'inside' ? settings.eps : 0;`,
    replace: `const inside = settings.epsPlacement === undefined ? 0 : settings.eps;`,
    tests: [['optim/trajectories', 'RMSprop as PyTorch defaults it: 25 steps']],
  },
  {
    group: 'optimiser',
    bug: 'the look-ahead of Nesterov is left out',
    file: rnn('wasm/updateKernels.ts'),
    find: `const step = u.add(v, u.mul(look, u.sub(ahead, v)));`,
    replace: `const step = u.add(v, u.mul(look, u.sub(v, v)));`,
    tests: [
      [
        'optim/trajectories',
        'SGD with Nesterov momentum and weight decay: float32 weights of a layer',
      ],
    ],
  },
  {
    group: 'CTC',
    bug: 'equal labels may follow each other without a blank',
    file: rnn('losses/ctcAlignment.ts'),
    find: `s > 1 && s % 2 === 1 && states[s] !== states[s - 2];`,
    replace: `s > 1 && s % 2 === 1 && states.length > s;`,
    tests: [['losses/ctcLoss', 'is the sum over all alignments']],
  },
  {
    group: 'CTC',
    bug: 'the alignment may only end in a blank',
    file: rnn('losses/ctcAlignment.ts'),
    find: `return count === 1 ? last : logAdd(last, alpha[alpha.length - 2]!, -Infinity);`,
    replace: `return last;`,
    tests: [['losses/ctcLoss', 'is the sum over all alignments']],
  },
  {
    group: 'decoding',
    bug: 'greedy CTC decoding merges a repeated symbol that a blank parts',
    file: rnn('decode/ctcDecode.ts'),
    find: `if (best !== blank && best !== last) indices.push(best);`,
    replace: `if (best !== blank && best !== indices.at(-1)) indices.push(best);`,
    tests: [['decode/ctcDecode', 'merges repetitions, keeps those that a blank parts']],
  },
  {
    group: 'decoding',
    bug: 'beam search keeps W candidates although some of them end',
    file: rnn('decode/beamSearch.ts'),
    find: `new Best<Beam<State>>(2 * beamWidth,`,
    replace: `new Best<Beam<State>>(beamWidth,`,
    tests: [['decode/beamSearch', 'is the search of its description for any beam']],
  },
];
