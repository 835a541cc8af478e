import type { Anomaly } from '../errors.js';
import { createNdArray, sizeOf, type NdArray, type NumberArray } from '../ndarray.js';
import { tapeOrder, type TapeNode, type Tensor } from '../tensor.js';
import { searchLayer, type Complaint } from './layerSearch.js';

/** The first operation of a forward pass whose result there is a complaint about. */
export function searchForward(
  root: Tensor,
  names: ReadonlyMap<Tensor, string>,
  complain: Complaint,
): Anomaly | undefined {
  const order = tapeOrder(root);
  const results = new Map<TapeNode, Set<Tensor>>(order.map((node) => [node, new Set()]));
  for (const tensor of [root, ...order.flatMap(({ inputs }) => inputs)])
    if (tensor.source) results.get(tensor.source.node)?.add(tensor);
  for (const node of order)
    for (const { data } of results.get(node)!) {
      const value = complain(data);
      if (value === undefined) continue;
      const found = describe('forward', node, value, names, complain);
      return found.timeStep === undefined ? { ...found, ...timeStepOf(node, data, value) } : found;
    }
  return undefined;
}

/** The first operation of a backward pass that gives an adjoint there is a complaint about. Uses up the tape. */
export function searchBackward(
  root: Tensor,
  names: ReadonlyMap<Tensor, string>,
  complain: Complaint,
): Anomaly | undefined {
  const adjoints = new Map<TapeNode, (NdArray | null)[]>();
  const leaves = new Map<Tensor, NdArray>();
  const zeros = ({ dtype, shape }: Tensor) => createNdArray(dtype, shape);
  const adjointOf = (tensor: Tensor): NdArray | null => {
    if (!tensor.requiresGrad) return null;
    const { source } = tensor;
    if (!source) {
      if (!leaves.has(tensor)) leaves.set(tensor, zeros(tensor));
      return leaves.get(tensor)!;
    }
    let slots = adjoints.get(source.node);
    if (!slots) {
      slots = source.node.outputShapes.map(() => null);
      adjoints.set(source.node, slots);
    }
    return (slots[source.output] ??= zeros(tensor));
  };
  adjointOf(root)?.data.fill(1);
  for (const node of tapeOrder(root).reverse()) {
    const given = adjoints.get(node)!;
    const gradients = node.inputs.map(adjointOf);
    node.backward(given, gradients);
    node.consumed = true;
    for (const gradient of gradients) {
      const value = gradient ? complain(gradient.data) : undefined;
      if (value !== undefined) return describe('backward', node, value, names, complain, given);
    }
    adjoints.delete(node);
  }
  return undefined;
}

function describe(
  pass: Anomaly['pass'],
  node: TapeNode,
  value: number,
  names: ReadonlyMap<Tensor, string>,
  complain: Complaint,
  adjoints?: readonly (NdArray | null)[],
): Anomaly {
  const inside = node.op === 'recurrent' ? searchLayer(node, complain, adjoints) : undefined;
  return {
    pass,
    layer: layerOf(node, names),
    operation: inside?.operation ?? node.op,
    timeStep: inside?.timeStep,
    value: inside?.value ?? value,
  };
}

/** Where a recurrent layer's own engine came to a number that its operations, one by one, do not. */
function timeStepOf(node: TapeNode, data: NumberArray, value: number): { timeStep?: number } {
  const [output] = node.outputShapes;
  if (node.op !== 'recurrent' || data.length !== sizeOf(output!)) return {};
  const width = data.length / output![0]!;
  return { timeStep: Math.floor(data.findIndex((one) => Object.is(one, value)) / width) };
}

/** By the parameters that an operation reads, or the nearest one before it does. */
function layerOf(node: TapeNode, names: ReadonlyMap<Tensor, string>): string {
  const seen = new Set<TapeNode>();
  for (let nodes = [node]; nodes.length > 0;) {
    for (const { inputs } of nodes) {
      const name = inputs.map((input) => names.get(input)).find((one) => one !== undefined);
      if (name !== undefined) return toLayer(name);
    }
    nodes.forEach((one) => seen.add(one));
    nodes = nodes
      .flatMap(({ inputs }) => inputs.map(({ source }) => source?.node))
      .filter((one) => one !== undefined)
      .filter((one) => !seen.has(one));
  }
  return 'the model';
}

/** `lstm.weight_hh_l0_reverse` → `lstm.l0.reverse`, `head.bias` → `head` */
function toLayer(parameter: string): string {
  const [, owner = '', layer, reverse] =
    /^(.*?)\.?[^.]*?(?:_l(\d+))?(_reverse)?$/.exec(parameter) ?? [];
  return (
    [owner, layer && `l${layer}`, reverse && 'reverse'].filter(Boolean).join('.') || 'the model'
  );
}
