/** What a name or call is: hover and signature help. */
import ts from 'typescript';
import type { Hover, MarkupContent, SignatureHelp } from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import { inCellWords } from './cellWords.js';
import type { NotebookProgram } from './notebookProgram.js';
import { type Position, toOffset, toRange } from './places.js';

export function hover(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
): Hover | undefined {
  const offset = toOffset(module, position);
  const info = program.service.getQuickInfoAtPosition(module.fileName, offset);
  if (!info) return undefined;
  const range = toRange(module, info.textSpan);
  if (!range) return undefined;
  const declaration = withoutAlias(ts.displayPartsToString(info.displayParts));
  const code = `\`\`\`typescript\n${inCellWords(program, declaration)}\n\`\`\``;
  const text = documentation(info.documentation, info.tags);
  return { range, contents: markdown(text === '' ? code : `${code}\n\n${text}`) };
}

/** TypeScript says that a name is imported; the name of another cell is not, to the notebook's reader. */
function withoutAlias(text: string): string {
  return text.replace(/^\(alias\) /, '').replace(/\nimport [\p{ID_Continue}$]+$/u, '');
}

export function markdown(value: string): MarkupContent {
  return { kind: 'markdown', value };
}

/** Doc comment and its tags, as Markdown. */
export function documentation(
  parts: readonly ts.SymbolDisplayPart[] | undefined,
  tags: readonly ts.JSDocTagInfo[] | undefined,
): string {
  const text = plainText(parts);
  return [text, ...(tags ?? []).map(tagText)].filter((one) => one !== '').join('\n\n');
}

function tagText({ name, text }: ts.JSDocTagInfo): string {
  const body = plainText(text);
  if (name === 'param') {
    const [, parameter = '', rest = ''] = /^(\S+)\s*(?:[-–—]\s*)?([^]*)$/u.exec(body) ?? [];
    return `*@param* \`${parameter}\`${rest === '' ? '' : ` — ${rest}`}`;
  }
  if (name === 'example' && !body.includes('```')) {
    return `*@example*\n\`\`\`typescript\n${body}\n\`\`\``;
  }
  return body === '' ? `*@${name}*` : `*@${name}* — ${body}`;
}

/** Links of doc comments keep their text. */
function plainText(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return (parts ?? [])
    .filter(({ kind }) => kind !== 'link')
    .map(({ kind, text }) => (kind === 'linkName' || kind === 'linkText' ? `\`${text}\`` : text))
    .join('');
}

export function signatureHelp(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
): SignatureHelp | undefined {
  const offset = toOffset(module, position);
  const help = program.service.getSignatureHelpItems(module.fileName, offset, undefined);
  if (!help) return undefined;
  return {
    activeSignature: help.selectedItemIndex,
    activeParameter: help.argumentIndex,
    signatures: help.items.map((item) => toSignature(program, item)),
  };
}

function toSignature(program: NotebookProgram, item: ts.SignatureHelpItem) {
  const show = (parts: readonly ts.SymbolDisplayPart[]) =>
    inCellWords(program, ts.displayPartsToString([...parts]));
  let label = show(item.prefixDisplayParts);
  const separator = show(item.separatorDisplayParts);
  const parameters = item.parameters.map((parameter, index) => {
    if (index > 0) label += separator;
    const start = label.length;
    label += show(parameter.displayParts);
    const text = documentation(parameter.documentation, []);
    return { label: [start, label.length] as [number, number], documentation: markdown(text) };
  });
  label += show(item.suffixDisplayParts);
  const own = item.tags.filter(({ name }) => name !== 'param');
  return { label, parameters, documentation: markdown(documentation(item.documentation, own)) };
}
