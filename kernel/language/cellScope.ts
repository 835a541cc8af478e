/** What one cell declares, exports, assigns and mentions: all that other cells' modules need to know of it. */
import ts from 'typescript';
import { isCellScoped } from '../session/compile/scope.js';
import { type Insertion, parseCell } from '../session/compile/parseCell.js';

export type NameKind = 'variable' | 'constant' | 'import' | 'function' | 'class' | 'enum' | 'other';

export interface Declared {
  kind: NameKind;
  /** Of the name, in the cell as it is parsed. */
  offset: number;
}

export interface CellScope {
  /** Top-level names. */
  declared: ReadonlyMap<string, Declared>;
  /** Those of them that the cell's own `export` exports already. */
  exported: ReadonlySet<string>;
  /** Every name that is assigned to somewhere in the cell. */
  assigned: ReadonlySet<string>;
  /** Every name in the cell, whatever it means there. */
  mentioned: ReadonlySet<string>;
  /** Text that has to be put into the cell before it is parsed. */
  insertion: Insertion;
}

export const insertedText = '0,';

export function readScope(text: string): CellScope {
  const { file, insertion } = parseCell(ts, text);
  const declared = new Map<string, Declared>();
  const exported = new Set<string>();
  const assigned = new Set<string>();
  const mentioned = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) mentioned.add(node.text);
    const declares = declarationOf(node);
    if (declares && isCellScoped(ts, node)) {
      const { name, kind } = declares;
      declared.set(name.text, { kind, offset: name.getStart(file) });
      if (isExported(node)) exported.add(name.text);
    }
    if (ts.isExportSpecifier(node)) exported.add(node.name.text);
    for (const target of assignmentTargets(node)) addTargets(target, assigned);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { declared, exported, assigned, mentioned, insertion };
}

function declarationOf(node: ts.Node): { name: ts.Identifier; kind: NameKind } | undefined {
  const name = ts.getNameOfDeclaration(node as ts.Declaration);
  if (!name || !ts.isIdentifier(name) || name.text === '') return undefined;
  const kind = kindOf(node);
  return kind && { name, kind };
}

function kindOf(node: ts.Node): NameKind | undefined {
  if (ts.isVariableDeclaration(node) || ts.isBindingElement(node)) return kindOfVariable(node);
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  if (ts.isEnumDeclaration(node)) return 'enum';
  if (ts.isImportClause(node) || ts.isNamespaceImport(node) || ts.isImportSpecifier(node)) {
    return 'import';
  }
  if (ts.isImportEqualsDeclaration(node)) return 'import';
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return 'other';
  // `declare global` and `declare module 'x'` declare no name of the cell's.
  if (ts.isModuleDeclaration(node) && !(node.flags & ts.NodeFlags.GlobalAugmentation)) {
    return 'other';
  }
  return undefined;
}

function kindOfVariable(node: ts.VariableDeclaration | ts.BindingElement): NameKind | undefined {
  let root: ts.Node = node;
  while (ts.isBindingElement(root)) root = root.parent.parent;
  if (!ts.isVariableDeclaration(root) || !ts.isVariableDeclarationList(root.parent))
    return undefined;
  return (root.parent.flags & ts.NodeFlags.Constant) !== 0 ? 'constant' : 'variable';
}

function isExported(node: ts.Node): boolean {
  let statement = node;
  while (!ts.isSourceFile(statement.parent)) statement = statement.parent;
  if (!ts.canHaveModifiers(statement)) return false;
  const kinds = ts.getModifiers(statement)?.map(({ kind }) => kind) ?? [];
  return (
    kinds.includes(ts.SyntaxKind.ExportKeyword) && !kinds.includes(ts.SyntaxKind.DefaultKeyword)
  );
}

function assignmentTargets(node: ts.Node): ts.Node[] {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns ? [node.left] : [];
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const { operator } = node;
    const counts =
      operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
    return counts ? [node.operand] : [];
  }
  const loops = ts.isForOfStatement(node) || ts.isForInStatement(node);
  return loops && !ts.isVariableDeclarationList(node.initializer) ? [node.initializer] : [];
}

/** The names in `a`, `[a, b]`, `{ a, b: c, ...d }`; `a.b` assigns to no name. */
function addTargets(node: ts.Node, names: Set<string>): void {
  const add = (one: ts.Node) => addTargets(one, names);
  if (ts.isIdentifier(node)) names.add(node.text);
  else if (ts.isParenthesizedExpression(node)) add(node.expression);
  else if (ts.isArrayLiteralExpression(node)) node.elements.forEach(add);
  else if (ts.isObjectLiteralExpression(node)) node.properties.forEach(add);
  else if (ts.isPropertyAssignment(node)) add(node.initializer);
  else if (ts.isShorthandPropertyAssignment(node)) add(node.name);
  else if (ts.isSpreadElement(node) || ts.isSpreadAssignment(node)) add(node.expression);
  else if (ts.isBinaryExpression(node)) add(node.left);
}
