import { Tensor } from '../../rnn/tensor.js';
import { FileFormatError } from '../fileFormatError.js';
import { InterchangeError } from './interchangeError.js';

/** Plain data as JSON, with tensors and arrays of numbers laid beside it. */
export interface Tree {
  readonly json: string;
  readonly tensors: Record<string, Tensor>;
}

/** What JSON has no word for, as an object with one such key. */
type Mark = '$tensor' | '$array' | '$number' | '$bigint' | '$object' | '$undefined';

/** @throws InterchangeError for something that is no plain data, with its path */
export function toTree(value: unknown): Tree {
  const tensors: Record<string, Tensor> = {};
  const mark = (name: Mark, content: unknown) => ({ [name]: content });
  const lay = (tensor: Tensor, path: string): string => {
    tensors[path] = tensor;
    return path;
  };
  const encode = (one: unknown, path: string): unknown => {
    if (one === null || typeof one === 'string' || typeof one === 'boolean') return one;
    if (one === undefined) return mark('$undefined', 0);
    if (typeof one === 'bigint') return mark('$bigint', String(one));
    if (typeof one === 'number')
      return Number.isFinite(one) && !Object.is(one, -0)
        ? one
        : mark('$number', Object.is(one, -0) ? '-0' : String(one));
    if (one instanceof Tensor) return mark('$tensor', lay(one, path));
    if (isNumbers(one)) return mark('$array', lay(new Tensor(one, [one.length]), path));
    if (Array.isArray(one)) return one.map((part, k) => encode(part, `${path}.${k}`));
    if (typeof one === 'object' && isPlain(one)) return encodeObject(one, path);
    const kind = typeof one === 'object' ? `a ${one.constructor.name}` : `a ${typeof one}`;
    throw new InterchangeError(
      `saveCheckpoint: '${path}' is ${kind}, expected modules, optimisers, tensors or plain data`,
    );
  };
  const encodeObject = (one: object, path: string): unknown => {
    const entries = Object.entries(one).map(
      ([key, part]) => [key, encode(part, path ? `${path}.${key}` : key)] as const,
    );
    const isAmbiguous = entries.some(([key]) => key.startsWith('$'));
    return isAmbiguous ? mark('$object', entries) : Object.fromEntries(entries);
  };
  return { json: JSON.stringify(encode(value, '')), tensors };
}

const isNumbers = (value: unknown): value is Float32Array | Float64Array | Int32Array =>
  value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @throws FileFormatError if the tree names tensors that are not there */
export function fromTree({ json, tensors }: Tree): unknown {
  const tensorAt = (name: unknown): Tensor => {
    const tensor = Object.hasOwn(tensors, String(name)) ? tensors[String(name)] : undefined;
    if (!tensor)
      throw new FileFormatError(`loadCheckpoint: the file lacks the tensor '${String(name)}'`);
    return tensor;
  };
  const marked: Record<Mark, (content: unknown) => unknown> = {
    $tensor: tensorAt,
    $array: (name) => tensorAt(name).data,
    $number: Number,
    $bigint: (text) => BigInt(String(text)),
    $undefined: () => undefined,
    $object: (entries) =>
      Object.fromEntries(
        (entries as [string, unknown][]).map(([key, part]) => [key, decode(part)]),
      ),
  };
  const decode = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(decode);
    if (typeof one !== 'object' || one === null) return one;
    const [key = '', ...others] = Object.keys(one);
    if (others.length === 0 && Object.hasOwn(marked, key))
      return marked[key as Mark]((one as Record<string, unknown>)[key]);
    return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, decode(part)]));
  };
  return decode(JSON.parse(json));
}
