/**
 * What to give `child_process.spawn` for a program: Windows runs .cmd files only through its shell, which
 * takes the line as it comes, so that paths with spaces need quotes.
 */
export function forSpawn(command, args) {
  const shell = process.platform === 'win32' && /\.(cmd|bat)$/i.test(command);
  const quote = (text) => (shell ? `"${text}"` : text);
  return { command: quote(command), args: args.map(quote), shell };
}
