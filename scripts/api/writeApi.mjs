/** Entries of the API as Markdown. */
import prettier from 'prettier';
import { groupOf, groups } from './groups.mjs';

const introduction = `# API

What \`import … from 'unroll'\` gives, in a notebook and as a library. Written by \`npm run docs\` from the sources' doc
comments. T is the number of time steps, B of sequences in a batch, F of features; shapes are time-major, \`[T, B, F]\`,
unless a layer says \`batchFirst\`. Options are one object; a name, type or value that does not fit is refused with an
\`OptionError\`.
`;

/**
 * @param {import('./readApi.mjs').Entry[]} entries
 * @param {object} config of prettier
 */
export async function writeApi(entries, config) {
  const chapters = groups.map(([title]) => ({
    title,
    entries: entries.filter(({ file }) => groupOf(file) === title).sort(byName),
  }));
  const anchors = toAnchors(chapters);
  const contents = chapters.map(
    (chapter) =>
      `- [${chapter.title}](#${anchors.get(chapter)}): ${chapter.entries
        .filter(({ kind }) => kind !== 'interface' && kind !== 'type')
        .map((entry) => `[\`${entry.name}\`](#${anchors.get(entry)})`)
        .join(', ')}`,
  );
  const text = [introduction, contents.join('\n'), ...chapters.map(toChapter)].join('\n\n');
  return prettier.format(text, { ...config, parser: 'markdown' });
}

/** Options stand behind what takes them: CrossEntropyOptions behind crossEntropy. */
function byName(a, b) {
  const [x, y] = [a, b].map(({ name }) => name.toLowerCase());
  return x < y ? -1 : x > y ? 1 : a.name < b.name ? -1 : 1;
}

/** What leads to each chapter and name, as GitHub and VS Code make it of headings: the second of one spelling is `…-1`. */
function toAnchors(chapters) {
  const seen = new Map();
  const anchors = new Map();
  const add = (heading, owner) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.set(owner, count === 0 ? anchor : `${anchor}-${count}`);
  };
  add('API', undefined);
  for (const chapter of chapters) {
    add(chapter.title, chapter);
    for (const entry of chapter.entries) add(entry.name, entry);
  }
  return anchors;
}

const toChapter = ({ title, entries }) => [`## ${title}`, ...entries.map(toText)].join('\n\n');

function toText({ name, kind, signature, doc, tags, members }) {
  const list = members.map(toItem).join('\n');
  return [
    `### ${name}`,
    kind === 'const' && members.length > 0 ? '' : `\`\`\`ts\n${signature}\n\`\`\``,
    doc,
    toTags(tags),
    list,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function toItem({ signature, doc, tags }) {
  const head = signature
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
  const rest = [doc, toTags(tags)].filter((part) => part !== '').join('\n\n');
  const body = rest.replace(/\n(?=.)/g, '\n  ');
  return body === '' ? `- \`${head}\`` : `- \`${head}\`:\n  ${body}`;
}

const words = { returns: 'Returns', throws: 'Throws', example: 'Example:' };

/** What follows a tag in a comment but is not of it. */
const afterTag = /\n\s*(?=(?:Sources?|See): )/;

/** Parameters as a list, then what is returned and thrown, then the source. */
function toTags(tags) {
  const split = tags.map(({ name, text }) => ({ name, parts: text.split(afterTag) }));
  const parameters = split
    .filter(({ name }) => name === 'param')
    .map(({ parts: [text] }) => text.replace(/^(\S+)\s*/, '- `$1`: '));
  const others = split
    .filter(({ name }) => name in words)
    .map(({ name, parts: [text] }) => `${words[name]} ${text}`);
  const sources = split.flatMap(({ parts }) => parts.slice(1));
  return [parameters.join('\n'), ...others, ...sources].filter((part) => part !== '').join('\n\n');
}
