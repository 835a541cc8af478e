/**
 * Named tensors in a file: eight bytes with the length of a header in JSON, the header, the numbers.
 * Source: https://github.com/huggingface/safetensors, section "Format"
 */
import { Module } from '../../rnn/modules/module.js';
import { showShape, sizeOf, type DType, type NumberArray } from '../../rnn/ndarray.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { Tensor } from '../../rnn/tensor.js';
import { FileFormatError, toBytes, type Bytes } from '../fileFormatError.js';
import { InterchangeError } from './interchangeError.js';
import { cellProgramOf, findOperator } from './onnxRecurrent.js';
import { join } from './protobuf.js';
import { elementReaders, type ElementReader } from './safetensorsElements.js';

/** Options of `saveSafetensors`. */
export interface SafetensorsOptions {
  /** Text beside the tensors; PyTorch's loaders like `{ format: 'pt' }`, which is the default. */
  metadata?: Readonly<Record<string, string>>;
}

const metadataName = '__metadata__';
const longestHeader = 100_000_000;

const written: Record<DType, { dtype: string; width: number }> = {
  float32: { dtype: 'F32', width: 4 },
  float64: { dtype: 'F64', width: 8 },
  int32: { dtype: 'I32', width: 4 },
};

/**
 * A model's parameters under their PyTorch names, or any tensors by name, as the bytes of a safetensors file.
 * float32 is written as F32, float64 as F64, int32 as I32.
 * @throws InterchangeError for a model that these names would say something else of: a GRU with `resetAfter: false`
 */
export function saveSafetensors(
  source: Module | Readonly<Record<string, Tensor>>,
  options: SafetensorsOptions = {},
): Uint8Array {
  checkOptions('saveSafetensors', options, { metadata: optional(is.object) });
  if (source instanceof Module) refuseOtherMeanings(source);
  const tensors = source instanceof Module ? source.stateDict() : source;
  return toSafetensors(tensors, options.metadata ?? { format: 'pt' });
}

export function toSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw new InterchangeError(
        `safetensors: metadata '${key}' is ${typeof value}, expected text`,
      );
  // Wider numbers first, so that all lie at multiples of their width.
  const entries = Object.entries(tensors).sort(
    ([, a], [, b]) => written[b.dtype].width - written[a.dtype].width,
  );
  let end = 0;
  const described = entries.map(([name, { dtype, shape, size }]) => {
    if (name === metadataName)
      throw new InterchangeError(`safetensors: '${metadataName}' cannot be a tensor's name`);
    const { dtype: element, width } = written[dtype];
    const begin = end;
    end += size * width;
    return [name, { dtype: element, shape, data_offsets: [begin, end] }] as const;
  });
  const json = JSON.stringify(Object.fromEntries([[metadataName, metadata], ...described]));
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(' '.charCodeAt(0));
  header.set(text);
  const length = new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer);
  return join([length, header, ...entries.map(([, { data }]) => bytesOf(data))]);
}

const bytesOf = (data: NumberArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** PyTorch's names hold PyTorch's layers. */
function refuseOtherMeanings(model: Module): void {
  for (const [path, one] of model.namedModules()) {
    const program = cellProgramOf(one);
    const operator = program && findOperator(program);
    if (operator?.op === 'GRU' && operator.attributes['linear_before_reset'] === undefined)
      throw new InterchangeError(
        `saveSafetensors: '${path}' is a GRU with resetAfter: false, which PyTorch does not have: its GRU reads the same names as one that resets after the product. Save toKerasWeights(model), or a checkpoint`,
      );
  }
}

/**
 * The tensors of a safetensors file by name, as `loadStateDict` takes them. F32, F64 and I32 come as they are; F16 and
 * BF16 as float32, other integers and booleans as int32.
 * @throws FileFormatError if the bytes are no such file, or damaged
 * @throws InterchangeError for elements of another type, or whole numbers beyond 32 bits
 */
export function loadSafetensors(bytes: Bytes): Record<string, Tensor> {
  return parseSafetensors(bytes).tensors;
}

/** The text beside the tensors. @throws FileFormatError if the bytes are no such file */
export function safetensorsMetadata(bytes: Bytes): Record<string, string> {
  return parseHeader(toBytes(bytes)).metadata;
}

export function parseSafetensors(content: Bytes): {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
} {
  const { entries, metadata, data } = parseHeader(toBytes(content));
  const tensors = entries.map(({ name, shape, reader, begin, end }) => {
    // A copy, which lies at a multiple of the elements' width.
    const numbers = reader.read(data.slice(begin, end).buffer, name);
    return [name, new Tensor(numbers, shape)] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly reader: ElementReader;
  readonly begin: number;
  readonly end: number;
}

function parseHeader(bytes: Uint8Array) {
  if (bytes.length < 8)
    throw new FileFormatError(`safetensors: expected a header, got ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(longestHeader, bytes.length - 8)))
    throw new FileFormatError(
      `safetensors: the header is said to have ${length} bytes, expected at most ${Math.min(longestHeader, bytes.length - 8)}`,
    );
  const start = 8 + Number(length);
  const header = parseJson(bytes.subarray(8, start));
  const { [metadataName]: metadata = {}, ...described } = header;
  const entries = Object.entries(described).map(([name, value]) => toEntry(name, value));
  checkCover(entries, bytes.length - start);
  return { entries, metadata: toMetadata(metadata), data: bytes.subarray(start) };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new FileFormatError(`safetensors: the header is no JSON in UTF-8: ${String(error)}`, {
      cause: error,
    });
  }
  if (!isRecord(header)) throw new FileFormatError('safetensors: the header is no JSON object');
  return header;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function toMetadata(metadata: unknown): Record<string, string> {
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    throw new FileFormatError(
      `safetensors: ${metadataName} holds something else than text by name`,
    );
  return metadata as Record<string, string>;
}

function toEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  const isShape = Array.isArray(shape) && shape.every(isSize);
  const isPlace = Array.isArray(offsets) && offsets.length === 2 && offsets.every(isSize);
  if (typeof dtype !== 'string' || !isShape || !isPlace)
    throw new FileFormatError(
      `safetensors: the header describes '${name}' as ${JSON.stringify(value)}, expected dtype, shape and data_offsets`,
    );
  const reader = Object.hasOwn(elementReaders, dtype) ? elementReaders[dtype] : undefined;
  if (!reader)
    throw new InterchangeError(
      `safetensors: '${name}' has elements of type ${dtype}, expected one of ${Object.keys(elementReaders).join(', ')}`,
    );
  const [begin, end] = offsets as [number, number];
  const needed = sizeOf(shape) * reader.width;
  if (end - begin !== needed)
    throw new FileFormatError(
      `safetensors: '${name}' is ${dtype} ${showShape(shape)}, expected ${needed} bytes, got ${begin} to ${end}`,
    );
  return { name, shape: shape, reader, begin, end };
}

/** Tensors lie one after the other, without holes, and fill the file. */
function checkCover(entries: readonly Entry[], size: number): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== at)
      throw new FileFormatError(`safetensors: '${name}' begins at byte ${begin}, expected ${at}`);
    at = end;
  }
  if (at !== size)
    throw new FileFormatError(
      `safetensors: the tensors need ${at} bytes, the file has ${size}: it is cut off, or longer than it says`,
    );
}
