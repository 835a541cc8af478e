/**
 * For a debugger that is to stop at uncaught exceptions: V8 takes whoever evaluates a script for a handler of what it
 * throws after its first `await`. So the statements of a cell that awaits become a function of their own, whose promise the
 * kernel watches in a way that V8 does not take for handling (`handOn.ts`). What they declare stays the script's:
 *
 *   let a = await f(); class B {}   →   let a, B; __unroll.body(…, async () => { a = await f(); B = class B {}; })
 */
import type ts from 'typescript';
import { bindingNames, lowerVarList } from './lowerVar.js';
import { runtimeCall } from './runtimeCall.js';

export interface HoistedBody {
  /** What the script declares. */
  names: string[];
  statement: ts.Statement;
}

/** @returns undefined where nothing awaits, which needs no function */
export function hoistBody(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  script: number,
  statements: readonly ts.Statement[],
): HoistedBody | undefined {
  if (!statements.some((one) => awaits(typescript, one))) return undefined;
  const names: string[] = [];
  const body = statements.map((statement) => {
    if (typescript.isVariableStatement(statement)) {
      return assigned(typescript, factory, statement, names);
    }
    if (typescript.isClassDeclaration(statement) && statement.name) {
      names.push(statement.name.text);
      return assignedClass(typescript, factory, statement, statement.name);
    }
    return statement;
  });
  const work = factory.createArrowFunction(
    [factory.createModifier(typescript.SyntaxKind.AsyncKeyword)],
    undefined,
    [],
    undefined,
    undefined,
    factory.createBlock(body, true),
  );
  const call = runtimeCall(factory, 'body', [factory.createNumericLiteral(script), work]);
  return { names, statement: factory.createExpressionStatement(call) };
}

function assigned(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.VariableStatement,
  names: string[],
): ts.Statement {
  const { declarations } = statement.declarationList;
  for (const { name } of declarations) names.push(...bindingNames(typescript, name));
  const list = factory.createVariableDeclarationList(declarations, typescript.NodeFlags.None);
  const asVar = factory.updateVariableStatement(statement, [], list);
  const lowered = lowerVarList(typescript, factory, asVar, () => undefined);
  return placed(typescript, lowered as ts.Statement, statement);
}

function assignedClass(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  statement: ts.ClassDeclaration,
  name: ts.Identifier,
): ts.Statement {
  const { heritageClauses, members } = statement;
  const value = factory.createClassExpression([], name, undefined, heritageClauses, members);
  const assignment = factory.createAssignment(name, value);
  return placed(typescript, factory.createExpressionStatement(assignment), statement);
}

/** Where a debugger stands for it. */
function placed<T extends ts.Node>(typescript: typeof ts, node: T, at: ts.Node): T {
  return typescript.setOriginalNode(typescript.setTextRange(node, at), at);
}

/** Functions in it await on their own account. */
function awaits(typescript: typeof ts, node: ts.Node): boolean {
  if (typescript.isFunctionLike(node)) return false;
  if (typescript.isAwaitExpression(node)) return true;
  if (typescript.isForOfStatement(node) && node.awaitModifier) return true;
  return typescript.forEachChild(node, (child) => awaits(typescript, child)) ?? false;
}
