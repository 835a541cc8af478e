/** ONNX's operators in terms of our operations. Source: https://onnx.ai/onnx/operators/ */
import { where } from '../../rnn/expression.js';
import { cat, full } from '../../rnn/factories.js';
import { resolveAxis, showShape, sizeOf } from '../../rnn/ndarray.js';
import { applyOp, Tensor } from '../../rnn/tensor.js';
import { InterchangeError } from './interchangeError.js';
import {
  boolType,
  elementTypes,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from './onnxProto.js';

/** One node with its operands; those that are left out are undefined. */
export interface NodeRun {
  readonly node: OnnxNode;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly opset: number;
}

type Operation = (run: NodeRun) => Tensor | Tensor[];

export function toTensor({ type, shape, data }: OnnxTensor): Tensor {
  if (type === 'float') return new Tensor(Float32Array.from(data), shape);
  if (type === 'double') return new Tensor(Float64Array.from(data), shape);
  // Limits such as "to the end" stay limits.
  const clamped = (value: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value));
  return new Tensor(Int32Array.from(data, clamped), shape);
}

const refuse = ({ node }: NodeRun, why: string): never => {
  throw new InterchangeError(`importOnnx: ${node.op} '${node.name}' ${why}`);
};

const attribute = <K extends string>({ node }: NodeRun, name: string, kind: K) => {
  const value = node.attributes[name];
  return value && kind in value
    ? (value as Extract<OnnxAttribute, Record<K, unknown>>)[kind]
    : undefined;
};

/** Whole numbers that came as an attribute in older versions and are an operand now. */
const listOf = (run: NodeRun, name: string, place: number): number[] | undefined => {
  const operand = run.inputs[place];
  const given = attribute(run, name, 'ints');
  return operand ? [...operand.data] : given && [...given];
};

const operand = (run: NodeRun, place: number): Tensor =>
  run.inputs[place] ?? refuse(run, `lacks operand ${place}`);

type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'sigmoid' | 'tanh' | 'relu' | 'abs';
const unary =
  (method: Unary): Operation =>
  (run) =>
    operand(run, 0)[method]();

type Comparison = 'gt' | 'ge' | 'lt' | 'le' | 'eq';
const binary =
  (method: 'add' | 'sub' | 'mul' | 'div' | Comparison): Operation =>
  (run) =>
    operand(run, 0)[method](operand(run, 1));

const passOn: Operation = (run) => operand(run, 0);

const matMul: Operation = (run) => {
  const [a, b] = [operand(run, 0), operand(run, 1)];
  if (b.shape.length === 2 && a.shape.length >= 1) return a.linear(b.transpose(0, 1));
  if (a.shape.length === b.shape.length) return a.matmul(b);
  return refuse(
    run,
    `has operands ${showShape(a.shape)} and ${showShape(b.shape)}, expected a matrix or equal leading axes`,
  );
};

const gemm: Operation = (run) => {
  const [a, b, c] = [operand(run, 0), operand(run, 1), run.inputs[2]];
  const left = attribute(run, 'transA', 'int') ? a.transpose(0, 1) : a;
  const right = attribute(run, 'transB', 'int') ? b : b.transpose(0, 1);
  const [alpha, beta] = [
    attribute(run, 'alpha', 'float') ?? 1,
    attribute(run, 'beta', 'float') ?? 1,
  ];
  const product = alpha === 1 ? left.linear(right) : left.linear(right).mul(alpha);
  return c ? product.add(beta === 1 ? c : c.mul(beta)) : product;
};

const gather: Operation = (run) => {
  const [data, indices] = [operand(run, 0), operand(run, 1)];
  const axis = resolveAxis('Gather', attribute(run, 'axis', 'int') ?? 0, data.shape);
  const extent = data.shape[axis]!;
  const places = new Tensor(
    Int32Array.from(indices.data, (index) => (index < 0 ? index + extent : index)),
    indices.shape,
  );
  if (indices.shape.length === 0) return data.select(axis, places.data[0]!);
  if (axis !== 0) return refuse(run, `picks along axis ${axis}, expected axis 0 or one index`);
  const rest = data.shape.slice(1);
  const rows = data.reshape([extent, sizeOf(rest)]);
  return applyOp('embedding', [rows, places], {}).reshape([...indices.shape, ...rest]);
};

const reshape: Operation = (run) => {
  const x = operand(run, 0);
  return x.reshape(
    [...operand(run, 1).data].map((extent, axis) => (extent === 0 ? x.shape[axis]! : extent)),
  );
};

const transpose: Operation = (run) => {
  const x = operand(run, 0);
  return x.permute(attribute(run, 'perm', 'ints') ?? x.shape.map((_, axis) => axis).reverse());
};

const squeeze: Operation = (run) => {
  const { shape } = operand(run, 0);
  const axes = listOf(run, 'axes', 1)?.map((axis) => resolveAxis('Squeeze', axis, shape));
  return operand(run, 0).reshape(
    shape.filter((extent, axis) => (axes ? !axes.includes(axis) : extent !== 1)),
  );
};

const unsqueeze: Operation = (run) => {
  const x = operand(run, 0);
  const axes = listOf(run, 'axes', 1) ?? [];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...x.shape];
  return x.reshape(
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
  );
};

const slice: Operation = (run) => {
  const x = operand(run, 0);
  const starts = listOf(run, 'starts', 1) ?? [];
  const ends = listOf(run, 'ends', 2) ?? [];
  const axes = listOf(run, 'axes', 3) ?? starts.map((_, axis) => axis);
  if (run.inputs[4]?.data.some((step: number) => step !== 1))
    return refuse(run, `has steps ${[...run.inputs[4].data].join(', ')}, expected 1`);
  return axes.reduce((part, axis, k) => {
    const extent = part.shape.at(axis)!;
    const place = (at: number): number => Math.max(0, Math.min(extent, at < 0 ? at + extent : at));
    return part.slice(axis, place(starts[k]!), place(ends[k]!));
  }, x);
};

const split: Operation = (run) => {
  const x = operand(run, 0);
  const axis = attribute(run, 'axis', 'int') ?? 0;
  const count = run.node.outputs.length;
  const sizes = listOf(run, 'split', 1) ?? new Array<number>(count).fill(x.shape.at(axis)! / count);
  let from = 0;
  return sizes.map((size) => x.slice(axis, from, (from += size)));
};

const overLastAxis =
  (method: 'softmax' | 'logSoftmax'): Operation =>
  (run) => {
    const x = operand(run, 0);
    const axis = attribute(run, 'axis', 'int') ?? (run.opset < 13 ? 1 : -1);
    if (resolveAxis(run.node.op, axis, x.shape) !== x.shape.length - 1)
      return refuse(run, `runs over axis ${axis} of ${showShape(x.shape)}, expected the last`);
    return x[method]();
  };

const layerNormalization: Operation = (run) => {
  const x = operand(run, 0);
  const axis = resolveAxis(run.node.op, attribute(run, 'axis', 'int') ?? -1, x.shape);
  const operands = [x, operand(run, 1), ...(run.inputs[2] ? [run.inputs[2]] : [])];
  const eps = attribute(run, 'epsilon', 'float') ?? 1e-5;
  return applyOp('layerNorm', operands, { eps, axes: x.shape.length - axis });
};

const conv: Operation = (run) => {
  const weight = operand(run, 1);
  const autoPad = attribute(run, 'auto_pad', 'string') ?? 'NOTSET';
  if (weight.shape.length !== 3 || autoPad !== 'NOTSET')
    return refuse(
      run,
      `has weight ${showShape(weight.shape)} and auto_pad ${autoPad}, expected a convolution over time with pads`,
    );
  const [before = 0, behind = 0] = attribute(run, 'pads', 'ints') ?? [];
  const operands = [operand(run, 0), weight, ...(run.inputs[2] ? [run.inputs[2]] : [])];
  return applyOp('conv1d', operands, {
    stride: attribute(run, 'strides', 'ints')?.[0] ?? 1,
    padding: [before, behind],
    dilation: attribute(run, 'dilations', 'ints')?.[0] ?? 1,
    groups: attribute(run, 'group', 'int') ?? 1,
  });
};

const reduce =
  (method: 'sum' | 'mean' | 'max' | 'min'): Operation =>
  (run) =>
    operand(run, 0)[method](listOf(run, 'axes', 1), attribute(run, 'keepdims', 'int') !== 0);

const shapeOf: Operation = (run) => {
  const { shape } = operand(run, 0);
  const part = shape.slice(attribute(run, 'start', 'int') ?? 0, attribute(run, 'end', 'int'));
  return new Tensor(Int32Array.from(part), [part.length]);
};

const cast: Operation = (run) => {
  const to = attribute(run, 'to', 'int');
  const x = operand(run, 0);
  const isWhole = to === elementTypes.int32 || to === elementTypes.int64;
  if (isWhole) return x.dtype === 'int32' ? x : x.to('int32');
  if (to === boolType) return x.ne(0);
  if (to !== elementTypes.float && to !== elementTypes.double)
    return refuse(
      run,
      `makes elements of type ${to ?? 0}, expected float, double, int32, int64 or bool`,
    );
  return x.dtype === 'int32' ? x.to('float32') : x;
};

const constant: Operation = (run) => {
  const value = attribute(run, 'value', 'tensor');
  if (value) return toTensor(value);
  const int = attribute(run, 'value_int', 'int');
  if (int !== undefined) return new Tensor(Int32Array.of(int), []);
  const ints = attribute(run, 'value_ints', 'ints');
  if (ints) return new Tensor(Int32Array.from(ints), [ints.length]);
  const float = attribute(run, 'value_float', 'float');
  return float === undefined ? refuse(run, 'has no value') : new Tensor(Float32Array.of(float), []);
};

const constantOfShape: Operation = (run) => {
  const shape = [...operand(run, 0).data];
  const value = attribute(run, 'value', 'tensor');
  const [number] = value ? toTensor(value).data : [0];
  return full(shape, number!);
};

const expand: Operation = (run) => {
  const x = operand(run, 0);
  return x.add(full([...operand(run, 1).data], 0, { dtype: x.dtype }));
};

const flatten: Operation = (run) => {
  const { shape } = operand(run, 0);
  const axis = attribute(run, 'axis', 'int') ?? 1;
  const at = axis < 0 ? axis + shape.length : axis;
  return operand(run, 0).reshape([sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))]);
};

const clip: Operation = (run) =>
  operand(run, 0).clamp(run.inputs[1]?.item(), run.inputs[2]?.item());

const pow: Operation = (run) => {
  const exponent = operand(run, 1);
  if (exponent.size !== 1)
    return refuse(run, `has exponents of shape ${showShape(exponent.shape)}, expected one number`);
  return operand(run, 0).pow(exponent.item());
};

export const importedOperations: Readonly<Record<string, Operation>> = {
  Abs: unary('abs'),
  Add: binary('add'),
  Cast: cast,
  Clip: clip,
  Concat: (run) =>
    cat(
      run.inputs.map((_, place) => operand(run, place)),
      attribute(run, 'axis', 'int') ?? 0,
    ),
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Conv: conv,
  Div: binary('div'),
  Dropout: passOn,
  Equal: binary('eq'),
  Exp: unary('exp'),
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  Greater: binary('gt'),
  GreaterOrEqual: binary('ge'),
  Identity: passOn,
  LayerNormalization: layerNormalization,
  Less: binary('lt'),
  LessOrEqual: binary('le'),
  Log: unary('log'),
  LogSoftmax: overLastAxis('logSoftmax'),
  MatMul: matMul,
  Mul: binary('mul'),
  Neg: unary('neg'),
  Pow: pow,
  ReduceMax: reduce('max'),
  ReduceMean: reduce('mean'),
  ReduceMin: reduce('min'),
  ReduceSum: reduce('sum'),
  Relu: unary('relu'),
  Reshape: reshape,
  Shape: shapeOf,
  Sigmoid: unary('sigmoid'),
  Slice: slice,
  Softmax: overLastAxis('softmax'),
  Split: split,
  Sqrt: unary('sqrt'),
  Squeeze: squeeze,
  Sub: binary('sub'),
  Tanh: unary('tanh'),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: (run) => where(operand(run, 0), operand(run, 1), operand(run, 2)),
};

/** Results of one node, in the order of its outputs. */
export const runNode = (run: NodeRun): Tensor[] => [importedOperations[run.node.op]!(run)].flat();
