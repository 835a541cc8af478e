/** Markup in a cell: it parses as nonsense, and what the parser says of it helps nobody. */
import type ts from 'typescript';

/** The first element, where the text is fine as TypeScript with JSX. */
export function findJsx(
  typescript: typeof ts,
  source: string,
): { start: number; length: number } | undefined {
  const { ScriptKind, ScriptTarget } = typescript;
  const file = typescript.createSourceFile(
    'cell.tsx',
    source,
    ScriptTarget.ES2022,
    true,
    ScriptKind.TSX,
  );
  if ((file as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics.length > 0) {
    return undefined;
  }
  const find = (node: ts.Node): ts.Node | undefined => {
    const isMarkup =
      typescript.isJsxElement(node) ||
      typescript.isJsxSelfClosingElement(node) ||
      typescript.isJsxFragment(node);
    return isMarkup ? node : typescript.forEachChild(node, find);
  };
  const found = find(file);
  return found && { start: found.getStart(file), length: found.getWidth(file) };
}
