import type { CellProgram } from '../cell/program.js';
import { InspectionError } from '../errors.js';
import { LossDetail } from '../losses/reduction.js';
import type { Module } from '../modules/module.js';
import type { RecurrentDetail } from '../modules/cellLayer.js';
import type { NdArray, NumberArray, Shape } from '../ndarray.js';
import { none } from '../ops/rule.js';
import { rules, type OpName } from '../ops/table.js';
import { relativeError } from './vectors.js';
import { tapeOrder, type TapeNode, type Tensor } from '../tensor.js';

/**
 * What a model did with one batch, read off the tape: values by slot, operations in order. It can be run
 * again, in another precision or with other numbers, without the model.
 */
export interface Network {
  readonly slots: readonly Slot[];
  readonly operations: readonly NetworkOperation[];
  /** Slots of the loss, of the model's output, of its input. */
  readonly loss: number;
  readonly output: number;
  readonly input: number;
}

export interface Slot {
  readonly shape: Shape;
  /** The numbers as they came; for computed slots what the model itself computed. */
  readonly data: NumberArray;
  /** Path of the parameter that it is. */
  readonly parameter?: string;
  /** Whether the loss may have a derivative by it. */
  readonly differentiable: boolean;
}

export type NetworkOperation = Primitive | RecurrentOperation | LossOperation | Opaque;

interface Application {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Primitive extends Application {
  readonly kind: 'primitive';
  readonly op: OpName;
  readonly attributes: unknown;
}

/** One layer in one direction over a sequence. Inputs: sequence, initial states, parameters. */
export interface RecurrentOperation extends Application {
  readonly kind: 'recurrent';
  readonly program: CellProgram;
  readonly layer: number;
  readonly direction: Direction;
  /** Valid time steps of each sequence; all where left out. */
  readonly lengths?: Int32Array | undefined;
  /** The numbers of the program's masks, `[T, B, size]` or `[B, size]`. */
  readonly masks?: readonly NdArray[] | undefined;
  /** The module's path with the layer's number, e.g. `lstm.l0`, `lstm.l0.reverse`. */
  readonly name: string;
}

/** A loss, position by position; its mean or sum is an operation of its own. */
export interface LossOperation extends Application {
  readonly kind: 'loss';
  readonly op: string;
  readonly detail: LossDetail;
}

export type Direction = 'forward' | 'reverse';

/** An operation without a rule: its values are kept as they came, its adjoints are what the tape computes. */
export interface Opaque extends Application {
  readonly kind: 'opaque';
  readonly op: string;
  readonly node: TapeNode;
}

/** @throws InspectionError if the loss depends on no recurrent layer */
export function toNetwork(model: Module, input: Tensor, output: Tensor, loss: Tensor): Network {
  const builder = new NetworkBuilder(new Map([...model.namedParameters()].map(([k, v]) => [v, k])));
  for (const node of tapeOrder(loss)) builder.add(node);
  const network = {
    slots: builder.slots,
    operations: builder.operations,
    loss: builder.slotOf(loss),
    output: builder.slotOf(output),
    input: builder.slotOf(input),
  };
  if (!network.operations.some(({ kind }) => kind === 'recurrent'))
    throw new InspectionError(
      'inspect: expected a loss that depends on a recurrent layer (RNN, LSTM, GRU, Recurrent), got one that depends on none',
    );
  return network;
}

const understood: ReadonlySet<string> = new Set([
  'program',
  'timeSteps',
  'layer',
  'direction',
  'lengths',
  'masks',
]);

/** A layer that does more than is known here would be shown wrong. */
function checkDetail(detail: RecurrentDetail): void {
  const unknown = Object.entries(detail).flatMap(([name, value]: [string, unknown]) =>
    understood.has(name) || value === undefined ? [] : [name],
  );
  if (unknown.length > 0)
    throw new InspectionError(
      `inspect: ${detail.program.name} runs with ${unknown.join(', ')}, which cannot be inspected; expected a layer without`,
    );
}

class NetworkBuilder {
  readonly slots: Slot[] = [];
  readonly operations: NetworkOperation[] = [];
  private readonly leaves = new Map<Tensor, number>();
  private readonly computed = new Map<TapeNode, Map<number, number>>();
  private readonly names = new Set<string>();
  private layers = 0;

  constructor(private readonly parameters: ReadonlyMap<Tensor, string>) {}

  slotOf(tensor: Tensor): number {
    const { source } = tensor;
    const known = source
      ? this.computed.get(source.node)?.get(source.output)
      : this.leaves.get(tensor);
    if (known !== undefined) {
      const slot = this.slots[known]!;
      if (slot.data.length === 0) this.slots[known] = { ...slot, data: tensor.data };
      return known;
    }
    const slot = this.push(tensor);
    if (source) this.outputsOf(source.node).set(source.output, slot);
    else this.leaves.set(tensor, slot);
    return slot;
  }

  add(node: TapeNode): void {
    const inputs = node.inputs.map((input) => this.slotOf(input));
    if (node.detail instanceof LossDetail) {
      this.addLoss(node, node.detail, inputs);
      return;
    }
    const outputs = node.outputShapes.map((shape, output) => {
      const slot = this.slots.length;
      // The numbers come with the first tensor that is read; nobody needs those of other outputs.
      this.slots.push({ shape, data: new Float32Array(0), differentiable: true });
      this.outputsOf(node).set(output, slot);
      return slot;
    });
    this.operations.push(this.toOperation(node, inputs, outputs));
  }

  /** A mean is taken apart: losses of positions, their sum, its product with 1/divisor. */
  private addLoss(node: TapeNode, detail: LossDetail, inputs: number[]): void {
    const computed = (shape: Shape): number =>
      this.slots.push({ shape, data: new Float32Array(0), differentiable: true }) - 1;
    let slot = computed(detail.positions);
    this.operations.push({ kind: 'loss', op: node.op, detail, inputs, outputs: [slot] });
    const primitive = (op: OpName, operands: number[], attributes: unknown): void => {
      slot = computed([]);
      this.operations.push({
        kind: 'primitive',
        op,
        attributes,
        inputs: operands,
        outputs: [slot],
      });
    };
    if (detail.reduction !== 'none') primitive('sum', [slot], {});
    if (detail.reduction === 'mean') {
      const data = Float64Array.of(detail.scale);
      const factor = this.slots.push({ shape: [], data, differentiable: false }) - 1;
      primitive('mul', [slot, factor], none);
    }
    this.outputsOf(node).set(0, slot);
  }

  private outputsOf(node: TapeNode): Map<number, number> {
    let outputs = this.computed.get(node);
    if (!outputs) this.computed.set(node, (outputs = new Map<number, number>()));
    return outputs;
  }

  private toOperation(node: TapeNode, inputs: number[], outputs: number[]): NetworkOperation {
    if (node.op === 'recurrent') {
      const detail = node.detail as RecurrentDetail;
      const { program } = detail;
      checkDetail(detail);
      return {
        kind: 'recurrent',
        program,
        lengths: detail.lengths,
        masks: detail.masks,
        inputs,
        outputs,
        ...this.identify(node, program, detail),
      };
    }
    if (node.op in rules && node.detail !== undefined)
      return {
        kind: 'primitive',
        op: node.op as OpName,
        attributes: node.detail,
        inputs,
        outputs,
      };
    return { kind: 'opaque', op: node.op, node, inputs, outputs };
  }

  private identify(
    node: TapeNode,
    program: CellProgram,
    detail: { direction?: Direction },
  ): { layer: number; direction: Direction; name: string } {
    const path = node.inputs
      .map((input) => this.parameters.get(input))
      .find((name) => name !== undefined);
    const [, owner = '', own = ''] =
      /^(?:(.*)\.)?[^.]*_l(\d+)(?:_reverse)?$/.exec(path ?? '') ?? [];
    const direction = detail.direction ?? (path?.endsWith('_reverse') ? 'reverse' : 'forward');
    const base = [owner, own && `l${own}`].filter(Boolean).join('.') || program.name.toLowerCase();
    const name = this.unique(direction === 'reverse' ? `${base}.reverse` : base);
    const partner = this.operations.find(
      (one) =>
        one.kind === 'recurrent' && one.direction !== direction && `${one.name}.reverse` === name,
    );
    const layer = partner?.kind === 'recurrent' ? partner.layer : this.layers++;
    return { layer, direction, name };
  }

  private unique(name: string): string {
    let unique = name;
    for (let k = 2; this.names.has(unique); k++) unique = `${name} (${k})`;
    this.names.add(unique);
    return unique;
  }

  private push(tensor: Tensor): number {
    const parameter = this.parameters.get(tensor);
    this.slots.push({
      shape: tensor.shape,
      data: tensor.data,
      ...(parameter !== undefined && { parameter }),
      differentiable: tensor.requiresGrad,
    });
    return this.slots.length - 1;
  }
}

/** How many of a recurrent operation's inputs are the sequence and its initial states. */
export function splitInputs({ program, inputs }: RecurrentOperation): {
  sequence: number;
  states: readonly number[];
  parameters: readonly number[];
} {
  const first = 1 + program.states.length;
  return { sequence: inputs[0]!, states: inputs.slice(1, first), parameters: inputs.slice(first) };
}

export const isRecurrent = (operation: NetworkOperation): operation is RecurrentOperation =>
  operation.kind === 'recurrent';

/** The numbers of the slots that no operation computes, in one floating-point type; integers stay. */
export function leafValues(network: Network, dtype: 'float32' | 'float64'): Map<number, NdArray> {
  const computed = new Set(network.operations.flatMap(({ outputs }) => outputs));
  const create = dtype === 'float32' ? Float32Array : Float64Array;
  return new Map(
    network.slots.flatMap(({ data, shape }, slot) =>
      computed.has(slot)
        ? []
        : [[slot, { data: data instanceof Int32Array ? data.slice() : create.from(data), shape }]],
    ),
  );
}

/**
 * How far values are from those that the model itself computed, in its own precision and engine: the worst of
 * ‖ours − the model's‖ / ‖the model's‖ over the loss and the outputs of recurrent layers.
 */
export function modelError(
  { slots, operations, loss }: Network,
  values: readonly (NdArray | undefined)[],
): number {
  const compared = [loss, ...operations.filter(isRecurrent).map(({ outputs }) => outputs[0]!)];
  return Math.max(
    ...compared.map((slot) => {
      const { data } = slots[slot]!;
      return data.length === 0 ? 0 : relativeError(values[slot]!.data, data);
    }),
  );
}
