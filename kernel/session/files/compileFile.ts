/**
 * One file of the workspace → JavaScript that gives what a module loader needs, with a source map.
 *
 * An ECMAScript module becomes `[dependencies, declare]`, TypeScript's form for SystemJS: it has live
 * bindings, cycles and top-level `await`, and needs nothing from the engine, so that a file can be loaded
 * again when it changed. CommonJS becomes a function of `exports`, `require`, `module`, …
 */
import { extname } from 'node:path';
import type ts from 'typescript';
import { valueNames } from '../compile/lowerImports.js';
import { bindingNames } from '../compile/lowerVar.js';
import { lowerWait } from '../compile/lowerWaits.js';
import { type FileFormat, formatOf } from './fileFormat.js';

export interface FileToCompile {
  path: string;
  text: string;
  /** What its calls of the runtime name it with. */
  script: number;
  /** `tsconfig.json`'s. */
  options: ts.CompilerOptions;
  /** Whether the nearest `package.json` says `"type": "module"`. */
  isModulePackage: () => boolean;
}

export interface CompiledFile {
  format: FileFormat;
  code: string;
  /** Source map, version 3, as JSON text. */
  map: string;
  /** Names that the file imports and uses as values. */
  imported: ImportedName[];
  /** Variables that it exports, which are there before they have a value. */
  exported: string[];
}

export interface ImportedName {
  specifier: string;
  name: string;
  /** Offset of the specifier in the file. */
  start: number;
}

/** What the parser says of a file. */
export class FileSyntaxError extends SyntaxError {
  override name = 'SyntaxError';

  constructor(
    message: string,
    readonly script: number,
    readonly start: number,
    readonly length: number,
  ) {
    super(message);
  }
}

/** The name that a module's body has in stack traces, where it is left out. */
export const moduleBody = '__unroll_module';

/** @throws {FileSyntaxError} */
export function compileFile(typescript: typeof ts, file: FileToCompile): CompiledFile {
  const parsed = parse(typescript, file);
  const format = formatOf(typescript, parsed, file.path, file.isModulePackage);
  const lower = format === 'esm' ? asModule : asFunction;
  const { outputText, sourceMapText, diagnostics } = typescript.transpileModule(file.text, {
    fileName: file.path,
    compilerOptions: compilerOptions(typescript, format, file),
    reportDiagnostics: true,
    transformers: {
      before: format === 'esm' ? [] : [withOwnImport(typescript)],
      after: [lower(typescript, file.script)],
    },
  });
  // Those without a file speak of options.
  const problem = diagnostics?.find((one) => one.file !== undefined);
  if (problem) {
    const message = typescript.flattenDiagnosticMessageText(problem.messageText, '\n');
    throw new FileSyntaxError(message, file.script, problem.start ?? 0, problem.length ?? 0);
  }
  return {
    format,
    code: outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    map: sourceMapText ?? '',
    imported: format === 'esm' ? importedNames(typescript, parsed) : [],
    exported: format === 'esm' ? exportedVariables(typescript, parsed) : [],
  };
}

function parse(typescript: typeof ts, { path, text }: FileToCompile): ts.SourceFile {
  return typescript.createSourceFile(path, text, typescript.ScriptTarget.ES2022, true);
}

function compilerOptions(
  typescript: typeof ts,
  format: FileFormat,
  { path, options }: FileToCompile,
): ts.CompilerOptions {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- TypeScript 6, which is pinned, has it
  const { System, CommonJS } = typescript.ModuleKind;
  const { Force, Legacy } = typescript.ModuleDetectionKind;
  const isTypeScript = /\.[mc]?tsx?$/.test(path);
  const { jsx, target } = options;
  const { ReactJSX, Preserve } = typescript.JsxEmit;
  const fieldsOfTarget = target === undefined || target >= typescript.ScriptTarget.ES2022;
  return {
    experimentalDecorators: options.experimentalDecorators,
    emitDecoratorMetadata: options.emitDecoratorMetadata,
    useDefineForClassFields: options.useDefineForClassFields ?? fieldsOfTarget,
    jsx: jsx === undefined || jsx === Preserve ? ReactJSX : jsx,
    jsxFactory: options.jsxFactory,
    jsxFragmentFactory: options.jsxFragmentFactory,
    jsxImportSource: options.jsxImportSource,
    verbatimModuleSyntax: format === 'esm' && options.verbatimModuleSyntax,
    esModuleInterop: true,
    alwaysStrict: isTypeScript || format === 'esm',
    allowJs: true,
    // What Node 20 runs; `using` and decorators are lowered.
    target: typescript.ScriptTarget.ES2022,
    module: format === 'esm' ? System : CommonJS,
    moduleDetection: format === 'esm' ? Force : Legacy,
    sourceMap: true,
    // A comment behind an expression would end up in the middle of the call that is put around it.
    removeComments: true,
    newLine: typescript.NewLineKind.LineFeed,
  };
}

/** `System.register(dependencies, declare)` → `[dependencies, declare]` */
function asModule(typescript: typeof ts, script: number): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory } = context;
    const lower = lowerWaits(typescript, context, script, file);
    const statements = file.statements.map((statement) => {
      const isCall =
        typescript.isExpressionStatement(statement) &&
        typescript.isCallExpression(statement.expression);
      if (!isCall) return statement;
      const { arguments: parts } = statement.expression;
      const list = factory.createArrayLiteralExpression(parts.map((one) => lower(one)));
      return factory.createExpressionStatement(list);
    });
    return factory.updateSourceFile(file, statements);
  };
}

/** The statements → `(function (exports, require, module, …) { statements })` */
function asFunction(typescript: typeof ts, script: number): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory } = context;
    const lower = lowerWaits(typescript, context, script, file);
    const names = ['exports', 'require', 'module', '__filename', '__dirname', ownImport];
    const wrapper = factory.createFunctionExpression(
      undefined,
      undefined,
      moduleBody,
      undefined,
      names.map((name) => factory.createParameterDeclaration(undefined, undefined, name)),
      undefined,
      factory.createBlock(
        file.statements.map((one) => lower(one)),
        true,
      ),
    );
    const statement = factory.createExpressionStatement(
      factory.createParenthesizedExpression(wrapper),
    );
    return factory.updateSourceFile(file, [statement]);
  };
}

function lowerWaits(
  typescript: typeof ts,
  context: ts.TransformationContext,
  script: number,
  file: ts.SourceFile,
): <T extends ts.Node>(node: T) => T {
  const { factory } = context;
  const visit = (node: ts.Node): ts.Node => {
    const visited = typescript.visitEachChild(node, visit, context);
    if (isModuleBody(typescript, visited)) {
      return factory.updatePropertyAssignment(
        visited,
        visited.name,
        named(factory, visited.initializer as ts.FunctionExpression),
      );
    }
    const site = () => {
      const original = typescript.getOriginalNode(node);
      const start = original.pos < 0 ? 0 : original.getStart(file);
      return [script, start].map((one) =>
        one < 0
          ? factory.createPrefixMinus(factory.createNumericLiteral(-one))
          : factory.createNumericLiteral(one),
      );
    };
    return lowerWait(typescript, factory, visited, site) ?? visited;
  };
  return (node) => visit(node) as typeof node;
}

/** `execute: function () { … }`, which the compiler made around the file's statements. */
function isModuleBody(typescript: typeof ts, node: ts.Node): node is ts.PropertyAssignment {
  return (
    typescript.isPropertyAssignment(node) &&
    node.pos < 0 &&
    typescript.isIdentifier(node.name) &&
    node.name.text === 'execute' &&
    typescript.isFunctionExpression(node.initializer)
  );
}

function named(factory: ts.NodeFactory, body: ts.FunctionExpression): ts.FunctionExpression {
  return factory.updateFunctionExpression(
    body,
    body.modifiers,
    body.asteriskToken,
    factory.createIdentifier(moduleBody),
    body.typeParameters,
    body.parameters,
    body.type,
    body.body,
  );
}

const ownImport = '__unroll_import';

/** `import(x)` in CommonJS stays one: the compiler would make a `require` of it. */
function withOwnImport(typescript: typeof ts): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory } = context;
    const visit = (node: ts.Node): ts.Node => {
      const visited = typescript.visitEachChild(node, visit, context);
      const isImport =
        typescript.isCallExpression(visited) &&
        visited.expression.kind === typescript.SyntaxKind.ImportKeyword;
      if (!isImport) return visited;
      const callee = factory.createIdentifier(ownImport);
      return factory.updateCallExpression(visited, callee, undefined, visited.arguments);
    };
    return typescript.visitEachChild(file, visit, context);
  };
}

function importedNames(typescript: typeof ts, file: ts.SourceFile): ImportedName[] {
  if (extname(file.fileName).startsWith('.j')) return collectNames(typescript, file, undefined);
  return collectNames(typescript, file, valueNames(typescript, file));
}

/** @param used Names that stand where a value is read; undefined where there are no types. */
function collectNames(
  typescript: typeof ts,
  file: ts.SourceFile,
  used: ReadonlySet<string> | undefined,
): ImportedName[] {
  return file.statements.flatMap((statement) => {
    if (!typescript.isImportDeclaration(statement)) return [];
    const { importClause: clause, moduleSpecifier } = statement;
    if (!clause || isTypeOnly(typescript, clause) || !typescript.isStringLiteral(moduleSpecifier))
      return [];
    const { namedBindings: named } = clause;
    const elements = named && typescript.isNamedImports(named) ? named.elements : [];
    const bound = [
      ...(clause.name ? [{ name: 'default', local: clause.name.text }] : []),
      ...elements
        .filter((one) => !one.isTypeOnly)
        .map((one) => ({ name: (one.propertyName ?? one.name).text, local: one.name.text })),
    ];
    const specifier = moduleSpecifier.text;
    const start = moduleSpecifier.getStart(file);
    return bound
      .filter(({ local }) => used?.has(local) ?? true)
      .map(({ name }) => ({ specifier, name, start }));
  });
}

function exportedVariables(typescript: typeof ts, file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    if (typescript.isVariableStatement(statement)) {
      const isExported = statement.modifiers?.some(
        ({ kind }) => kind === typescript.SyntaxKind.ExportKeyword,
      );
      const { declarations } = statement.declarationList;
      return isExported ? declarations.flatMap(({ name }) => bindingNames(typescript, name)) : [];
    }
    const isList = typescript.isExportDeclaration(statement) && !statement.moduleSpecifier;
    const clause = isList && !statement.isTypeOnly ? statement.exportClause : undefined;
    if (!clause || !typescript.isNamedExports(clause)) return [];
    return clause.elements.filter((one) => !one.isTypeOnly).map(({ name }) => name.text);
  });
}

function isTypeOnly(typescript: typeof ts, clause: ts.ImportClause): boolean {
  return clause.phaseModifier === typescript.SyntaxKind.TypeKeyword;
}
