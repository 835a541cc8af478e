/** What a cell declares, imports and refers to, seen as a module of its own. */
import type ts from 'typescript';
import { isCellScoped } from '../../session/compile/scope.js';

/** A name may mean a value and a type at once, and each may be declared on its own. */
export type Meaning = 'value' | 'type';

const both: readonly Meaning[] = ['value', 'type'];

export interface ImportedName {
  /** With attributes, as written: `'unroll'`. */
  from: string;
  /** `default`, `*` or what the module exports. */
  exported: string;
  local: string;
  isTypeOnly: boolean;
}

export interface CellImport {
  from: string;
  /** None: the module is loaded for what it does. */
  names: ImportedName[];
  node: ts.ImportDeclaration;
}

/** Names that the cell itself declares, imports aside, each with what it means. */
export function declaredNames(
  typescript: typeof ts,
  file: ts.SourceFile,
): Map<string, Set<Meaning>> {
  const names = new Map<string, Set<Meaning>>();
  const visit = (node: ts.Node): void => {
    const meanings = meaningsOf(typescript, node);
    const name = meanings && typescript.getNameOfDeclaration(node as ts.Declaration);
    if (meanings && name && typescript.isIdentifier(name) && isCellScoped(typescript, node)) {
      const known = names.get(name.text) ?? new Set();
      for (const meaning of meanings) known.add(meaning);
      names.set(name.text, known);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function meaningsOf(typescript: typeof ts, node: ts.Node): readonly Meaning[] | undefined {
  if (typescript.isVariableDeclaration(node) || typescript.isFunctionDeclaration(node))
    return ['value'];
  if (typescript.isBindingElement(node)) {
    let root: ts.Node = node;
    while (typescript.isBindingElement(root)) root = root.parent.parent;
    return typescript.isVariableDeclaration(root) ? ['value'] : undefined;
  }
  if (typescript.isInterfaceDeclaration(node) || typescript.isTypeAliasDeclaration(node))
    return ['type'];
  if (typescript.isModuleDeclaration(node))
    return node.flags & typescript.NodeFlags.GlobalAugmentation ? undefined : both;
  const isBoth =
    typescript.isClassDeclaration(node) ||
    typescript.isEnumDeclaration(node) ||
    typescript.isImportEqualsDeclaration(node);
  return isBoth ? both : undefined;
}

export function importsOf(typescript: typeof ts, file: ts.SourceFile): CellImport[] {
  return file.statements.filter(typescript.isImportDeclaration).map((node) => {
    const from = node.moduleSpecifier.getText(file);
    const attributes = node.attributes ? ` ${node.attributes.getText(file)}` : '';
    const source = `'${from.slice(1, -1)}'${attributes}`;
    return { from: source, names: namesOf(typescript, node, source), node };
  });
}

function namesOf(
  typescript: typeof ts,
  { importClause: clause }: ts.ImportDeclaration,
  from: string,
): ImportedName[] {
  if (!clause) return [];
  const isTypeOnly = clause.phaseModifier === typescript.SyntaxKind.TypeKeyword;
  const { name, namedBindings: bindings } = clause;
  const named = bindings && typescript.isNamedImports(bindings) ? bindings.elements : [];
  const space = bindings && typescript.isNamespaceImport(bindings) ? [bindings] : [];
  return [
    ...(name ? [{ from, exported: 'default', local: name.text, isTypeOnly }] : []),
    ...space.map((one) => ({ from, exported: '*', local: one.name.text, isTypeOnly })),
    ...named.map((one) => ({
      from,
      exported: (one.propertyName ?? one.name).text,
      local: one.name.text,
      isTypeOnly: isTypeOnly || one.isTypeOnly,
    })),
  ];
}

export interface Reference {
  node: ts.Identifier;
  meaning: Meaning;
  /** `{ loss }`: what stands for the property's name, too. */
  isShorthand: boolean;
}

/** Where the cell's text means a name of its own top level, or one that it takes from elsewhere. */
export function referencesTo(
  typescript: typeof ts,
  checker: ts.TypeChecker,
  file: ts.SourceFile,
  isWanted: (name: string) => boolean,
): Reference[] {
  const references: Reference[] = [];
  const visit = (node: ts.Node): void => {
    if (typescript.isImportDeclaration(node)) return;
    if (typescript.isIdentifier(node) && isWanted(node.text)) {
      const reference = toReference(typescript, checker, node);
      if (reference) references.push(reference);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return references;
}

function toReference(
  typescript: typeof ts,
  checker: ts.TypeChecker,
  node: ts.Identifier,
): Reference | undefined {
  const { parent } = node;
  if (isMemberName(typescript, node)) return undefined;
  const isShorthand =
    typescript.isShorthandPropertyAssignment(parent) ||
    (typescript.isBindingElement(parent) &&
      parent.name === node &&
      !parent.propertyName &&
      !parent.dotDotDotToken &&
      typescript.isObjectBindingPattern(parent.parent));
  const symbol = typescript.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : checker.getSymbolAtLocation(node);
  const declarations = symbol?.declarations ?? [];
  const isOwn = declarations.every(
    (one) => typescript.isImportDeclaration(one) || isTopLevel(typescript, one),
  );
  if (!isOwn) return undefined;
  return { node, isShorthand, meaning: isTypeName(typescript, node) ? 'type' : 'value' };
}

function isTopLevel(typescript: typeof ts, declaration: ts.Declaration): boolean {
  const isImport =
    typescript.isImportSpecifier(declaration) ||
    typescript.isImportClause(declaration) ||
    typescript.isNamespaceImport(declaration);
  if (isImport) return true;
  return meaningsOf(typescript, declaration) !== undefined && isCellScoped(typescript, declaration);
}

/** `b` in `a.b`, `{ b: 1 }`, `import { b as c }`, and a label: names that no scope holds. */
function isMemberName(typescript: typeof ts, node: ts.Identifier): boolean {
  const { parent } = node;
  if (typescript.isPropertyAccessExpression(parent)) return parent.name === node;
  if (typescript.isQualifiedName(parent)) return parent.right === node;
  if (typescript.isBindingElement(parent)) return parent.propertyName === node;
  if (typescript.isImportSpecifier(parent) || typescript.isExportSpecifier(parent))
    return parent.propertyName !== undefined && parent.name === node;
  const isLabel =
    typescript.isLabeledStatement(parent) ||
    typescript.isBreakOrContinueStatement(parent) ||
    typescript.isMetaProperty(parent) ||
    typescript.isNamedTupleMember(parent);
  if (isLabel) return typescript.isNamedTupleMember(parent) ? parent.name === node : true;
  const isMember =
    typescript.isPropertyAssignment(parent) ||
    typescript.isClassElement(parent) ||
    typescript.isTypeElement(parent) ||
    typescript.isEnumMember(parent) ||
    typescript.isJsxAttribute(parent);
  return isMember && parent.name === node;
}

/** Whether the name stands where a type does; what declares one, too. */
function isTypeName(typescript: typeof ts, node: ts.Identifier): boolean {
  let top: ts.Node = node;
  while (typescript.isQualifiedName(top.parent)) top = top.parent;
  const { parent } = top;
  if (typescript.isTypeReferenceNode(parent)) return true;
  if (typescript.isInterfaceDeclaration(parent) || typescript.isTypeAliasDeclaration(parent))
    return true;
  return (
    typescript.isExpressionWithTypeArguments(parent) &&
    typescript.isHeritageClause(parent.parent) &&
    (parent.parent.token === typescript.SyntaxKind.ImplementsKeyword ||
      typescript.isInterfaceDeclaration(parent.parent.parent))
  );
}
