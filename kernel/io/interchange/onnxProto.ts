/**
 * ONNX models as plain data, to and from bytes.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (numbers of fields and types)
 */
import { FileFormatError } from '../fileFormatError.js';
import { InterchangeError } from './interchangeError.js';
import { bytes, float, integer, join, message, Message, string, type Field } from './protobuf.js';

/** Element types that are written. More are read: see `toNumbers`. */
export const elementTypes = { float: 1, int32: 6, int64: 7, double: 11 } as const;
/** Of truth values, which nodes make for each other; no tensor of ours has it. */
export const boolType = 9;
/** Element types of ONNX tensors. */
export type ElementType = keyof typeof elementTypes;

/** What an ONNX file holds, as it was read. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version of the standard operators. */
  readonly opset: number;
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxNode {
  readonly op: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  readonly name: string;
  /** Names of values; an empty one is an operand that was left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly number[] }
  | { readonly strings: readonly string[] };

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** An input or output: an extent is a number, or the name of one that may vary, or unknown (''). */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

export function toOnnxBytes(model: OnnxModel): Uint8Array {
  return join([
    integer(1, model.irVersion),
    string(2, model.producer),
    message(7, graphFields(model.graph)),
    message(8, [string(1, ''), integer(2, model.opset)]),
    ...Object.entries(model.metadata).map(([key, value]) =>
      message(14, [string(1, key), string(2, value)]),
    ),
  ]);
}

const graphFields = (graph: OnnxGraph): Field[] => [
  ...graph.nodes.map((node) => message(1, nodeFields(node))),
  string(2, graph.name),
  ...graph.initializers.map((tensor) => message(5, tensorFields(tensor))),
  ...graph.inputs.map((value) => message(11, valueFields(value))),
  ...graph.outputs.map((value) => message(12, valueFields(value))),
];

const nodeFields = (node: OnnxNode): Field[] => [
  ...node.inputs.map((name) => string(1, name)),
  ...node.outputs.map((name) => string(2, name)),
  string(3, node.name),
  string(4, node.op),
  ...Object.entries(node.attributes).map(([name, value]) =>
    message(5, [string(1, name), ...attributeFields(value)]),
  ),
  ...(node.domain ? [string(7, node.domain)] : []),
];

function attributeFields(value: OnnxAttribute): Field[] {
  const type = (name: keyof typeof attributeTypes): Field => integer(20, attributeTypes[name]);
  if ('float' in value) return [float(2, value.float), type('float')];
  if ('int' in value) return [integer(3, value.int), type('int')];
  if ('string' in value) return [string(4, value.string), type('string')];
  if ('tensor' in value) return [message(5, tensorFields(value.tensor)), type('tensor')];
  if ('graph' in value) return [message(6, graphFields(value.graph)), type('graph')];
  if ('floats' in value) return [...value.floats.map((one) => float(7, one)), type('floats')];
  if ('ints' in value) return [...value.ints.map((one) => integer(8, one)), type('ints')];
  return [...value.strings.map((one) => string(9, one)), type('strings')];
}

const tensorFields = ({ name, type, shape, data }: OnnxTensor): Field[] => [
  ...shape.map((extent) => integer(1, extent)),
  integer(2, elementTypes[type]),
  string(8, name),
  bytes(9, rawBytes(type, data)),
];

const raw: Record<ElementType, (data: ArrayLike<number>) => ArrayBufferView> = {
  float: (data) => (data instanceof Float32Array ? data : Float32Array.from(data)),
  double: (data) => (data instanceof Float64Array ? data : Float64Array.from(data)),
  int32: (data) => (data instanceof Int32Array ? data : Int32Array.from(data)),
  int64: (data) => BigInt64Array.from(Array.from(data, BigInt)),
};

function rawBytes(type: ElementType, data: ArrayLike<number>): Uint8Array {
  const view = raw[type](data);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function valueFields({ name, type, shape }: OnnxValue): Field[] {
  const extents = shape.map((extent) =>
    message(1, [typeof extent === 'number' ? integer(1, extent) : string(2, extent)]),
  );
  const tensorType = [integer(1, elementTypes[type]), message(2, extents)];
  return [string(1, name), message(2, [message(1, tensorType)])];
}

/**
 * @throws FileFormatError if the bytes are no ONNX model
 * @throws InterchangeError for parts that are known but not supported: data in other files, sparse tensors
 */
export function parseOnnx(content: Uint8Array): OnnxModel {
  const model = new Message('ONNX', content);
  const graph = model.message(7);
  const versions = model.messages(8).filter((one) => ['', 'ai.onnx'].includes(one.string(1)));
  if (!graph || versions.length === 0)
    throw new FileFormatError(
      `ONNX: expected a model with a graph and a version of its operators, got ${content.length} bytes without`,
    );
  return {
    irVersion: model.integer(1),
    opset: versions[0]!.integer(2),
    producer: model.string(2),
    metadata: Object.fromEntries(model.messages(14).map((one) => [one.string(1), one.string(2)])),
    graph: parseGraph(graph, 0),
  };
}

const deepest = 16;

function parseGraph(graph: Message, depth: number): OnnxGraph {
  if (depth > deepest)
    throw new InterchangeError(`ONNX: graphs lie in graphs more than ${deepest} deep`);
  if (graph.has(15)) throw new InterchangeError('ONNX: sparse initializers are not supported');
  return {
    name: graph.string(2),
    nodes: graph.messages(1).map((node) => parseNode(node, depth)),
    initializers: graph.messages(5).map(parseTensor),
    inputs: graph.messages(11).map(parseValue),
    outputs: graph.messages(12).map(parseValue),
  };
}

const parseNode = (node: Message, depth: number): OnnxNode => ({
  op: node.string(4),
  domain: node.string(7) === 'ai.onnx' ? '' : node.string(7),
  name: node.string(3),
  inputs: node.strings(1),
  outputs: node.strings(2),
  attributes: Object.fromEntries(
    node.messages(5).map((one) => [one.string(1), parseAttribute(one, depth)]),
  ),
});

type AttributeReader = (attribute: Message, depth: number) => OnnxAttribute;

const attributeReaders: Readonly<Record<number, AttributeReader>> = {
  [attributeTypes.float]: (one) => ({ float: one.float(2) }),
  [attributeTypes.int]: (one) => ({ int: one.integer(3) }),
  [attributeTypes.string]: (one) => ({ string: one.string(4) }),
  [attributeTypes.tensor]: (one) => ({ tensor: parseTensor(one.message(5) ?? emptyMessage) }),
  [attributeTypes.graph]: (one, depth) => ({
    graph: parseGraph(one.message(6) ?? emptyMessage, depth + 1),
  }),
  [attributeTypes.floats]: (one) => ({ floats: one.floats(7) }),
  [attributeTypes.ints]: (one) => ({ ints: one.integers(8) }),
  [attributeTypes.strings]: (one) => ({ strings: one.strings(9) }),
};

const emptyMessage = new Message('ONNX', new Uint8Array());

function parseAttribute(attribute: Message, depth: number): OnnxAttribute {
  const type = attribute.integer(20);
  const read = attributeReaders[type];
  if (!read)
    throw new InterchangeError(
      `ONNX: attribute '${attribute.string(1)}' is of type ${type}, expected numbers, text, a tensor or a graph`,
    );
  return read(attribute, depth);
}

interface TensorReader {
  type: ElementType;
  /** From `raw_data`. */
  width: number;
  readonly read: (view: DataView, at: number) => number;
  /** From the field that holds numbers of this type one by one. */
  readonly field: (tensor: Message) => number[];
}

const readers: Readonly<Record<number, TensorReader>> = {
  1: {
    type: 'float',
    width: 4,
    read: (view, at) => view.getFloat32(at, true),
    field: (tensor) => tensor.floats(4),
  },
  6: {
    type: 'int32',
    width: 4,
    read: (view, at) => view.getInt32(at, true),
    field: (tensor) => tensor.integers(5),
  },
  7: {
    type: 'int64',
    width: 8,
    read: (view, at) => Number(view.getBigInt64(at, true)),
    field: (tensor) => tensor.integers(7),
  },
  9: {
    type: 'int32',
    width: 1,
    read: (view, at) => view.getUint8(at),
    field: (tensor) => tensor.integers(5),
  },
  11: {
    type: 'double',
    width: 8,
    read: (view, at) => view.getFloat64(at, true),
    field: (tensor) => tensor.doubles(10),
  },
};

function readerOf(type: number, owner: string): TensorReader {
  const reader = readers[type];
  if (!reader)
    throw new InterchangeError(
      `ONNX: ${owner} has elements of type ${type}, expected float, double, int32, int64 or bool`,
    );
  return reader;
}

function parseTensor(tensor: Message): OnnxTensor {
  const name = tensor.string(8);
  const owner = `tensor '${name}'`;
  if (tensor.integer(14) !== 0 || tensor.has(13))
    throw new InterchangeError(`ONNX: ${owner} lies in another file, expected it in this one`);
  const reader = readerOf(tensor.integer(2), owner);
  const shape = tensor.integers(1);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const content = tensor.bytes(9);
  const count = content ? content.length / reader.width : reader.field(tensor).length;
  if (shape.some((extent) => extent < 0) || count !== size)
    throw new FileFormatError(
      `ONNX: ${owner} is [${shape.join(', ')}], expected ${size} elements, got ${count}`,
    );
  return { name, type: reader.type, shape, data: toNumbers(reader, tensor, content, size) };
}

function toNumbers(
  { type, width, read, field }: TensorReader,
  tensor: Message,
  content: Uint8Array | undefined,
  size: number,
): ArrayLike<number> {
  const numbers = type === 'float' ? new Float32Array(size) : new Float64Array(size);
  if (!content) {
    numbers.set(field(tensor));
    return numbers;
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (let k = 0; k < size; k++) numbers[k] = read(view, k * width);
  return numbers;
}

function parseValue(value: Message): OnnxValue {
  const name = value.string(1);
  const type = value.message(2)?.message(1);
  if (!type) throw new InterchangeError(`ONNX: '${name}' is no tensor, expected one`);
  const extents = type.message(2)?.messages(1) ?? [];
  return {
    name,
    type: readerOf(type.integer(1), `'${name}'`).type,
    shape: extents.map((extent) => (extent.has(1) ? extent.integer(1) : extent.string(2))),
  };
}
