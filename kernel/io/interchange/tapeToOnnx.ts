import type { CellProgram } from '../../rnn/cell/program.js';
import { lengthsBehind } from '../../rnn/modules/attention.js';
import type { Module } from '../../rnn/modules/module.js';
import { sameShape, showShape, type NumberArray, type Shape } from '../../rnn/ndarray.js';
import type { TapeNode, Tensor } from '../../rnn/tensor.js';
import { inputName, type DynamicAxes } from './exampleInputs.js';
import {
  extentsOf,
  GraphBuilder,
  isFixed,
  type Application,
  type Operand,
  type Extent,
} from './graphBuilder.js';
import { InterchangeError } from './interchangeError.js';
import { hasOnnxForm, lowerPrimitive } from './onnxOperations.js';
import type { ElementType, OnnxGraph, OnnxValue } from './onnxProto.js';
import { findOperator, lowerToOperator, type LayerApplication } from './onnxRecurrent.js';
import { lowerToScan } from './onnxScan.js';
import type { Recording } from './recordForward.js';

/** A model's forward pass with the example and with other sizes. */
type Runs = readonly [Recording, Recording];

interface Output {
  readonly name: string;
  /** Which of the recorded outputs. */
  readonly index: number;
}

interface GraphOptions {
  readonly extents: readonly Extent[];
  readonly axes: DynamicAxes;
  readonly dtype: 'float32' | undefined;
  /** Whether states that the model does not read are no inputs. */
  readonly dropUnusedState: boolean;
}

/** What a tape node of a recurrent layer says of itself. */
interface LayerDetail {
  readonly program: CellProgram;
  readonly direction?: 'forward' | 'reverse';
  readonly lengths?: Int32Array;
}

/** @throws InterchangeError if the runs did different things, or something without a form in ONNX */
export function toOnnxGraph(
  model: Module,
  runs: Runs,
  outputs: readonly Output[],
  options: GraphOptions,
): OnnxGraph {
  checkAlike(runs, options.extents);
  const values = new TapeValues(model, runs, options);
  runs[0].nodes.forEach((_, k) => values.addNode(k));
  const results = outputs.map(({ name, index }) => values.addOutput(name, index));
  const inputs = runs[0].inputs.map(({ path, tensor }): OnnxValue => {
    const name = inputName(path);
    const axes = options.axes[name]!;
    return {
      name,
      type: tensor.dtype === 'int32' ? 'int32' : values.builder.floatType,
      shape: tensor.shape.map((extent, axis) => axes[axis] ?? extent),
    };
  });
  const graph = values.builder.build(model.constructor.name, inputs, results);
  if (!options.dropUnusedState) return graph;
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  return {
    ...graph,
    inputs: inputs.filter(({ name }, k) => runs[0].inputs[k]!.path[0] !== '1' || read.has(name)),
  };
}

/** Both runs must have done the same operations on the same values. */
function checkAlike([first, second]: Runs, extents: readonly Extent[]): void {
  const places = [first, second].map(
    ({ nodes }) => new Map(nodes.map((node, k) => [node, k] as const)),
  );
  const describe = ({ nodes, outputs }: Recording, run: number): string[] => [
    ...nodes.map((node) =>
      [node.op, ...node.inputs.map((input) => placeOf(input, places[run]!))].join(' '),
    ),
    ...outputs.map(({ path, tensor }) => `${path.join('.')} ${placeOf(tensor, places[run]!)}`),
  ];
  const [one, other] = [describe(first, 0), describe(second, 1)];
  const at = one.findIndex((text, k) => text !== other[k]);
  if (at < 0 && one.length === other.length) return;
  const sizes = extents.map(({ name, sizes }) => `${name} ${sizes.join(' and ')}`).join(', ');
  const op = first.nodes[at]?.op ?? second.nodes[first.nodes.length]?.op ?? 'the outputs';
  throw new InterchangeError(
    `exportOnnx: forward did other operations on the second run, from operation ${Math.max(at, 0)} (${op}) on; the runs had ${sizes || 'other numbers'}. Fix extents with dynamicAxes if a loop or condition depends on them`,
  );
}

const placeOf = ({ source }: Tensor, places: ReadonlyMap<TapeNode, number>): string =>
  source ? `${places.get(source.node)!}.${source.output}` : 'leaf';

/** The values of both runs side by side, and the nodes that compute them. */
class TapeValues {
  readonly builder: GraphBuilder;
  private readonly inputs: ReadonlyMap<Tensor, string>;
  private readonly paths: ReadonlyMap<Tensor, string>;
  private readonly computed = new Map<TapeNode, readonly Operand[]>();
  private readonly leaves = new Map<Tensor, Operand>();
  private readonly layerNames = new Map<Tensor, string>();

  constructor(
    model: Module,
    private readonly runs: Runs,
    { extents, dtype }: GraphOptions,
  ) {
    this.paths = new Map([...model.namedParameters()].map(([path, one]) => [one, path]));
    const tensors = [...this.paths.keys(), ...runs[0].inputs.map((one) => one.tensor)];
    this.builder = GraphBuilder.create(extents, toFloatType(tensors, dtype));
    this.inputs = new Map(
      runs[0].inputs.map(({ path, tensor }) => [tensor, this.builder.fresh(inputName(path))]),
    );
  }

  addNode(k: number): void {
    const nodes = this.runs.map((run) => run.nodes[k]!) as [TapeNode, TapeNode];
    const { op, inputs, outputShapes } = nodes[0];
    const shapesOf = (output: number): Shape[] => nodes.map((one) => one.outputShapes[output]!);
    if (op === 'recurrent') {
      const names = this.addLayer(nodes);
      const operands = names.map((name, output) => ({ name, shapes: shapesOf(output) }));
      this.computed.set(nodes[0], operands);
      return;
    }
    if (!hasOnnxForm(op) || nodes[0].detail === undefined)
      throw new InterchangeError(`exportOnnx: operation '${op}' has no form in ONNX`);
    const application: Application = {
      op,
      inputs: inputs.map((_, at) => this.operand(nodes, at)),
      attributes: nodes.map((one) => one.detail),
      outputShapes: outputShapes.map((_, output) => shapesOf(output)),
    };
    const name = lowerPrimitive(this.builder, op, application);
    this.computed.set(nodes[0], [{ name, shapes: shapesOf(0), source: application }]);
  }

  addOutput(name: string, index: number): OnnxValue {
    const pair = this.runs.map((run) => run.outputs[index]!.tensor) as [Tensor, Tensor];
    const { name: value, shapes } = this.valueOf(pair, `output '${name}'`);
    this.builder.fresh(name);
    this.builder.output(name, value);
    return {
      name,
      type: pair[0].dtype === 'int32' ? 'int32' : this.builder.floatType,
      shape: extentsOf(shapes).map((sizes) =>
        isFixed(sizes) ? sizes[0]! : (this.builder.extentNamed(sizes)?.name ?? ''),
      ),
    };
  }

  private operand(nodes: readonly [TapeNode, TapeNode], at: number): Operand {
    const pair = nodes.map((one) => one.inputs[at]!) as [Tensor, Tensor];
    return this.valueOf(pair, `operation '${nodes[0].op}'`);
  }

  private valueOf(pair: readonly [Tensor, Tensor], reader: string): Operand {
    const [first] = pair;
    if (first.source) return this.computed.get(first.source.node)![first.source.output]!;
    let leaf = this.leaves.get(first);
    if (!leaf) this.leaves.set(first, (leaf = this.addLeaf(pair, reader)));
    return leaf;
  }

  private addLeaf(pair: readonly [Tensor, Tensor], reader: string): Operand {
    const [first, second] = pair;
    const shapes = pair.map(({ shape }) => shape);
    const given = this.inputs.get(first);
    if (given !== undefined) return { name: given, shapes };
    const type = first.dtype === 'int32' ? 'int32' : this.builder.floatType;
    if (sameNumbers(first, second)) {
      const name = this.paths.get(first) ?? 'constant';
      const { shape, data } = first;
      return { name: this.builder.numbers(name, type, shape, data), shapes };
    }
    const lengths = pair.map(lengthsBehind);
    if (lengths[0] && lengths[1])
      return { name: this.addPadding(shapes, [lengths[0], lengths[1]]), shapes };
    // An operation may know what such a number means; all others refuse it.
    if (shapes.every(({ length }) => length === 0))
      return { name: '', shapes, scalars: pair.map(({ data }) => data[0]!) };
    if (type !== 'int32' && [first, second].every(({ data }) => isFilled(data, first.data[0]!)))
      return { name: this.fill(shapes, first.data[0]!), shapes };
    throw new InterchangeError(
      `exportOnnx: ${reader} reads numbers ${showShape(first.shape)} that change with the inputs, but were not computed from them by recorded operations (detach, to, argmax, numbers read from a tensor)`,
    );
  }

  /** `[B, 1, S]`: 0 within each length, −∞ behind it. */
  private addPadding(shapes: readonly Shape[], lengths: readonly [Int32Array, Int32Array]): string {
    const { builder } = this;
    const shape = builder.shape('attention with lengths', shapes);
    const steps = builder.once('Cast', [builder.once('Gather', [shape, builder.integer(2)])], {
      to: { int: 6 },
    });
    const positions = builder.once('Range', [
      builder.integer(0, 'int32'),
      steps,
      builder.integer(1, 'int32'),
    ]);
    const own = builder.once('Unsqueeze', [this.lengthsName(lengths), builder.integers([1, 2])]);
    const isValid = builder.once('Less', [positions, own]);
    const [zero, never] = [0, -Infinity].map((value, k) =>
      builder.floats(k === 0 ? 'zero' : 'minus_infinity', [], () => [value]),
    );
    return builder.once('Where', [isValid, zero!, never!]);
  }

  private fill(shapes: readonly Shape[], value: number): string {
    const { builder } = this;
    const tensor = { name: 'value', type: builder.floatType, shape: [1], data: [value] };
    return builder.once('ConstantOfShape', [builder.shape('a constant', shapes)], {
      value: { tensor },
    });
  }

  private addLayer(nodes: readonly [TapeNode, TapeNode]): string[] {
    const [first, second] = nodes;
    const { program, direction, lengths } = first.detail as LayerDetail;
    const firstParameter = 1 + program.states.length;
    const isZero = (at: number): boolean =>
      nodes.every(({ inputs }) => !inputs[at]!.source && isFilled(inputs[at]!.data, 0)) &&
      !this.inputs.has(first.inputs[at]!);
    const layer: LayerApplication = {
      program,
      name: this.layerName(first, program),
      reverse: direction === 'reverse',
      input: this.operand(nodes, 0).name,
      states: program.states.map((_, k) =>
        isZero(1 + k) ? undefined : this.operand(nodes, 1 + k).name,
      ),
      parameters: program.parameters.map(({ name }, k) => ({
        name,
        data: first.inputs[firstParameter + k]!.data,
      })),
      ...(lengths && {
        lengths: this.lengthsName([lengths, (second.detail as LayerDetail).lengths!]),
      }),
    };
    const operator = findOperator(program);
    return operator
      ? lowerToOperator(this.builder, operator, layer)
      : lowerToScan(this.builder, layer);
  }

  /** `lstm.l0` for parameters `lstm.weight_ih_l0`, …; a layer that runs several times has one name. */
  private layerName({ inputs }: TapeNode, program: CellProgram): string {
    const parameter = inputs[1 + program.states.length];
    const known = parameter && this.layerNames.get(parameter);
    if (known !== undefined) return known;
    const path = (parameter && this.paths.get(parameter)) ?? '';
    const [, owner = '', own = ''] = /^(?:(.*)\.)?[^.]*_(l\d+(?:_reverse)?)$/.exec(path) ?? [];
    const wanted = [owner, own].filter(Boolean).join('.') || program.name;
    const name = this.builder.fresh(wanted);
    if (parameter) this.layerNames.set(parameter, name);
    return name;
  }

  /** The input that holds these lengths in both runs. */
  private lengthsName(lengths: readonly [Int32Array, Int32Array]): string {
    const at = this.runs[0].inputs.findIndex((_, k) =>
      this.runs.every(
        ({ inputs }, run) =>
          inputs[k]!.tensor.dtype === 'int32' && sameData(inputs[k]!.tensor.data, lengths[run]!),
      ),
    );
    if (at < 0)
      throw new InterchangeError(
        `exportOnnx: a layer has lengths [${lengths[0].join(', ')}] that are none of the inputs, expected them as int32 tensor among the inputs`,
      );
    return this.inputs.get(this.runs[0].inputs[at]!.tensor)!;
  }
}

function toFloatType(tensors: readonly Tensor[], dtype: 'float32' | undefined): ElementType {
  const isDouble = tensors.some((one) => one.dtype === 'float64');
  if (isDouble && dtype === undefined)
    throw new InterchangeError(
      "exportOnnx: the model is in float64, which runtimes do not compute recurrent layers in; say dtype: 'float32' to round it",
    );
  return 'float';
}

const isFilled = (data: NumberArray, value: number): boolean => data.every((one) => one === value);

const sameData = (a: NumberArray, b: NumberArray): boolean =>
  a.length === b.length && a.every((one, k) => Object.is(one, b[k]));

const sameNumbers = (a: Tensor, b: Tensor): boolean =>
  a === b || (sameShape(a.shape, b.shape) && sameData(a.data, b.data));
