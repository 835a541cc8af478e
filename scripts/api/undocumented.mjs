/** Exported names, members of their options, and entries of their tables, that have no doc comment. */
export function undocumented(entries) {
  return entries.flatMap(({ name, kind, doc, members }) => {
    const needsMembers = /(Options|Settings)$/.test(name) || kind === 'const';
    const bare = needsMembers
      ? members.filter((one) => one.doc === '' && one.tags.length === 0)
      : [];
    return [...(doc === '' ? [name] : []), ...bare.map((one) => `${name}.${one.name}`)];
  });
}
