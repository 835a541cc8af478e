/**
 * Layers that don't fit together, said before anything runs: in a `Sequential` or a stack, beside each other in a
 * `Bidirectional`, around a `Seq2Seq`'s attention, and where one layer's `forward` reads what another's gave.
 */
import ts from 'typescript';
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import { elementsOf, type Layer, LayerReader } from './layerSizes.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toRange } from './places.js';

interface Fault {
  node: ts.Node;
  message: string;
}

type Find = (reader: LayerReader, made: ts.NewExpression) => Fault[];

/** By the class that is made. */
const checks: Readonly<Record<string, Find>> = {
  Sequential: (reader, made) => inRow(reader, made.arguments ?? []),
  RecurrentStack: (reader, made) => inRow(reader, elementsOf(made.arguments?.[0])),
  Residual: (reader, made) => aroundResidual(reader, made.arguments?.[0]),
  Bidirectional: (reader, made) => inPair(reader, made.arguments?.[0]),
  Seq2Seq: (reader, made) => inSeq2Seq(reader, made.arguments?.[0]),
};
const words = ['forward', ...Object.keys(checks)];

export function findWrongChains(program: NotebookProgram, module: CellModule): Diagnostic[] {
  if (!words.some((word) => module.scope.mentioned.has(word))) return [];
  const checker = program.service.getProgram()?.getTypeChecker();
  const file = program.sourceFile(module.fileName);
  if (!checker || !file) return [];
  const reader = new LayerReader(program, checker);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node)) {
      faults.push(...(checks[reader.classOf(node) ?? '']?.(reader, node) ?? []));
    } else if (ts.isCallExpression(node)) {
      faults.push(...atForward(reader, node));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults.flatMap(({ node, message }) => {
    const start = node.getStart();
    const range = toRange(module, { start, length: node.getEnd() - start });
    return range ? [{ range, message, severity: DiagnosticSeverity.Error, source: 'unroll' }] : [];
  });
}

/** What the layer reads is not what it takes. */
function misfit(
  node: ts.Node | undefined,
  layer: Layer | undefined,
  before: { name: string; gives: number } | undefined,
): Fault[] {
  if (!node || layer?.takes === undefined || !before || layer.takes === before.gives) return [];
  const { name, takes, takenBy } = layer;
  const message = `${name} takes ${takes} features (${takenBy}), but ${before.name} before it gives ${before.gives}.`;
  return [{ node, message }];
}

const giving = (layer: Layer | undefined) =>
  layer?.gives === undefined ? undefined : { name: layer.name, gives: layer.gives };

function inRow(reader: LayerReader, stages: readonly ts.Expression[]): Fault[] {
  const faults: Fault[] = [];
  let before: { name: string; gives: number } | undefined;
  for (const stage of stages) {
    const layer = reader.layer(stage);
    if (layer?.isPassing) continue;
    faults.push(...misfit(stage, layer, before));
    before = giving(layer);
  }
  return faults;
}

function atForward(reader: LayerReader, call: ts.CallExpression): Fault[] {
  const { expression: called, arguments: given } = call;
  if (!ts.isPropertyAccessExpression(called) || called.name.text !== 'forward') return [];
  const layer = reader.layer(called.expression);
  return layer?.takes === undefined ? [] : misfit(given[0], layer, reader.tensor(given[0]));
}

function aroundResidual(reader: LayerReader, inner: ts.Expression | undefined): Fault[] {
  const layer = reader.layer(inner);
  if (!inner || !layer) return [];
  const { name, takes, gives } = layer;
  if (takes === undefined || gives === undefined || takes === gives) return [];
  const message = `Residual adds what ${name} gives to what it takes: ${gives} features to ${takes}.`;
  return [{ node: inner, message }];
}

function inPair(reader: LayerReader, options: ts.Expression | undefined): Fault[] {
  const [ahead, node] = ['forwardLayer', 'reverseLayer'].map((one) => reader.value(options, one));
  const [one, other] = [reader.layer(ahead), reader.layer(node)];
  if (!node || one?.takes === undefined || other?.takes === undefined) return [];
  if (one.takes === other.takes) return [];
  const message = `Both read the same sequence, but ${one.name} takes ${one.takes} features and ${other.name} ${other.takes}.`;
  return [{ node, message }];
}

function inSeq2Seq(reader: LayerReader, options: ts.Expression | undefined): Fault[] {
  const part = (owner: string, name: string) => reader.value(reader.value(options, owner), name);
  const layer = (owner: string, name: string) => reader.layer(part(owner, name));
  const encoder = layer('encoder', 'rnn');
  const faults = misfit(part('encoder', 'rnn'), encoder, giving(layer('encoder', 'embedding')));
  const decoder = layer('decoder', 'rnn');
  const node = reader.value(options, 'attention');
  const attention = reader.attention(node);
  if (!node) {
    const isAlone = !reader.value(options, 'inputFeeding');
    const said = giving(layer('decoder', 'embedding'));
    return isAlone ? [...faults, ...misfit(part('decoder', 'rnn'), decoder, said)] : faults;
  }
  if (!attention) return faults;
  const { name, keySize, querySize } = attention;
  for (const [option, size, whose, gives] of [
    ['keySize', keySize, 'encoder', encoder?.gives],
    ['querySize', querySize, 'decoder', decoder?.gives],
  ] as const) {
    if (size === undefined || gives === undefined || size === gives) continue;
    const message = `${name} has ${option} ${size}, but the ${whose}’s layer gives ${gives}.`;
    faults.push({ node, message });
  }
  if (name === 'BahdanauAttention') faults.push(...besideContext());
  return faults;

  /** It reads the context beside the symbol. */
  function besideContext(): Fault[] {
    const said = layer('decoder', 'embedding')?.gives;
    if (said === undefined || encoder?.gives === undefined) return [];
    const gives = said + encoder.gives;
    const read = { name: `the embedding (${said}) with the context (${encoder.gives})`, gives };
    return misfit(part('decoder', 'rnn'), decoder, read);
  }
}
