import { showShape } from '../ndarray.js';
import { tapeOrder, Tensor, type TapeNode } from '../tensor.js';
import { flopsOf } from './flops.js';
import { addForwardHook, addForwardPreHook, type Callable } from './hooks.js';
import type { Module } from './module.js';

/** What `Module.summary` gives: a table, which is shown as text, and its totals. */
export class Summary {
  readonly #table: string;

  constructor(
    table: string,
    /** How many numbers the parameters have, shared ones counted once. */
    readonly parameters: number,
    /** Floating-point operations of the forward pass; null where none was run. */
    readonly flops: number | null = null,
  ) {
    this.#table = table;
  }

  /** The table. */
  toString(): string {
    return this.#table;
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#table;
  }

  /** How VS Code's debugger shows it. */
  [Symbol.for('debug.description')](): string {
    return `Summary: ${this.parameters} parameters`;
  }
}

/** Parameters with shapes and counts. */
export function summariseParameters(module: Module): Summary {
  const parameters = [...module.namedParameters()];
  const rows = parameters.map(([name, { shape, size, requiresGrad }]) => [
    name,
    requiresGrad ? showShape(shape) : `${showShape(shape)} frozen`,
    grouped(size),
  ]);
  const total = parameters.reduce((sum, [, { size }]) => sum + size, 0);
  rows.push(['total', '', grouped(total)]);
  return new Summary(toTable(['parameter', 'shape', 'count'], rows, 2), total);
}

interface LayerCost {
  /** The shape of its last output. */
  output: string;
  flops: number;
}

/**
 * A row for each innermost module: type, output shape, parameters and floating-point operations of one forward pass,
 * read off the tape of a pass with these inputs. A multiply-add is two operations, every other function of an element
 * one; gathers and rearrangements are free. What the modules around them compute themselves stands in a row of its own.
 */
export function summariseForward(module: Module, inputs: readonly unknown[]): Summary {
  const modules = [...module.namedModules()];
  const innermost = modules.filter(([, one]) => [...one.namedChildren()].length === 0);
  const costs = measure(module, new Set(innermost.map(([, one]) => one)), inputs);
  const counted = new Set<Tensor>();
  const ownParameters = (one: Module): number => {
    const own = one.parameters().filter((parameter) => !counted.has(parameter));
    for (const parameter of own) counted.add(parameter);
    return own.reduce((sum, { size }) => sum + size, 0);
  };
  const rows = innermost.map(([name, one]) => {
    const cost = costs.of.get(one);
    const parameters = grouped(ownParameters(one));
    return [
      name || '(itself)',
      one.constructor.name,
      cost?.output ?? 'not run',
      parameters,
      grouped(cost?.flops ?? 0),
    ];
  });
  const between = ownParameters(module);
  if (costs.between + between > 0)
    rows.push(['(between)', '', '', grouped(between), grouped(costs.between)]);
  const parameters = module.parameters().reduce((sum, { size }) => sum + size, 0);
  const flops = [...costs.of.values()].reduce((sum, cost) => sum + cost.flops, costs.between);
  rows.push(['total', '', '', grouped(parameters), grouped(flops)]);
  const table = toTable(['layer', 'type', 'output', 'parameters', 'FLOPs'], rows, 3);
  return new Summary(table, parameters, flops);
}

/** Runs forward once, in evaluation mode and with everything recorded; leaves modes and parameters as they were. */
function measure(module: Module, innermost: ReadonlySet<Module>, inputs: readonly unknown[]) {
  const of = new Map<Module, LayerCost>();
  const seen = new Set<TapeNode>();
  const claim = (value: unknown): number => {
    let flops = 0;
    for (const tensor of tensorsIn(value))
      for (const node of tapeOrder(tensor)) {
        if (!seen.has(node)) flops += flopsOf(node);
        seen.add(node);
      }
    return flops;
  };
  let between = 0;
  const handles = [...innermost].flatMap((one) => [
    addForwardPreHook(one, (_, given) => {
      between += claim(given);
    }),
    addForwardHook(one, (_one, _given, output) => {
      const flops = claim(output) + (of.get(one)?.flops ?? 0);
      const [first] = tensorsIn(output);
      of.set(one, { output: first ? showShape(first.shape) : '', flops });
    }),
  ]);
  const restore = recordEverything(module);
  try {
    const output = (module as unknown as Callable).forward(...inputs.map(tracked));
    between += claim(output);
  } finally {
    restore();
    for (const handle of handles) handle.remove();
  }
  return { of, between };
}

/** Evaluation mode, and gradients wanted of every parameter, so that all there is gets on the tape. */
function recordEverything(module: Module): () => void {
  const modes = [...module.namedModules()].map(([, one]) => [one, one.training] as const);
  const wanted = module.parameters().map((one) => [one, one.requiresGrad] as const);
  for (const [one] of modes) one.training = false;
  for (const [one] of wanted) one.requiresGrad = true;
  return () => {
    for (const [one, training] of modes) one.training = training;
    for (const [one, requiresGrad] of wanted) one.requiresGrad = requiresGrad;
  };
}

/** An input that is recorded from the first operation on. */
const tracked = (input: unknown): unknown =>
  input instanceof Tensor && input.dtype !== 'int32'
    ? new Tensor(input.data, input.shape, { requiresGrad: true })
    : input;

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');

/** Columns from `numbers` on are aligned right. */
function toTable(head: readonly string[], rows: readonly (readonly string[])[], numbers: number) {
  const table = [head, ...rows];
  const widths = head.map((_, k) => Math.max(...table.map((row) => row[k]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, k) => (k < numbers ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
