/**
 * Static imports and exports → calls of the runtime.
 *
 *   import d, { a as b, type T } from 'x'  →  let { default: d, a: b } = await __unroll.load(…, 'x')
 *   import * as n from 'x'                 →  let n = await __unroll.load(…, 'x')
 *   import 'x'                             →  await __unroll.load(…, 'x')
 *   import x = require('y')                →  let x = __unroll.require(…, 'y')
 *
 * A name that the module lacks is an error where the cell uses it as a value. Where it does not (a type
 * imported without `type`) it is bound to undefined. Bindings are copies: they do not follow the module.
 */
import type ts from 'typescript';
import { asWrittenOffset } from './parseCell.js';
import { type Plan, runtimeCall } from './runtimeCall.js';
import { asWritten } from './shadowing.js';

export function loweredImport(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.ImportDeclaration,
  plan: Plan,
): ts.Statement[] {
  if (importsTypesOnly(typescript, typescript.getOriginalNode(statement))) return [];
  const clause = statement.importClause;
  const named = clause?.namedBindings;
  const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
  const imports = (exported: string, local: ts.Identifier) => {
    plan.declared.set(local.text, 'constant');
    plan.imported.set(asWritten(local.text), { specifier, exported });
  };
  const elements: ts.BindingElement[] = [];
  const required: string[] = [];
  const bind = (exported: string, local: ts.Identifier) => {
    imports(exported, local);
    if (plan.valueNames.has(asWritten(local.text))) required.push(exported);
    elements.push(
      factory.createBindingElement(undefined, factory.createStringLiteral(exported), local),
    );
  };
  if (clause?.name) bind('default', clause.name);
  if (named && typescript.isNamedImports(named)) {
    for (const one of named.elements) bind((one.propertyName ?? one.name).text, one.name);
  }
  const load = loadCall(typescript, factory, statement, plan, required);
  const declarations: ts.VariableDeclaration[] = [];
  const declare = (name: ts.BindingName, value: ts.Expression) =>
    declarations.push(factory.createVariableDeclaration(name, undefined, undefined, value));
  const pattern = elements.length > 0 && factory.createObjectBindingPattern(elements);
  if (named && typescript.isNamespaceImport(named)) {
    imports('*', named.name);
    declare(named.name, load);
    if (pattern) declare(pattern, named.name);
  } else if (pattern) declare(pattern, load);
  return [
    typescript.setTextRange(
      declarations.length === 0
        ? factory.createExpressionStatement(load)
        : letStatement(typescript, factory, declarations),
      statement,
    ),
  ];
}

/** `import { type A, type B } from 'x'`, where the module may have nothing but types. */
function importsTypesOnly(typescript: typeof ts, statement: ts.Node): boolean {
  if (!typescript.isImportDeclaration(statement)) return false;
  const { name, namedBindings } = statement.importClause ?? {};
  if (name || !namedBindings || !typescript.isNamedImports(namedBindings)) return false;
  const { elements } = namedBindings;
  return elements.length > 0 && elements.every((one) => one.isTypeOnly);
}

/** `export … from 'x'` loads the module; `export { a }` does nothing. */
export function loweredExport(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.ExportDeclaration,
  plan: Plan,
): ts.Statement[] {
  if (!statement.moduleSpecifier) return [];
  const clause = statement.exportClause;
  const required =
    clause && typescript.isNamedExports(clause)
      ? clause.elements.map((one) => (one.propertyName ?? one.name).text)
      : [];
  const load = loadCall(typescript, factory, statement, plan, required);
  return [typescript.setTextRange(factory.createExpressionStatement(load), statement)];
}

export function importEquals(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.Statement,
  plan: Plan,
): ts.Statement | undefined {
  if (!typescript.isImportEqualsDeclaration(statement) || statement.isTypeOnly) return undefined;
  const reference = statement.moduleReference;
  if (!typescript.isExternalModuleReference(reference)) return undefined;
  const call = runtimeCall(factory, 'require', [reference.expression]);
  const declaration = factory.createVariableDeclaration(statement.name, undefined, undefined, call);
  plan.declared.set(statement.name.text, 'constant');
  return typescript.setTextRange(letStatement(typescript, factory, [declaration]), statement);
}

function loadCall(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.ImportDeclaration | ts.ExportDeclaration,
  plan: Plan,
  required: string[],
): ts.Expression {
  const attributes = (statement.attributes?.elements ?? []).map((one) =>
    factory.createPropertyAssignment(one.name, one.value),
  );
  const options = factory.createObjectLiteralExpression([
    factory.createPropertyAssignment('with', factory.createObjectLiteralExpression(attributes)),
  ]);
  const start = asWrittenOffset(
    plan.insertion,
    typescript.getOriginalNode(statement.moduleSpecifier!).getStart(),
  );
  const call = runtimeCall(factory, 'load', [
    factory.createNumericLiteral(plan.script),
    factory.createNumericLiteral(start),
    statement.moduleSpecifier!,
    options,
    factory.createArrayLiteralExpression(required.map((one) => factory.createStringLiteral(one))),
  ]);
  return factory.createAwaitExpression(call);
}

function letStatement(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  declarations: ts.VariableDeclaration[],
): ts.VariableStatement {
  return factory.createVariableStatement(
    undefined,
    factory.createVariableDeclarationList(declarations, typescript.NodeFlags.Let),
  );
}

/** Every identifier of the cell that stands where a value is read (or might be). */
export function valueNames(typescript: typeof ts, file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (
      typescript.isImportDeclaration(node) ||
      typescript.isTypeNode(node) ||
      typescript.isInterfaceDeclaration(node) ||
      typescript.isTypeAliasDeclaration(node) ||
      isImplements(typescript, node)
    ) {
      // `class A extends B<T>` is a type node by kind, but B is a value there.
      if (typescript.isExpressionWithTypeArguments(node)) visit(node.expression);
      return;
    }
    if (typescript.isIdentifier(node) && !isPropertyName(typescript, node)) names.add(node.text);
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function isImplements(typescript: typeof ts, node: ts.Node): boolean {
  return (
    typescript.isHeritageClause(node) && node.token === typescript.SyntaxKind.ImplementsKeyword
  );
}

function isPropertyName(typescript: typeof ts, node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (typescript.isPropertyAccessExpression(parent) && parent.name === node) ||
    (typescript.isPropertyAssignment(parent) && parent.name === node) ||
    (typescript.isClassElement(parent) && parent.name === node)
  );
}
