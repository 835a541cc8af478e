import { Module } from '../../rnn/modules/module.js';
import { showShape } from '../../rnn/ndarray.js';
import { createParameter } from '../../rnn/modules/linear.js';
import { zeros } from '../../rnn/factories.js';
import { noGrad, type Tensor } from '../../rnn/tensor.js';
import { toBytes, type Bytes } from '../fileFormatError.js';
import {
  importLayer,
  isRecurrentOperator,
  runImportedLayer,
  type ImportedLayer,
} from './importedLayer.js';
import { importedOperations, runNode, toTensor } from './importedOperations.js';
import { InterchangeError } from './interchangeError.js';
import {
  parseOnnx,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from './onnxProto.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Before it, operators meant other things. */
const oldestOpset = 9;

/**
 * An ONNX graph as a module. Its layers RNN, LSTM and GRU are layers of ours, under the name of their node; other
 * floating-point weights are parameters under their own names. It can be trained, inspected and exported like any other.
 *
 * `forward(input, state?, others?)` hands `input` to the graph's first input, `state.h` to `h_0` (zeros where left out),
 * `others.lengths` to `lengths`; it gives the graph's first output as `output`, `h_n` as `state.h`, others by name.
 */
export class OnnxModule extends Module {
  readonly #graph: OnnxGraph;
  readonly #opset: number;
  readonly #weights = new Map<string, Tensor>();
  readonly #layers = new Map<OnnxNode, ImportedLayer>();

  constructor({ graph, opset }: OnnxModel) {
    super();
    if (opset < oldestOpset)
      throw new InterchangeError(
        `importOnnx: the operators are of version ${opset}, expected ${oldestOpset} or later`,
      );
    this.#graph = graph;
    this.#opset = opset;
    for (const node of graph.nodes) {
      const isKnown = isRecurrentOperator(node.op) || Object.hasOwn(importedOperations, node.op);
      if (node.domain !== '' || !isKnown)
        throw new InterchangeError(
          `importOnnx: operator ${[node.domain, node.op].filter(Boolean).join('.')} ('${node.name}') has no form here, expected RNN, LSTM, GRU, ${Object.keys(importedOperations).join(', ')}`,
        );
      if (isRecurrentOperator(node.op)) this.addLayer(node);
    }
    this.addWeights();
  }

  private addLayer(node: OnnxNode): void {
    const layer = importLayer(node, (place) => {
      const name = node.inputs[place];
      return name ? this.constant(node, name) : undefined;
    });
    this.#layers.set(node, layer);
    this.addField(node.name || node.op, layer.module);
  }

  /** The value of an operand that no input has a part in. */
  private constant(reader: OnnxNode, name: string): Tensor {
    const { initializers, nodes } = this.#graph;
    const initializer = initializers.find((one) => one.name === name);
    if (initializer) return toTensor(initializer);
    const node = nodes.find(({ outputs }) => outputs.includes(name));
    if (!node || isRecurrentOperator(node.op))
      throw new InterchangeError(
        `importOnnx: ${reader.op} '${reader.name}' reads its weights from '${name}', expected a constant`,
      );
    const inputs = node.inputs.map((one) => (one ? this.constant(reader, one) : undefined));
    const results = noGrad(() => runNode({ node, inputs, opset: this.#opset }));
    return results[node.outputs.indexOf(name)]!;
  }

  private addWeights(): void {
    const reads = (node: OnnxNode): string[] =>
      this.#layers.has(node) ? [node.inputs[0]!, ...node.inputs.slice(4, 7)] : [...node.inputs];
    const { nodes, outputs, initializers } = this.#graph;
    const read = new Set([...nodes.flatMap(reads), ...outputs.map(({ name }) => name)]);
    for (const initializer of initializers.filter(({ name }) => read.has(name))) {
      const tensor = toTensor(initializer);
      const { data, dtype, shape } = tensor;
      if (dtype === 'int32' || shape.length === 0) {
        this.#weights.set(initializer.name, tensor);
        continue;
      }
      const parameter = createParameter(shape, dtype, (target) => {
        for (let i = 0; i < target.length; i++) target[i] = data[i]!;
      });
      this.#weights.set(initializer.name, parameter);
      this.addField(initializer.name, parameter);
    }
  }

  private addField(wanted: string, value: unknown): void {
    let name = wanted;
    while (name in this) name += '_';
    (this as unknown as Record<string, unknown>)[name] = value;
  }

  /** What the graph takes. Initializers of old files stand among the inputs and are none. */
  get inputs(): readonly OnnxValue[] {
    const constants = new Set(this.#graph.initializers.map(({ name }) => name));
    return this.#graph.inputs.filter(({ name }) => !constants.has(name));
  }

  get outputs(): readonly OnnxValue[] {
    return this.#graph.outputs;
  }

  override forward(
    input: Tensor,
    state: Tensors = {},
    others: Tensors = {},
  ): { output: Tensor; state: Record<string, Tensor> } & Record<string, unknown> {
    const [first, ...rest] = this.inputs;
    if (!first) throw new InterchangeError('OnnxModule.forward: the graph has no input');
    const given: Record<string, Tensor> = { [first.name]: input };
    for (const value of rest) {
      const { name } = value;
      const tensor = others[name] ?? state[name.replace(/_0$/, '')];
      if (tensor) given[name] = tensor;
      else if (name.endsWith('_0')) given[name] = zeros(extentsOf(value, first, input));
    }
    const results = this.run(given);
    const [output, ...more] = this.outputs.map(({ name }) => [name, results[name]!] as const);
    return {
      ...Object.fromEntries(more.filter(([name]) => !name.endsWith('_n'))),
      output: output![1],
      state: Object.fromEntries(
        more.filter(([name]) => name.endsWith('_n')).map(([name, one]) => [name.slice(0, -2), one]),
      ),
    };
  }

  /** Inputs by name → outputs by name. @throws InterchangeError if one is missing or unknown */
  run(given: Tensors): Record<string, Tensor> {
    const expected = this.inputs.map(({ name }) => name);
    const wrong = [
      ...expected.filter((name) => !given[name]).map((name) => `${name} is missing`),
      ...Object.keys(given).filter((name) => !expected.includes(name)),
    ];
    if (wrong.length > 0)
      throw new InterchangeError(
        `OnnxModule.run: ${wrong.join(', ')}; expected ${expected.join(', ')}`,
      );
    const values = new Map([...this.#weights, ...Object.entries(given)]);
    for (const node of this.#graph.nodes) {
      const inputs = node.inputs.map((name) => (name ? values.get(name) : undefined));
      const layer = this.#layers.get(node);
      const missing = node.inputs.find((name, k) => name && !inputs[k] && !(layer && isWeight(k)));
      if (missing !== undefined)
        throw new InterchangeError(
          `OnnxModule.run: ${node.op} '${node.name}' reads '${missing}', which nothing before it computes`,
        );
      const results = layer
        ? runImportedLayer(layer, inputs)
        : runNode({ node, inputs, opset: this.#opset });
      node.outputs.forEach((name, k) => {
        if (name && results[k]) values.set(name, results[k]);
      });
    }
    return Object.fromEntries(
      this.outputs.map(({ name }) => {
        const value = values.get(name);
        if (!value) throw new InterchangeError(`OnnxModule.run: nothing computes output '${name}'`);
        return [name, value];
      }),
    );
  }
}

/** Operands W, R, B and P, which the layer holds. */
const isWeight = (place: number): boolean => (place >= 1 && place <= 3) || place === 7;

/** A state's shape, with the names of extents looked up in the input. */
function extentsOf({ name, shape }: OnnxValue, first: OnnxValue, input: Tensor): number[] {
  return shape.map((extent) => {
    const size = typeof extent === 'number' ? extent : input.shape[first.shape.indexOf(extent)];
    if (size === undefined)
      throw new InterchangeError(
        `OnnxModule.forward: state '${name}' is ${JSON.stringify(shape)} and was not given, and the input ${showShape(input.shape)} does not tell its extent '${extent}'`,
      );
    return size;
  });
}

/**
 * The model of an ONNX file as a module.
 * @throws FileFormatError if the bytes are no ONNX model
 * @throws InterchangeError for operators and options that have no form here: each is named
 */
export const importOnnx = (bytes: Bytes): OnnxModule => new OnnxModule(parseOnnx(toBytes(bytes)));
