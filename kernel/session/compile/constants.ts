/**
 * Cells may declare a name again, as `const` or otherwise, so at run time every top-level name is
 * assignable. What `const` and `import` promise is therefore checked here, before the cell runs.
 */
import type ts from 'typescript';
import { isCellScoped } from './scope.js';

interface Known {
  earlier: ReadonlySet<string>;
  declared: ReadonlyMap<string, 'constant' | 'variable'>;
}

/** The first assignment to a top-level constant, of this cell or of an earlier one. */
export function findAssignedConstant(
  typescript: typeof ts,
  program: ts.Program,
  file: ts.SourceFile,
  known: Known,
): { name: string; start: number } | undefined {
  const isConstant = (name: string) => {
    const here = known.declared.get(name);
    return here === undefined ? known.earlier.has(name) : here === 'constant';
  };
  const suspects = assignedIdentifiers(typescript, file).filter((one) => isConstant(one.text));
  if (suspects.length === 0) return undefined;
  const checker = program.getTypeChecker();
  const found = suspects.find((one) => isOfCells(typescript, checker, one));
  return found && { name: found.text, start: found.getStart(file) };
}

/** Names of cells that the cell assigns to as it runs, and not only where a function of it is called. */
export function assignedNames(
  typescript: typeof ts,
  program: ts.Program,
  file: ts.SourceFile,
): Set<string> {
  const isDirect = (node: ts.Node): boolean =>
    typescript.isSourceFile(node) || (!typescript.isFunctionLike(node) && isDirect(node.parent));
  const direct = assignedIdentifiers(typescript, file).filter(isDirect);
  if (direct.length === 0) return new Set();
  const checker = program.getTypeChecker();
  const found = direct.filter((one) => isOfCells(typescript, checker, one));
  return new Set(found.map(({ text }) => text));
}

/** Whether it means a name of this or another cell, and not one of a block or function. */
function isOfCells(typescript: typeof ts, checker: ts.TypeChecker, name: ts.Identifier): boolean {
  const { parent } = name;
  const symbol = typescript.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : checker.getSymbolAtLocation(name);
  return (symbol?.declarations ?? []).every((one) => isCellScoped(typescript, one));
}

function assignedIdentifiers(typescript: typeof ts, file: ts.SourceFile): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const addTargets = (node: ts.Node): void => {
    if (typescript.isIdentifier(node)) found.push(node);
    else if (typescript.isParenthesizedExpression(node)) addTargets(node.expression);
    else if (typescript.isArrayLiteralExpression(node)) node.elements.forEach(addTargets);
    else if (typescript.isObjectLiteralExpression(node)) node.properties.forEach(addTargets);
    else if (typescript.isPropertyAssignment(node)) addTargets(node.initializer);
    else if (typescript.isShorthandPropertyAssignment(node)) found.push(node.name);
    else if (typescript.isSpreadElement(node) || typescript.isSpreadAssignment(node)) {
      addTargets(node.expression);
    } else if (isAssignment(typescript, node)) addTargets(node.left);
  };
  const visit = (node: ts.Node): void => {
    if (isAssignment(typescript, node)) addTargets(node.left);
    else if (isIncrement(typescript, node)) addTargets(node.operand);
    else if (
      (typescript.isForOfStatement(node) || typescript.isForInStatement(node)) &&
      !typescript.isVariableDeclarationList(node.initializer)
    ) {
      addTargets(node.initializer);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isAssignment(typescript: typeof ts, node: ts.Node): node is ts.BinaryExpression {
  return (
    typescript.isBinaryExpression(node) &&
    node.operatorToken.kind >= typescript.SyntaxKind.FirstAssignment &&
    node.operatorToken.kind <= typescript.SyntaxKind.LastAssignment
  );
}

function isIncrement(
  typescript: typeof ts,
  node: ts.Node,
): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression {
  return (
    (typescript.isPrefixUnaryExpression(node) || typescript.isPostfixUnaryExpression(node)) &&
    (node.operator === typescript.SyntaxKind.PlusPlusToken ||
      node.operator === typescript.SyntaxKind.MinusMinusToken)
  );
}
