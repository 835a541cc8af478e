/**
 * A recurrent layer as one of ONNX's operators RNN, LSTM and GRU where its cell is one of theirs.
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html and its neighbours.
 */
import { gruCell, lstmCell, peepholeLstmCell, rnnCell } from '../../rnn/cell/builtinCells.js';
import type { Cell } from '../../rnn/cell/defineCell.js';
import { printProgram, type CellProgram } from '../../rnn/cell/program.js';
import type { Module } from '../../rnn/modules/module.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import { RecurrentCell } from '../../rnn/modules/recurrentCell.js';
import { onnxGates, onnxPeepholes, reorderBlocks } from './gateOrders.js';
import type { Attributes, GraphBuilder } from './graphBuilder.js';

/** A layer in one direction over a sequence, as it stands in a model. */
export interface LayerApplication {
  readonly program: CellProgram;
  /** The layer's path, for names. */
  readonly name: string;
  readonly reverse: boolean;
  readonly input: string;
  /** `[1, B, size]` by state, undefined for zeros. */
  readonly states: readonly (string | undefined)[];
  /** Numbers of the program's parameters, in its order. */
  readonly parameters: readonly LayerParameter[];
  /** Valid time steps of each sequence, int32 `[B]`. */
  readonly lengths?: string;
}

export interface LayerParameter {
  readonly name: string;
  readonly data: ArrayLike<number>;
}

interface Operator {
  readonly op: keyof typeof onnxGates;
  readonly cell: Cell;
  readonly attributes: Attributes;
}

const operators: readonly Operator[] = [
  { op: 'LSTM', cell: lstmCell, attributes: {} },
  { op: 'LSTM', cell: peepholeLstmCell, attributes: {} },
  { op: 'GRU', cell: gruCell(true), attributes: { linear_before_reset: { int: 1 } } },
  { op: 'GRU', cell: gruCell(false), attributes: {} },
  { op: 'RNN', cell: rnnCell('tanh'), attributes: { activations: { strings: ['Tanh'] } } },
  { op: 'RNN', cell: rnnCell('relu'), attributes: { activations: { strings: ['Relu'] } } },
];

/** The operator that computes what the program does: the one whose cell has the very same program. */
export function findOperator(program: CellProgram): Operator | undefined {
  const sizes = {
    inputSize: program.inputSize,
    hiddenSize: program.states[0]!.size,
    bias: program.parameters.some(({ name }) => name === 'bias_ih'),
  };
  const text = printProgram(program);
  return operators.find(({ cell }) => printProgram(cell.program(sizes)) === text);
}

/** The program that a layer or a single step runs, of several layers the first. */
export function cellProgramOf(module: Module): CellProgram | undefined {
  if (module instanceof Recurrent) return module.programs[0];
  return module instanceof RecurrentCell ? module.program : undefined;
}

/** Adds the operator; gives the output `[T, B, H]` and the final states, `[1, B, H]` each. */
export function lowerToOperator(
  graph: GraphBuilder,
  { op, attributes }: Operator,
  layer: LayerApplication,
): string[] {
  const { program, name, states } = layer;
  const hidden = program.states[0]!.size;
  const gates = onnxGates[op];
  const numbers = new Map(layer.parameters.map((one) => [one.name, one.data]));
  const blocks = (parameter: string, order: readonly number[] = gates): Float64Array =>
    reorderBlocks(numbers.get(parameter)!, order);
  const rows = gates.length * hidden;
  const weight = graph.floats(`${name}.W`, [1, rows, program.inputSize], () => blocks('weight_ih'));
  const recurrent = graph.floats(`${name}.R`, [1, rows, hidden], () => blocks('weight_hh'));
  const bias = numbers.has('bias_ih')
    ? graph.floats(`${name}.B`, [1, 2 * rows], () => [...blocks('bias_ih'), ...blocks('bias_hh')])
    : '';
  const peepholes = numbers.has('weight_peephole')
    ? [graph.floats(`${name}.P`, [1, 3 * hidden], () => blocks('weight_peephole', onnxPeepholes))]
    : [];
  const inputs = [layer.input, weight, recurrent, bias, layer.lengths ?? ''];
  const initial = program.states.map((_, k) => states[k] ?? '');
  const [sequence, ...finals] = graph.add(
    op,
    withoutTail([...inputs, ...initial, ...peepholes]),
    {
      hidden_size: { int: hidden },
      ...(layer.reverse && { direction: { string: 'reverse' } }),
      ...attributes,
    },
    1 + program.states.length,
  );
  return [graph.add('Squeeze', [sequence, graph.integers([1])])[0], ...finals];
}

/** Operands that are left out at the end are not written. */
function withoutTail(names: readonly string[]): string[] {
  const last = names.findLastIndex((name) => name !== '');
  return names.slice(0, last + 1);
}
