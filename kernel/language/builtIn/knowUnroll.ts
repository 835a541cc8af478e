/**
 * `unroll` in files that VS Code's own TypeScript service looks at: a text notebook that is open as text, a module that
 * cells import. The kernel gives them the module without any package in the project, so its declarations are those that
 * ship with the extension, and nothing is written into the user's folder.
 */
import type ts from 'typescript';

/** Where the project has a package of that name, it is the project's that counts. */
export function knowUnroll(host: ts.LanguageServiceHost, declarations: string): void {
  const resolve = host.resolveModuleNameLiterals?.bind(host);
  if (!resolve) return;
  const resolvedModule: ts.ResolvedModuleFull = {
    resolvedFileName: declarations,
    extension: '.d.ts',
    isExternalLibraryImport: true,
  };
  host.resolveModuleNameLiterals = (literals, ...rest) =>
    resolve(literals, ...rest).map((found, index) =>
      !found.resolvedModule && literals[index]?.text === 'unroll'
        ? { ...found, resolvedModule }
        : found,
    );
}
