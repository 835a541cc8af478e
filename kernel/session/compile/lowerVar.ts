/** `var` inside blocks of a cell: the name is declared once at the cell's top, here it is assigned. */
import type ts from 'typescript';

/** The names that a declaration binds. */
export function bindingNames(typescript: typeof ts, name: ts.BindingName): string[] {
  if (typescript.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    typescript.isBindingElement(element) ? bindingNames(typescript, element.name) : [],
  );
}

/**
 * `var a = 1, b;` → `a = 1;`, also in the head of a `for`.
 *
 * @returns Undefined where the node declares no `var`.
 */
export function lowerVarList(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  node: ts.Node,
  hoist: (name: string) => void,
): ts.Node | undefined {
  const list = varList(typescript, node);
  if (!list) return undefined;
  for (const { name } of list.declarations) bindingNames(typescript, name).forEach(hoist);
  if (typescript.isForOfStatement(node) || typescript.isForInStatement(node)) {
    const target = assignmentTarget(typescript, factory, list.declarations[0]!.name);
    return typescript.isForOfStatement(node)
      ? factory.updateForOfStatement(
          node,
          node.awaitModifier,
          target,
          node.expression,
          node.statement,
        )
      : factory.updateForInStatement(node, target, node.expression, node.statement);
  }
  const assignments = list.declarations.flatMap((one) =>
    one.initializer
      ? [
          typescript.setTextRange(
            factory.createAssignment(
              assignmentTarget(typescript, factory, one.name),
              one.initializer,
            ),
            one,
          ),
        ]
      : [],
  );
  const expression = assignments.reduce<ts.Expression | undefined>(
    (all, one) => (all ? factory.createComma(all, one) : one),
    undefined,
  );
  if (typescript.isForStatement(node)) {
    return factory.updateForStatement(
      node,
      expression,
      node.condition,
      node.incrementor,
      node.statement,
    );
  }
  if (!expression) return factory.createEmptyStatement();
  return typescript.setTextRange(factory.createExpressionStatement(expression), node);
}

function varList(typescript: typeof ts, node: ts.Node): ts.VariableDeclarationList | undefined {
  const list = typescript.isVariableStatement(node)
    ? node.declarationList
    : typescript.isForStatement(node) ||
        typescript.isForOfStatement(node) ||
        typescript.isForInStatement(node)
      ? node.initializer
      : undefined;
  const isVar =
    list !== undefined &&
    typescript.isVariableDeclarationList(list) &&
    (list.flags & typescript.NodeFlags.BlockScoped) === 0;
  return isVar ? list : undefined;
}

/** `{ a, b: [c = 1], ...d }` as a declaration → the same as the left side of an assignment. */
function assignmentTarget(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  name: ts.BindingName,
): ts.Expression {
  const target = (one: ts.BindingName) => assignmentTarget(typescript, factory, one);
  const withDefault = (one: ts.BindingElement) =>
    one.initializer
      ? factory.createAssignment(target(one.name), one.initializer)
      : target(one.name);
  if (typescript.isIdentifier(name)) return name;
  if (typescript.isArrayBindingPattern(name)) {
    return factory.createArrayLiteralExpression(
      name.elements.map((one) => {
        if (typescript.isOmittedExpression(one)) return one;
        return one.dotDotDotToken
          ? factory.createSpreadElement(target(one.name))
          : withDefault(one);
      }),
    );
  }
  return factory.createObjectLiteralExpression(
    name.elements.map((one) => {
      if (one.dotDotDotToken) return factory.createSpreadAssignment(target(one.name));
      if (!one.propertyName && typescript.isIdentifier(one.name)) {
        return factory.createShorthandPropertyAssignment(one.name, one.initializer);
      }
      return factory.createPropertyAssignment(
        one.propertyName ?? (one.name as ts.Identifier),
        withDefault(one),
      );
    }),
  );
}
