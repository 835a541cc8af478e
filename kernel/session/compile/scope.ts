import type ts from 'typescript';

/** Whether a declaration is the cell's own: no function or class stands around it, for `let` no block. */
export function isCellScoped(typescript: typeof ts, declaration: ts.Node): boolean {
  const root = rootOf(typescript, declaration);
  const isVar =
    typescript.isVariableDeclaration(root) &&
    typescript.isVariableDeclarationList(root.parent) &&
    (root.parent.flags & typescript.NodeFlags.BlockScoped) === 0;
  for (let node = root.parent; !typescript.isSourceFile(node); node = node.parent) {
    const ownsVars =
      typescript.isFunctionLike(node) ||
      typescript.isClassLike(node) ||
      typescript.isModuleBlock(node) ||
      typescript.isClassStaticBlockDeclaration(node);
    if (ownsVars || (!isVar && isBlock(typescript, node))) return false;
  }
  return true;
}

/** A part of a pattern is declared where the pattern is. */
function rootOf(typescript: typeof ts, declaration: ts.Node): ts.Node {
  let node = declaration;
  while (typescript.isBindingElement(node)) node = node.parent.parent;
  return node;
}

function isBlock(typescript: typeof ts, node: ts.Node): boolean {
  return (
    typescript.isBlock(node) ||
    typescript.isCaseBlock(node) ||
    typescript.isCatchClause(node) ||
    typescript.isForStatement(node) ||
    typescript.isForInStatement(node) ||
    typescript.isForOfStatement(node)
  );
}
