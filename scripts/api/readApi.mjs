/** Reads what the module `unroll` exports, with types and doc comments, from the declarations that the compiler wrote. */
import ts from 'typescript';
import path from 'node:path';

/**
 * @typedef {{ name: string, signature: string, doc: string, tags: { name: string, text: string }[] }} Described
 * @typedef {Described & { kind: string, file: string, members: Described[] }} Entry
 */

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
const print = (node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());

/**
 * @param folder where declarations are, `out/kernel`
 * @returns {Entry[]} by name
 */
export function readApi(folder) {
  const main = path.join(folder, 'unroll.d.ts');
  const program = ts.createProgram([main], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    types: [],
  });
  const source = program.getSourceFile(main);
  if (!source) throw new Error(`api: there is no ${main}; compile first.`);
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const targets = exported.map((symbol) => targetOf(checker, symbol));
  const api = { checker, folder, listed: new Set(targets) };
  return exported
    .map((symbol, k) => toEntry(api, symbol.name, targets[k]))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const targetOf = (checker, symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** @param api `checker`, `folder`, and `listed`: the symbols that have an entry */
function toEntry(api, name, target) {
  const { checker, folder } = api;
  const declarations = target.getDeclarations();
  const [first] = declarations;
  return {
    ...describe(checker, target, name),
    kind: kinds.find(([is]) => declarations.some(is))[1],
    file: path.relative(folder, first.getSourceFile().fileName).replaceAll(path.sep, '/'),
    signature: declarations.map((one) => toSignature(one, name)).join('\n'),
    members: declarations.flatMap((one) => membersOf(api, one)),
  };
}

const kinds = [
  [ts.isClassDeclaration, 'class'],
  [ts.isFunctionDeclaration, 'function'],
  [ts.isVariableDeclaration, 'const'],
  [ts.isInterfaceDeclaration, 'interface'],
  [ts.isTypeAliasDeclaration, 'type'],
];

function describe(checker, symbol, name) {
  return {
    name,
    doc: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
    tags: symbol.getJsDocTags(checker).map((tag) => ({
      name: tag.name,
      text: ts.displayPartsToString(tag.text).trim(),
    })),
  };
}

/** A member without words of its own has those of the function that it is, or of what it overrides. */
function describeMember(checker, symbol, name) {
  const own = describe(checker, symbol, name);
  if (own.doc || own.tags.length > 0) return own;
  const [call] = checker.getTypeOfSymbol(symbol).getCallSignatures();
  const target =
    call?.declaration && checker.getSymbolAtLocation(call.declaration.name ?? call.declaration);
  return target ? describe(checker, target, name) : own;
}

/** Members of base classes that have no entry of their own, which the class does not declare itself. */
function inheritedNodes(api, { heritageClauses = [], members }) {
  const base = heritageClauses.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const symbol = base && api.checker.getTypeAtLocation(base.types[0]).symbol;
  if (!symbol || api.listed.has(symbol)) return [];
  const own = new Set(members.map(({ name }) => name?.getText()));
  return symbol
    .getDeclarations()
    .flatMap((declaration) => memberNodes(api, declaration))
    .filter(({ name }) => name && !own.has(name.getText()));
}

/** The declaration without what is nobody's business, and under the name that it is exported by. */
function toSignature(declaration, name) {
  if (ts.isVariableDeclaration(declaration)) return `const ${print(declaration)};`;
  return print(headOf(declaration))
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replace(/^((?:interface|type|function|(?:abstract )?class) )\w+/, `$1${name}`);
}

const isHidden = (member) =>
  Boolean(
    ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected),
  ) ||
  (member.name !== undefined &&
    (ts.isPrivateIdentifier(member.name) || ts.isComputedPropertyName(member.name))) ||
  ts.getJSDocTags(member).some((tag) => tag.tagName.text === 'internal');

/** Of classes the heading and the constructor, of interfaces the heading: members are listed with what they mean. */
function headOf(node) {
  const { factory } = ts;
  const { modifiers, name, typeParameters, heritageClauses } = node;
  if (ts.isClassDeclaration(node))
    return factory.updateClassDeclaration(
      node,
      modifiers,
      name,
      typeParameters,
      heritageClauses,
      node.members.filter((member) => ts.isConstructorDeclaration(member) && !isHidden(member)),
    );
  if (ts.isInterfaceDeclaration(node))
    return factory.updateInterfaceDeclaration(
      node,
      modifiers,
      name,
      typeParameters,
      heritageClauses,
      [],
    );
  return node;
}

/** Members that one may want to read about: of classes, interfaces, options, and constants that are tables. */
function membersOf(api, declaration) {
  const { checker } = api;
  const members = new Map();
  for (const member of memberNodes(api, declaration)) {
    if (isHidden(member) || !member.name) continue;
    const symbol = checker.getSymbolAtLocation(member.name);
    const name = member.name.getText();
    const { signature } = members.get(name) ?? {};
    // A base class calls the class that it is the base of by its type parameter.
    const own = print(member)
      .replace(/;$/, '')
      .replace(/\bSelf\b/g, declaration.name.text);
    members.set(name, {
      ...describeMember(checker, symbol, name),
      signature: signature ? `${signature}\n${own}` : own,
    });
  }
  return [...members.values()];
}

function memberNodes(api, declaration) {
  if (ts.isClassDeclaration(declaration))
    return [...declaration.members, ...inheritedNodes(api, declaration)];
  if (ts.isInterfaceDeclaration(declaration)) return declaration.members;
  if (ts.isVariableDeclaration(declaration))
    return declaration.type && ts.isTypeLiteralNode(declaration.type)
      ? declaration.type.members
      : [];
  // Options that are all of an optimiser's settings: their members are nowhere else.
  if (ts.isTypeAliasDeclaration(declaration) && /Options$/.test(declaration.name.text))
    return api.checker
      .getPropertiesOfType(api.checker.getTypeAtLocation(declaration))
      .flatMap((symbol) => symbol.getDeclarations() ?? []);
  return [];
}
