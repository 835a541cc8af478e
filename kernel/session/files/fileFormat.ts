/** Whether a file is an ECMAScript module or CommonJS. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type ts from 'typescript';

export type FileFormat = 'esm' | 'cjs';

const byExtension: Record<string, FileFormat> = {
  '.mts': 'esm',
  '.mjs': 'esm',
  '.cts': 'cjs',
  '.cjs': 'cjs',
};

/** The extension decides, then the syntax, then `package.json`. */
export function formatOf(
  typescript: typeof ts,
  file: ts.SourceFile,
  path: string,
  isModulePackage: () => boolean,
): FileFormat {
  const fixed = byExtension[extname(path)];
  if (fixed) return fixed;
  if (file.statements.some((one) => isCommonJsSyntax(typescript, one))) return 'cjs';
  if (typescript.isExternalModule(file) || hasTopLevelAwait(typescript, file)) return 'esm';
  return isModulePackage() ? 'esm' : 'cjs';
}

/** The nearest `package.json` of a file, as it is now. */
export function nearestPackage(folder: string): { file: string; content: unknown } | undefined {
  const file = join(folder, 'package.json');
  if (existsSync(file)) return { file, content: parseJson(readFileSync(file, 'utf8')) };
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestPackage(parent);
}

export function isModulePackage(folder: string): boolean {
  const content = nearestPackage(folder)?.content;
  return typeof content === 'object' && (content as { type?: unknown } | null)?.type === 'module';
}

/** A `package.json` that does not parse says nothing; whoever installs from it will hear of it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `import x = require('y')`, `export = x` */
function isCommonJsSyntax(typescript: typeof ts, statement: ts.Statement): boolean {
  if (typescript.isExportAssignment(statement)) return statement.isExportEquals === true;
  return (
    typescript.isImportEqualsDeclaration(statement) &&
    !statement.isTypeOnly &&
    typescript.isExternalModuleReference(statement.moduleReference)
  );
}

function hasTopLevelAwait(typescript: typeof ts, file: ts.SourceFile): boolean {
  const visit = (node: ts.Node): boolean => {
    if (typescript.isFunctionLike(node) || typescript.isClassLike(node)) return false;
    if (typescript.isAwaitExpression(node)) return true;
    if (typescript.isForOfStatement(node) && node.awaitModifier) return true;
    return typescript.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(file);
}
