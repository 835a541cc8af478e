/**
 * A value that never comes must not hold a cell for ever: each `await` goes through the runtime, which
 * ends it when the user stops the cell, and knows the line when what it waits for fails. V8 does not say
 * where a value that is no Error was thrown, so each `throw` does.
 */
import type ts from 'typescript';
import { runtimeCall } from './runtimeCall.js';

/**
 * @param site Script and offset, the first two arguments of each call.
 * @returns Undefined where the node neither waits nor throws.
 */
export function lowerWait(
  typescript: typeof ts,
  factory: ts.NodeFactory,
  node: ts.Node,
  site: () => ts.Expression[],
): ts.Node | undefined {
  if (typescript.isAwaitExpression(node)) {
    const call = runtimeCall(factory, 'await', [...site(), node.expression]);
    return factory.updateAwaitExpression(node, call);
  }
  if (typescript.isThrowStatement(node)) {
    const call = runtimeCall(factory, 'thrown', [...site(), node.expression]);
    return factory.updateThrowStatement(node, call);
  }
  if (typescript.isForOfStatement(node) && node.awaitModifier) {
    return factory.updateForOfStatement(
      node,
      node.awaitModifier,
      node.initializer,
      runtimeCall(factory, 'iterate', [...site(), node.expression]),
      node.statement,
    );
  }
  return undefined;
}
