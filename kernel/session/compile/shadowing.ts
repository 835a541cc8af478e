/**
 * A cell may call its variables `performance`, `window` or `fetch`. What cells declare is in the scope of
 * all code of the process, though: libraries (and the kernel) would find the number of a sliding window
 * where they ask for a browser. Such a name is spelt differently in what runs, here and in every later
 * cell; whoever shows names to people turns the spelling back.
 */
import type ts from 'typescript';
import { isCellScoped } from './scope.js';

const prefix = '__unroll_';

/** What libraries ask for to learn where they run. */
const probes =
  'window document self location define module exports importScripts Deno Bun __unroll'.split(' ');

/** Names that a cell's own declaration must not take from other code. */
export function reservedNames(): Set<string> {
  return new Set([...Object.getOwnPropertyNames(globalThis), ...probes]);
}

/** @param times Different for variables of one name that must not be one: 0 is the name itself. */
export function spelling(name: string, times = 1): string {
  return prefix.repeat(times) + name;
}

/** A text (a name, a message) with the names as the cell has them. */
export function asWritten(text: string): string {
  return text.replaceAll(prefix, '');
}

/** The reserved names among what the cell declares for itself and later cells. */
export function declaredReserved(
  typescript: typeof ts,
  file: ts.SourceFile,
  reserved: ReadonlySet<string>,
): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (typescript.isIdentifier(node) && reserved.has(node.text)) {
      const { parent } = node;
      const isName = isValueDeclaration(typescript, parent) && parent.name === node;
      if (isName && isCellScoped(typescript, parent)) found.add(node.text);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The pass that spells the names differently, wherever they mean the cell's variable. */
export function respell(
  typescript: typeof ts,
  program: ts.Program,
  names: ReadonlyMap<string, string>,
): ts.TransformerFactory<ts.SourceFile> {
  const checker = program.getTypeChecker();
  const isMeant = (node: ts.Node): node is ts.Identifier => {
    if (!typescript.isIdentifier(node) || !names.has(node.text)) return false;
    const { parent } = node;
    if (isMemberName(typescript, node)) return false;
    const symbol = typescript.isShorthandPropertyAssignment(parent)
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : checker.getSymbolAtLocation(node);
    return (symbol?.declarations ?? []).every((one) => isCellScoped(typescript, one));
  };
  return (context) => (file) => {
    const { factory } = context;
    const respelt = (node: ts.Identifier) =>
      typescript.setTextRange(factory.createIdentifier(names.get(node.text)!), node);
    const visit = (node: ts.Node): ts.Node => {
      if (isMeant(node)) return respelt(node);
      const visited = typescript.visitEachChild(node, visit, context);
      return withPropertyName(typescript, factory, node, visited, isMeant, respelt);
    };
    return typescript.visitEachChild(file, visit, context);
  };
}

/** `{ a }` stands for a property and a variable: only the variable is spelt differently. */
function withPropertyName(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  node: ts.Node,
  visited: ts.Node,
  isMeant: (node: ts.Node) => node is ts.Identifier,
  respelt: (node: ts.Identifier) => ts.Identifier,
): ts.Node {
  if (typescript.isShorthandPropertyAssignment(node) && isMeant(node.name)) {
    const { objectAssignmentInitializer: initializer } = visited as ts.ShorthandPropertyAssignment;
    const value = respelt(node.name);
    return factory.createPropertyAssignment(
      factory.createIdentifier(node.name.text),
      initializer ? factory.createAssignment(value, initializer) : value,
    );
  }
  if (typescript.isBindingElement(node) && isMeant(node.name)) {
    const { dotDotDotToken, propertyName, name, initializer } = visited as ts.BindingElement;
    const isShort = typescript.isObjectBindingPattern(node.parent) && !dotDotDotToken;
    const property =
      propertyName ?? (isShort ? factory.createIdentifier(node.name.text) : undefined);
    return factory.createBindingElement(dotDotDotToken, property, name, initializer);
  }
  if (typescript.isImportSpecifier(node) && isMeant(node.name)) {
    const { isTypeOnly, propertyName, name } = visited as ts.ImportSpecifier;
    return factory.createImportSpecifier(
      isTypeOnly,
      propertyName ?? factory.createIdentifier(node.name.text),
      name,
    );
  }
  return visited;
}

type ValueDeclaration =
  | ts.VariableDeclaration
  | ts.BindingElement
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.ModuleDeclaration
  | ts.ImportClause
  | ts.ImportSpecifier
  | ts.NamespaceImport
  | ts.ImportEqualsDeclaration;

function isValueDeclaration(typescript: typeof ts, node: ts.Node): node is ValueDeclaration {
  return (
    typescript.isVariableDeclaration(node) ||
    typescript.isBindingElement(node) ||
    typescript.isFunctionDeclaration(node) ||
    typescript.isClassDeclaration(node) ||
    typescript.isEnumDeclaration(node) ||
    typescript.isModuleDeclaration(node) ||
    typescript.isImportClause(node) ||
    typescript.isImportSpecifier(node) ||
    typescript.isNamespaceImport(node) ||
    typescript.isImportEqualsDeclaration(node)
  );
}

/** A name that belongs to an object, a module or a label, and not to a scope. */
function isMemberName(typescript: typeof ts, node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (typescript.isPropertyAccessExpression(parent) && parent.name === node) ||
    (typescript.isQualifiedName(parent) && parent.right === node) ||
    (typescript.isPropertyAssignment(parent) && parent.name === node) ||
    // Dealt with as a whole, above.
    (typescript.isBindingElement(parent) && parent.propertyName === node) ||
    (typescript.isImportSpecifier(parent) && parent.propertyName === node) ||
    typescript.isExportSpecifier(parent) ||
    (typescript.isClassElement(parent) && parent.name === node) ||
    (typescript.isTypeElement(parent) && parent.name === node) ||
    (typescript.isEnumMember(parent) && parent.name === node) ||
    typescript.isLabeledStatement(parent) ||
    typescript.isBreakOrContinueStatement(parent) ||
    typescript.isMetaProperty(parent)
  );
}
