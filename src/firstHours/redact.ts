/** What tells who and where the user is, out of a text that is meant to be shared. */

/** @param folders What else is not to be seen, by what stands in its place; longer ones first, as one may hold the other. */
export function redact(
  text: string,
  home: string,
  folders: readonly (readonly [folder: string, instead: string])[],
): string {
  const all = [...folders, [home, '~'] as const]
    .filter(([folder]) => folder.length > 1)
    .sort(([a], [b]) => b.length - a.length);
  let result = text;
  for (const [folder, instead] of all)
    for (const form of formsOf(folder))
      result = result.replace(new RegExp(`${escape(form)}(?![\\w-])`, 'gi'), instead);
  // Homes of other names, as in paths of another machine that a notebook brought along.
  return result.replace(/([/\\](?:home|Users)[/\\]+)[^/\\\s"':]+/gi, '$1…');
}

/** As Windows, JSON and addresses write the same folder. */
function formsOf(folder: string): string[] {
  const slashes = folder.replaceAll('\\', '/');
  const forms = [folder, slashes, folder.replaceAll('\\', '\\\\'), encodeURI(slashes)];
  return [...new Set(forms)];
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
