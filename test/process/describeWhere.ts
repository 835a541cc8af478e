/** `describe` where the condition holds. Elsewhere neither tests nor hooks run, and the report has the reason. */
export function describeWhere(
  condition: boolean,
  reason: string,
  title: string,
  define: (this: Mocha.Suite) => void,
): void {
  if (condition) describe(title, define);
  else describe.skip(`${title} (skipped on ${process.platform}: ${reason})`, define);
}

/** Not with Windows: `scripts/setup/workbench.mjs`. */
export const hasWorkbench = process.platform !== 'win32';
export const whyNoWorkbench = 'the browser workbench is for Linux and macOS';
