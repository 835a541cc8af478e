/**
 * What REPL mode lacks is put in terms of what it has.
 *
 * - REPL mode re-declares `let` over `let` and `class`, but no `const`, `function` or `var`; and a
 *   `function` or `var` would become a property of `globalThis` that libraries see. So every top-level
 *   declaration becomes a `let`: functions first (they are hoisted), enums and namespaces afresh.
 * - It has no modules: imports become awaited calls, `export` is dropped.
 * - `await` and `throw` go through the runtime (`lowerWaits.ts`).
 *
 * Two passes: `before` sees the cell as written, `after` the JavaScript that the compiler made of it
 * (no types, no enums, no decorators). Positions in calls are offsets in the cell's source.
 */
import type ts from 'typescript';
import { lowerWait } from './lowerWaits.js';
import { hoistBody } from './hoistBody.js';
import { bindingNames, lowerVarList } from './lowerVar.js';
import { importEquals, loweredExport, loweredImport } from './lowerImports.js';
import { asWrittenOffset } from './parseCell.js';
import { type Plan, runtimeCall } from './runtimeCall.js';
import { asWritten } from './shadowing.js';

type Factory = ts.TransformerFactory<ts.SourceFile>;

export function beforeTypeScript(typescript: typeof ts, plan: Plan): Factory {
  return (context) => (file) => {
    const { factory } = context;
    const last = file.statements.findLast((one) => !typescript.isEmptyStatement(one));
    const statements = file.statements.map((statement) => {
      if (statement === last && typescript.isExpressionStatement(statement)) {
        const call = runtimeCall(factory, 'result', [
          factory.createNumericLiteral(plan.script),
          statement.expression,
        ]);
        return factory.updateExpressionStatement(statement, call);
      }
      if (typescript.isExportAssignment(statement) && statement.isExportEquals === true) {
        return factory.createExpressionStatement(statement.expression);
      }
      return importEquals(typescript, factory, statement, plan) ?? statement;
    });
    return factory.updateSourceFile(file, statements);
  };
}

export function afterTypeScript(typescript: typeof ts, plan: Plan): Factory {
  return (context) => (file) => {
    const { factory } = context;
    const lowered = new LoweredCell(typescript, context, plan, file);
    for (const statement of file.statements) lowered.add(statement);
    return factory.updateSourceFile(file, lowered.statements());
  };
}

class LoweredCell {
  readonly #functions: ts.Statement[] = [];
  readonly #imports: ts.Statement[] = [];
  readonly #body: ts.Statement[] = [];
  /** Names of `var`s in blocks, which live in the cell's scope. */
  readonly #varNames = new Set<string>();
  readonly #factory: ts.NodeFactory;

  constructor(
    private readonly typescript: typeof ts,
    private readonly context: ts.TransformationContext,
    private readonly plan: Plan,
    private readonly file: ts.SourceFile,
  ) {
    this.#factory = context.factory;
  }

  statements(): ts.Statement[] {
    const factory = this.#factory;
    const strict = factory.createExpressionStatement(factory.createStringLiteral('use strict'));
    const names = [...this.#varNames].filter((name) => !this.plan.declared.has(name));
    for (const name of names) this.plan.declared.set(name, 'variable');
    const vars = names.map((name) => this.#letStatement(name));
    const statements = [...this.#imports, ...this.#body];
    const { hoistsBody, script } = this.plan;
    const hoisted = hoistsBody && hoistBody(this.typescript, factory, script, statements);
    if (!hoisted) return [strict, ...this.#functions, ...this.#imports, ...vars, ...this.#body];
    const declared = hoisted.names.map((name) => this.#letStatement(name));
    return [strict, ...declared, ...vars, ...this.#functions, hoisted.statement];
  }

  add(statement: ts.Statement): void {
    const { typescript, plan } = this;
    const factory = this.#factory;
    const target = typescript.isImportDeclaration(statement) ? this.#imports : this.#body;
    if (typescript.isImportDeclaration(statement)) {
      target.push(...loweredImport(typescript, factory, statement, plan));
    } else if (typescript.isExportDeclaration(statement)) {
      target.push(...loweredExport(typescript, factory, statement, plan));
    } else if (typescript.isExportAssignment(statement)) {
      target.push(factory.createExpressionStatement(this.#visit(statement.expression)));
    } else if (typescript.isFunctionDeclaration(statement)) this.#addFunction(statement);
    else if (typescript.isClassDeclaration(statement)) this.#addClass(statement);
    else if (typescript.isVariableStatement(statement)) this.#addVariables(statement);
    else target.push(this.#visit(statement, true));
  }

  #addFunction(statement: ts.FunctionDeclaration): void {
    const { typescript } = this;
    const factory = this.#factory;
    if (!statement.body) return;
    const modifiers = statement.modifiers?.filter(
      (one) => one.kind === typescript.SyntaxKind.AsyncKeyword,
    );
    const value = typescript.setOriginalNode(
      typescript.setTextRange(
        factory.createFunctionExpression(
          modifiers,
          statement.asteriskToken,
          this.#ownName(statement),
          undefined,
          statement.parameters,
          undefined,
          statement.body,
        ),
        statement,
      ),
      statement,
    );
    const visited = this.#visit(value);
    if (!statement.name) {
      this.#body.push(factory.createExpressionStatement(visited));
      return;
    }
    this.plan.declared.set(statement.name.text, 'variable');
    this.#functions.push(this.#letStatement(statement.name, visited));
  }

  #addClass(statement: ts.ClassDeclaration): void {
    const factory = this.#factory;
    if (statement.name) this.plan.declared.set(statement.name.text, 'variable');
    const { name, heritageClauses, members } = statement;
    const ownName = this.#ownName(statement);
    if (name && ownName) {
      const value = factory.createClassExpression([], ownName, undefined, heritageClauses, members);
      this.#body.push(this.#letStatement(name, this.#visit(value)));
      return;
    }
    const plain = name
      ? factory.updateClassDeclaration(statement, [], name, undefined, heritageClauses, members)
      : factory.createExpressionStatement(
          factory.createClassExpression([], undefined, undefined, heritageClauses, members),
        );
    this.#body.push(this.#visit(plain, true));
  }

  #addVariables(statement: ts.VariableStatement): void {
    const { typescript } = this;
    const factory = this.#factory;
    const list = statement.declarationList;
    const names = list.declarations.flatMap((one) => bindingNames(typescript, one.name));
    const isVar = (list.flags & typescript.NodeFlags.BlockScoped) === 0;
    const again = isVar && names.some((name) => this.#varNames.has(name) || this.#isDeclared(name));
    if (again) {
      this.#body.push(this.#visit(factory.updateVariableStatement(statement, [], list), true));
      return;
    }
    const isConstant = (list.flags & typescript.NodeFlags.Const) !== 0;
    for (const name of names) this.plan.declared.set(name, isConstant ? 'constant' : 'variable');
    const lets = typescript.setTextRange(
      factory.createVariableDeclarationList(
        list.declarations.map((one) => this.#visit(one)),
        typescript.NodeFlags.Let,
      ),
      list,
    );
    this.#body.push(factory.updateVariableStatement(statement, [], lets));
  }

  #letStatement(name: string | ts.Identifier, value?: ts.Expression): ts.Statement {
    const factory = this.#factory;
    const declaration = factory.createVariableDeclaration(name, undefined, undefined, value);
    return factory.createVariableStatement(
      undefined,
      factory.createVariableDeclarationList([declaration], this.typescript.NodeFlags.Let),
    );
  }

  /** What a function or class calls itself, where its variable is spelt differently. */
  #ownName({ name }: ts.FunctionDeclaration | ts.ClassDeclaration): ts.Identifier | undefined {
    const written = name && asWritten(name.text);
    if (written === undefined || written === name?.text) return undefined;
    return this.#factory.createIdentifier(written);
  }

  #isDeclared(name: string): boolean {
    return this.plan.declared.has(name);
  }

  /** @param inCellScope False inside functions and classes, whose `var`s are their own. */
  #visit<T extends ts.Node>(root: T, inCellScope = false): T {
    const { typescript, context } = this;
    const visitor =
      (inScope: boolean) =>
      (node: ts.Node): ts.Node => {
        const ownScope =
          typescript.isFunctionLike(node) || typescript.isClassStaticBlockDeclaration(node);
        const inside = inScope && !ownScope;
        const visited = typescript.visitEachChild(node, visitor(inside), context);
        return (inside ? this.#lowerVar(visited) : undefined) ?? this.#lowerNode(visited);
      };
    return visitor(inCellScope)(root) as T;
  }

  #lowerVar(node: ts.Node): ts.Node | undefined {
    return lowerVarList(this.typescript, this.#factory, node, (name) => this.#varNames.add(name));
  }

  #lowerNode(node: ts.Node): ts.Node {
    const { typescript } = this;
    const factory = this.#factory;
    const site = () => this.#site(node);
    const waiting = lowerWait(typescript, factory, node, site);
    if (waiting) return waiting;
    if (
      typescript.isCallExpression(node) &&
      node.expression.kind === typescript.SyntaxKind.ImportKeyword
    ) {
      return runtimeCall(factory, 'load', [...site(), ...node.arguments]);
    }
    if (
      typescript.isMetaProperty(node) &&
      node.keywordToken === typescript.SyntaxKind.ImportKeyword
    ) {
      return runtimeCall(factory, 'meta');
    }
    return node;
  }

  /** Execution and offset, the first two arguments of a call that may fail or wait. */
  #site(node: ts.Node): ts.Expression[] {
    const original = this.typescript.getOriginalNode(node);
    const start = original.pos < 0 ? 0 : original.getStart(this.file);
    return [
      this.#factory.createNumericLiteral(this.plan.script),
      this.#factory.createNumericLiteral(asWrittenOffset(this.plan.insertion, start)),
    ];
  }
}
