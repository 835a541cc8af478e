/**
 * A recurrent layer over any cell, as ONNX's Scan: the cell's program is the graph inside.
 * Source: https://onnx.ai/onnx/operators/onnx__Scan.html
 */
import type { GraphBuilder, Operand } from './graphBuilder.js';
import { lowerPrimitive } from './onnxOperations.js';
import type { LayerApplication } from './onnxRecurrent.js';
import type { OnnxGraph, OnnxValue } from './onnxProto.js';

/** Adds the loop; gives the output `[T, B, outputSize]` and the final states, `[1, B, size]` each. */
export function lowerToScan(graph: GraphBuilder, layer: LayerApplication): string[] {
  const { program, reverse, lengths } = layer;
  const direction = {
    ints: lengths === undefined ? [Number(reverse)] : [Number(reverse), Number(reverse)],
  };
  const initial = program.states.map(({ size }, k) => initialState(graph, layer, k, size));
  const sequences =
    lengths === undefined ? [layer.input] : [layer.input, timeSteps(graph, layer.input)];
  const outputs = graph.add(
    'Scan',
    [...initial, ...sequences],
    {
      body: { graph: toBody(graph, layer) },
      num_scan_inputs: { int: sequences.length },
      scan_input_directions: direction,
      scan_output_directions: { ints: [Number(reverse)] },
    },
    1 + program.states.length,
  );
  const finals = outputs
    .slice(0, -1)
    .map((name) => graph.add('Unsqueeze', [name, graph.integers([0])])[0]);
  return [outputs.at(-1)!, ...finals];
}

/** `[B, size]` */
function initialState(
  graph: GraphBuilder,
  layer: LayerApplication,
  k: number,
  size: number,
): string {
  const given = layer.states[k];
  if (given !== undefined) return graph.add('Squeeze', [given, graph.integers([0])])[0];
  const batch = graph.once('Shape', [layer.input], { start: { int: 1 }, end: { int: 2 } });
  const shape = graph.once('Concat', [batch, graph.integers([size])], { axis: { int: 0 } });
  return graph.once('ConstantOfShape', [shape], {
    value: { tensor: { name: 'zero', type: graph.floatType, shape: [1], data: [0] } },
  });
}

/** 0, 1, …, T − 1, int32 */
function timeSteps(graph: GraphBuilder, input: string): string {
  const extent = graph.once('Shape', [input], { start: { int: 0 }, end: { int: 1 } });
  const count = graph.once('Cast', [graph.once('Squeeze', [extent])], { to: { int: 6 } });
  return graph.once('Range', [graph.integer(0, 'int32'), count, graph.integer(1, 'int32')]);
}

/** One time step: states and x (and t, where sequences have lengths) → next states and output. */
function toBody(outer: GraphBuilder, layer: LayerApplication): OnnxGraph {
  const { program, lengths } = layer;
  const body = outer.inner();
  const value = (wanted: string, shape: OnnxValue['shape']): OnnxValue => ({
    name: body.fresh(wanted),
    type: outer.floatType,
    shape,
  });
  const states = program.states.map(({ name, size }) =>
    value(`${layer.name}.${name}`, ['batch', size]),
  );
  const x = value(`${layer.name}.x`, ['batch', program.inputSize]);
  const values = lowerProgram(
    body,
    layer,
    [...states, x].map((one) => one.name),
  );
  const results = [...program.states.map(({ next }) => next), program.output];
  const outputs = results.map((node) =>
    value(`${layer.name}.next`, ['batch', program.nodes[node]!.shape[1]!]),
  );
  const t: OnnxValue[] =
    lengths === undefined ? [] : [{ name: body.fresh('t'), type: 'int32', shape: [] }];
  const [valid] = lengths === undefined ? [] : validRows(body, t[0]!.name, lengths);
  outputs.forEach(({ name }, k) => {
    const computed = values[results[k]!]!;
    const padding = states[k]?.name ?? outer.floats('zero', [], () => [0]);
    body.output(
      name,
      valid === undefined ? computed : body.add('Where', [valid, computed, padding])[0],
    );
  });
  return body.build(`${program.name} step`, [...states, x, ...t], outputs);
}

/** `[B, 1]`: whether time step t is one of the sequence's own. */
function validRows(body: GraphBuilder, t: string, lengths: string): [string] {
  const [less] = body.add('Less', [t, lengths]);
  return [body.add('Unsqueeze', [less, body.integers([1])])[0]];
}

/** Names of the values of the program's nodes. What is the same at every time step is computed outside. */
function lowerProgram(
  body: GraphBuilder,
  { program, parameters, name: owner }: LayerApplication,
  given: readonly string[],
): string[] {
  const outer = body.outer!;
  const names: string[] = [];
  const operands: Operand[] = [];
  program.nodes.forEach((node, index) => {
    const name = (): string => {
      if (node.kind === 'constant')
        return outer.floats(`constant_${node.value!}`, [], () => [node.value!]);
      if (node.kind === 'parameter') {
        const parameter = parameters[program.parameters.findIndex((one) => one.node === index)]!;
        return outer.floats(`${owner}.${parameter.name}`, node.shape, () => parameter.data);
      }
      if (node.kind === 'operation')
        return lowerPrimitive(node.invariant ? outer : body, node.op!, {
          op: node.op!,
          inputs: node.operands.map((operand) => operands[operand]!),
          attributes: [node.attributes],
          outputShapes: [[node.shape]],
        });
      const state = program.states.findIndex((one) => one.node === index);
      return given.at(state)!;
    };
    names.push(name());
    operands.push({ name: names[index]!, shapes: [node.shape] });
  });
  return names;
}
