/**
 * Layers of a `Sequential` that don't fit together, said before anything runs. Only what is certain is said: sizes that
 * are literal numbers or constants of such, of layers that are made in place or held by a constant, in any cell.
 */
import ts from 'typescript';
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toRange } from './places.js';

/** What a layer takes and gives in the last dimension: options by name, undefined where it can't be told. */
interface Layer {
  takes?: string;
  gives: (option: (name: string) => Known) => number | undefined;
}

/** `absent`: not given, so the default holds. */
type Known = number | boolean | 'absent' | undefined;

const recurrent: Layer = {
  takes: 'inputSize',
  gives(option) {
    const directions = { absent: 1, false: 1, true: 2 }[String(option('bidirectional'))];
    const [hidden, projected] = [option('hiddenSize'), option('projSize')];
    const size = projected === 'absent' || projected === 0 ? hidden : projected;
    return typeof size === 'number' && directions ? size * directions : undefined;
  },
};
const numberOr = (known: Known) => (typeof known === 'number' ? known : undefined);

const layers: Readonly<Record<string, Layer>> = {
  Linear: { takes: 'inFeatures', gives: (option) => numberOr(option('outFeatures')) },
  Embedding: { gives: (option) => numberOr(option('embeddingDim')) },
  LayerNorm: { takes: 'normalizedShape', gives: (option) => numberOr(option('normalizedShape')) },
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
};
/** Those that give what they take. */
const passing = new Set(['Dropout']);

export function findWrongChains(program: NotebookProgram, module: CellModule): Diagnostic[] {
  if (!module.scope.mentioned.has('Sequential')) return [];
  const checker = program.service.getProgram()?.getTypeChecker();
  const file = program.sourceFile(module.fileName);
  if (!checker || !file) return [];
  const found: Diagnostic[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && classOf(program, checker, node) === 'Sequential') {
      found.push(...wrongStages(program, checker, module, node.arguments ?? []));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function wrongStages(
  program: NotebookProgram,
  checker: ts.TypeChecker,
  module: CellModule,
  stages: readonly ts.Expression[],
): Diagnostic[] {
  const found: Diagnostic[] = [];
  let before: { name: string; gives: number } | undefined;
  for (const stage of stages) {
    const made = madeBy(checker, stage);
    const name = made && classOf(program, checker, made);
    if (name !== undefined && passing.has(name)) continue;
    const layer = name === undefined ? undefined : layers[name];
    if (!made || !layer || name === undefined) {
      before = undefined;
      continue;
    }
    const option = (one: string) => optionOf(checker, made, one);
    const takes = layer.takes === undefined ? undefined : option(layer.takes);
    if (before && typeof takes === 'number' && takes !== before.gives) {
      const range = toRange(module, spanOf(stage));
      const message =
        `${name} takes ${takes} features (${layer.takes ?? ''}), ` +
        `but ${before.name} before it gives ${before.gives}.`;
      const severity = DiagnosticSeverity.Error;
      if (range) found.push({ range, message, severity, source: 'unroll' });
    }
    const gives = layer.gives(option);
    before = gives === undefined ? undefined : { name, gives };
  }
  return found;
}

/** The `new` that made the stage: itself, or that of the constant that holds it. */
function madeBy(checker: ts.TypeChecker, stage: ts.Expression): ts.NewExpression | undefined {
  if (ts.isNewExpression(stage)) return stage;
  if (!ts.isIdentifier(stage)) return undefined;
  let symbol = checker.getSymbolAtLocation(stage);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const declaration = symbol?.valueDeclaration;
  if (!declaration || !ts.isVariableDeclaration(declaration)) return undefined;
  const isConstant = (declaration.parent.flags & ts.NodeFlags.Constant) !== 0;
  const { initializer } = declaration;
  return isConstant && initializer && ts.isNewExpression(initializer) ? initializer : undefined;
}

/** The name of a class of unroll. */
function classOf(
  program: NotebookProgram,
  checker: ts.TypeChecker,
  node: ts.NewExpression,
): string | undefined {
  const { symbol } = checker.getTypeAtLocation(node) as { symbol?: ts.Symbol };
  const declaration = symbol?.valueDeclaration;
  if (!declaration || !program.isShipped(declaration.getSourceFile().fileName)) return undefined;
  return symbol.name;
}

function optionOf(checker: ts.TypeChecker, made: ts.NewExpression, name: string): Known {
  const [options] = made.arguments ?? [];
  if (!options || !ts.isObjectLiteralExpression(options)) return undefined;
  if (options.properties.some(ts.isSpreadAssignment)) return undefined;
  const given = options.properties.find(
    (one) => one.name && ts.isIdentifier(one.name) && one.name.text === name,
  );
  if (!given) return 'absent';
  if (ts.isShorthandPropertyAssignment(given)) {
    const symbol = checker.getShorthandAssignmentValueSymbol(given);
    return symbol ? literal(checker, checker.getTypeOfSymbolAtLocation(symbol, given)) : undefined;
  }
  if (!ts.isPropertyAssignment(given)) return undefined;
  return literal(checker, checker.getTypeAtLocation(given.initializer));
}

function literal(checker: ts.TypeChecker, type: ts.Type): Known {
  if (type.isNumberLiteral()) return type.value;
  if (type === checker.getTrueType()) return true;
  return type === checker.getFalseType() ? false : undefined;
}

function spanOf(node: ts.Node): ts.TextSpan {
  const start = node.getStart();
  return { start, length: node.getEnd() - start };
}
