/**
 * How many features a layer takes and gives in the last dimension, read from the cells' text. Only what is certain:
 * literal numbers and constants of such, of layers that are made in place, or held by a constant of any cell or by a
 * property that is set once.
 */
import ts from 'typescript';
import type { NotebookProgram } from './notebookProgram.js';

/** A layer of unroll, with undefined where a size can't be told. */
export interface Layer {
  name: string;
  /** Where it is made. */
  made: ts.NewExpression;
  takes: number | undefined;
  /** The option that says what it takes. */
  takenBy: string;
  gives: number | undefined;
  /** It gives what it takes, whatever that is. */
  isPassing: boolean;
}

type Sizes = Partial<Pick<Layer, 'takes' | 'takenBy' | 'gives' | 'isPassing'>>;

/** `absent`: not given, so the default holds. */
type Known = number | boolean | 'absent' | undefined;

const recurrent = (reader: LayerReader, made: ts.NewExpression): Sizes => {
  const option = (name: string) => reader.option(made, name);
  const directions = { absent: 1, false: 1, true: 2 }[String(option('bidirectional'))];
  const [hidden, projected] = [option('hiddenSize'), option('projSize')];
  const size = numberOr(projected === 'absent' || projected === 0 ? hidden : projected);
  const gives = size !== undefined && directions ? size * directions : undefined;
  return { takes: numberOr(option('inputSize')), takenBy: 'inputSize', gives };
};

const numberOr = (known: Known) => (typeof known === 'number' ? known : undefined);

const readers: Readonly<Record<string, (reader: LayerReader, made: ts.NewExpression) => Sizes>> = {
  Linear: (reader, made) => ({
    takes: numberOr(reader.option(made, 'inFeatures')),
    takenBy: 'inFeatures',
    gives: numberOr(reader.option(made, 'outFeatures')),
  }),
  Embedding: (reader, made) => ({ gives: numberOr(reader.option(made, 'embeddingDim')) }),
  LayerNorm: (reader, made) => {
    const size = numberOr(reader.option(made, 'normalizedShape'));
    return { takes: size, takenBy: 'normalizedShape', gives: size };
  },
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  Dropout: () => ({ isPassing: true }),
  Sequential: (reader, made) => ends(reader, made.arguments ?? []),
  RecurrentStack: (reader, made) => ends(reader, elementsOf(made.arguments?.[0])),
  Residual: (reader, made) => ends(reader, made.arguments?.slice(0, 1) ?? []),
  Bidirectional: (reader, made) => {
    const [ahead, back] = ['forwardLayer', 'reverseLayer'].map((name) =>
      reader.layer(reader.value(made.arguments?.[0], name)),
    );
    const merge = reader.value(made.arguments?.[0], 'merge');
    const isSideBySide = !merge || (ts.isStringLiteralLike(merge) && merge.text === 'cat');
    const both = [ahead?.gives, back?.gives];
    return {
      ...{ takes: ahead?.takes, takenBy: ahead?.takenBy ?? '' },
      gives: isSideBySide ? sum(both) : ts.isStringLiteralLike(merge) ? both[0] : undefined,
    };
  },
};

/** What the first takes and the last gives. */
function ends(reader: LayerReader, stages: readonly ts.Expression[]): Sizes {
  const first = reader.layer(stages[0]);
  const last = reader.layer(stages.at(-1));
  return { takes: first?.takes, takenBy: first?.takenBy ?? '', gives: last?.gives };
}

function sum(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
}

export function elementsOf(list: ts.Expression | undefined): readonly ts.Expression[] {
  return list && ts.isArrayLiteralExpression(list) ? list.elements : [];
}

/** Makes a tensor of the shape that is its first argument. */
const factories = new Set(['zeros', 'ones', 'rand', 'randn']);
/** Element by element: the shape stays. */
const elementwise = new Set(['relu', 'tanh', 'sigmoid', 'detach', 'neg', 'exp']);

export class LayerReader {
  constructor(
    private readonly program: NotebookProgram,
    private readonly checker: ts.TypeChecker,
  ) {}

  /** The layer that the expression is, or names. */
  layer(expression: ts.Expression | undefined): Layer | undefined {
    const made = expression && this.#madeBy(expression);
    const name = made && this.classOf(made);
    const read = name === undefined ? undefined : readers[name];
    if (!made || name === undefined || !read) return undefined;
    const { takes, takenBy = '', gives, isPassing = false } = read(this, made);
    return { name, made, takes, takenBy, gives, isPassing };
  }

  /** The name of the class of unroll that is made. */
  classOf(made: ts.NewExpression): string | undefined {
    const { symbol } = this.checker.getTypeAtLocation(made) as { symbol?: ts.Symbol };
    return symbol && this.#isOfUnroll(symbol) ? symbol.name : undefined;
  }

  /** Attention with its sizes. */
  attention(expression: ts.Expression | undefined) {
    const made = expression && this.#madeBy(expression);
    const name = made && this.classOf(made);
    if (name !== 'BahdanauAttention' && name !== 'LuongAttention') return undefined;
    const [keySize, querySize] = ['keySize', 'querySize'].map((one) =>
      numberOr(this.option(made!, one)),
    );
    return { name, keySize, querySize };
  }

  /** What a tensor has in its last dimension, and who gives it. */
  tensor(expression: ts.Expression | undefined): { name: string; gives: number } | undefined {
    if (!expression) return undefined;
    if (ts.isPropertyAccessExpression(expression) && expression.name.text === 'output') {
      return this.tensor(expression.expression);
    }
    if (ts.isIdentifier(expression)) return this.tensor(this.#tensorHeldBy(expression));
    if (!ts.isCallExpression(expression)) return undefined;
    const { expression: called, arguments: given } = expression;
    if (ts.isIdentifier(called)) return this.#fromFactory(called, given[0]);
    if (!ts.isPropertyAccessExpression(called)) return undefined;
    if (elementwise.has(called.name.text)) return this.tensor(called.expression);
    if (called.name.text !== 'forward') return undefined;
    const layer = this.layer(called.expression);
    if (layer?.isPassing) return this.tensor(given[0]);
    return layer?.gives === undefined ? undefined : { name: layer.name, gives: layer.gives };
  }

  /** An option of a layer. */
  option(made: ts.NewExpression, name: string): Known {
    const [options] = made.arguments ?? [];
    if (!options || !ts.isObjectLiteralExpression(options)) return undefined;
    if (options.properties.some(ts.isSpreadAssignment)) return undefined;
    const given = options.properties.find((one) => isNamed(one, name));
    return given ? this.#known(this.#valueOf(given)) : 'absent';
  }

  /** What an object literal has under a name. */
  value(object: ts.Expression | undefined, name: string): ts.Expression | undefined {
    if (!object || !ts.isObjectLiteralExpression(object)) return undefined;
    const given = object.properties.find((one) => isNamed(one, name));
    return given && this.#valueOf(given);
  }

  #valueOf(given: ts.ObjectLiteralElementLike): ts.Expression | undefined {
    if (ts.isPropertyAssignment(given)) return given.initializer;
    return ts.isShorthandPropertyAssignment(given) ? given.name : undefined;
  }

  /** The `new` that the expression is, or that of the constant or property that holds it. */
  #madeBy(expression: ts.Expression): ts.NewExpression | undefined {
    if (ts.isNewExpression(expression)) return expression;
    const value = ts.isPropertyAccessExpression(expression)
      ? setOnce(this.checker.getSymbolAtLocation(expression.name)?.valueDeclaration)
      : ts.isIdentifier(expression)
        ? constantOf(this.#declarationOf(expression))
        : undefined;
    return value && ts.isNewExpression(value) ? value : undefined;
  }

  #declarationOf(name: ts.Identifier): ts.Declaration | undefined {
    const symbol = ts.isShorthandPropertyAssignment(name.parent)
      ? this.checker.getShorthandAssignmentValueSymbol(name.parent)
      : this.checker.getSymbolAtLocation(name);
    return symbol && this.#behind(symbol).valueDeclaration;
  }

  #behind(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }

  /** `const y = …`, `const { output } = …`, `const { output: y } = …` */
  #tensorHeldBy(name: ts.Identifier): ts.Expression | undefined {
    const declaration = this.#declarationOf(name);
    if (!declaration || !ts.isBindingElement(declaration)) return constantOf(declaration);
    const property = declaration.propertyName ?? declaration.name;
    const whole = declaration.parent.parent;
    const isOutput = ts.isIdentifier(property) && property.text === 'output';
    return isOutput && ts.isVariableDeclaration(whole) ? constantOf(whole) : undefined;
  }

  #fromFactory(called: ts.Identifier, shape: ts.Expression | undefined) {
    const symbol = this.checker.getSymbolAtLocation(called);
    const last = elementsOf(shape).at(-1);
    if (!symbol || !last || !factories.has(this.#behind(symbol).name)) return undefined;
    if (!this.#isOfUnroll(this.#behind(symbol))) return undefined;
    const gives = numberOr(this.#known(last));
    return gives === undefined ? undefined : { name: this.#behind(symbol).name, gives };
  }

  #isOfUnroll({ valueDeclaration }: ts.Symbol): boolean {
    return (
      valueDeclaration !== undefined &&
      this.program.isShipped(valueDeclaration.getSourceFile().fileName)
    );
  }

  /** A literal, a constant of one, a sum or a product of such; of a list, its last. */
  #known(expression: ts.Expression | undefined): Known {
    if (!expression) return undefined;
    if (ts.isArrayLiteralExpression(expression)) return this.#known(expression.elements.at(-1));
    if (ts.isParenthesizedExpression(expression)) return this.#known(expression.expression);
    if (ts.isBinaryExpression(expression)) return this.#computed(expression);
    const type = this.#typeOf(expression);
    if (type.isNumberLiteral()) return type.value;
    if (type === this.checker.getTrueType()) return true;
    if (type === this.checker.getFalseType()) return false;
    if (!ts.isIdentifier(expression)) return undefined;
    const value = constantOf(this.#declarationOf(expression));
    return value && ts.isBinaryExpression(value) ? this.#computed(value) : undefined;
  }

  /** `{ hiddenSize }` has the constant's own type, not that of the option. */
  #typeOf(expression: ts.Expression): ts.Type {
    const symbol = ts.isShorthandPropertyAssignment(expression.parent)
      ? this.checker.getShorthandAssignmentValueSymbol(expression.parent)
      : undefined;
    return symbol
      ? this.checker.getTypeOfSymbolAtLocation(symbol, expression)
      : this.checker.getTypeAtLocation(expression);
  }

  #computed({ left, operatorToken, right }: ts.BinaryExpression): number | undefined {
    const [a, b] = [numberOr(this.#known(left)), numberOr(this.#known(right))];
    if (a === undefined || b === undefined) return undefined;
    if (operatorToken.kind === ts.SyntaxKind.PlusToken) return a + b;
    return operatorToken.kind === ts.SyntaxKind.AsteriskToken ? a * b : undefined;
  }
}

function isNamed({ name }: ts.ObjectLiteralElementLike, wanted: string): boolean {
  return name !== undefined && ts.isIdentifier(name) && name.text === wanted;
}

/** What a constant was made with. */
function constantOf(declaration: ts.Declaration | undefined): ts.Expression | undefined {
  if (!declaration || !ts.isVariableDeclaration(declaration)) return undefined;
  const isConstant = (declaration.parent.flags & ts.NodeFlags.Constant) !== 0;
  return isConstant ? declaration.initializer : undefined;
}

/** What a class sets its property to, where it does so once. */
function setOnce(property: ts.Declaration | undefined): ts.Expression | undefined {
  if (!property || !ts.isPropertyDeclaration(property) || !ts.isIdentifier(property.name)) {
    return undefined;
  }
  const values = property.initializer ? [property.initializer] : [];
  const name = property.name.text;
  const visit = (node: ts.Node): void => {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(node.left) &&
      node.left.expression.kind === ts.SyntaxKind.ThisKeyword &&
      node.left.name.text === name
    ) {
      values.push(node.right);
    }
    ts.forEachChild(node, visit);
  };
  visit(property.parent);
  return values.length === 1 ? values[0] : undefined;
}
