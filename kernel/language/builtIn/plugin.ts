/**
 * Runs inside VS Code's built-in TypeScript service, which answers for TypeScript in any cell of any notebook, each
 * cell alone. Of our notebooks' cells it knows nothing any more: our language server answers for them. What needs no
 * types (outline, folding, formatting, growing a selection) stays the built-in service's. In files it knows `unroll`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type ts from 'typescript';
import { knowUnroll } from './knowUnroll.js';

type Service = ts.LanguageService;
type Method = (file: unknown, ...rest: unknown[]) => unknown;

interface Configuration {
  /** Paths of our notebooks. */
  notebooks?: string[];
}

/**
 * What the service says of a cell of ours, by method. The first argument of each is the file's name, or has it. Imports
 * that one cell alone does not need stay: others do.
 */
const silent: Readonly<Record<string, () => unknown>> = {
  getSyntacticDiagnostics: () => [],
  getSemanticDiagnostics: () => [],
  getSuggestionDiagnostics: () => [],
  getCompletionsAtPosition: () => undefined,
  getCompletionEntryDetails: () => undefined,
  getQuickInfoAtPosition: () => undefined,
  getSignatureHelpItems: () => undefined,
  getDefinitionAtPosition: () => undefined,
  getDefinitionAndBoundSpan: () => undefined,
  getTypeDefinitionAtPosition: () => undefined,
  getImplementationAtPosition: () => undefined,
  getReferencesAtPosition: () => undefined,
  findReferences: () => undefined,
  getDocumentHighlights: () => undefined,
  getRenameInfo: () => ({
    canRename: false,
    localizedErrorMessage: 'You cannot rename this element.',
  }),
  findRenameLocations: () => undefined,
  getEncodedSemanticClassifications: () => ({ spans: [], endOfLineState: 0 }),
  getEncodedSyntacticClassifications: () => ({ spans: [], endOfLineState: 0 }),
  provideInlayHints: () => [],
  getCodeFixesAtPosition: () => [],
  getApplicableRefactors: () => [],
  prepareCallHierarchy: () => undefined,
  organizeImports: () => [],
  getCombinedCodeFix: () => ({ changes: [] }),
  preparePasteEditsForFile: () => false,
  getPasteEdits: () => ({ edits: [] }),
};

/** `^/vscode-notebook-cell/<authority>/<path of the notebook>#<cell>` is what the service calls a cell. */
const cellName = /^\^?\/vscode-notebook-cell\/[^/]*(\/.*)#[^#]*$/;

const notebooks = new Set<string>();
const projects = new Set<ts.server.Project>();

/**
 * The service has two processes. The one that stands in while the other loads is not told of plugins' settings, so
 * that one is quiet about the types in all cells.
 */
function isQuietAbout(file: unknown, project: ts.server.Project): boolean {
  const [, path] = cellName.exec(fileNameOf(file)) ?? [];
  if (path === undefined) return false;
  const serverMode: number = project.projectService.serverMode;
  return notebooks.has(path) || serverMode === partialSemantic;
}

/** Of a method's first argument. */
function fileNameOf(file: unknown): string {
  if (typeof file === 'string') return file;
  const { fileName, targetFile } = file as { fileName?: string; targetFile?: string };
  return fileName ?? targetFile ?? '';
}

/** `LanguageServiceMode.PartialSemantic`; this file loads no TypeScript of its own. */
const partialSemantic = 1;

function keptQuiet(service: Service, project: ts.server.Project): Service {
  const quiet = { ...service };
  const methods = quiet as unknown as Record<string, Method>;
  for (const [name, answer] of Object.entries(silent)) {
    const own = methods[name];
    if (!own) continue;
    methods[name] = (file, ...rest) =>
      isQuietAbout(file, project) ? answer() : own(file, ...rest);
  }
  return quiet;
}

function configure(configuration: Configuration): void {
  notebooks.clear();
  for (const path of configuration.notebooks ?? []) notebooks.add(path);
  for (const project of projects) {
    if (project.isClosed()) projects.delete(project);
    else project.refreshDiagnostics();
  }
}

/** In the extension's folder, which this file is in as a package. */
const declarations = join(__dirname, '..', '..', 'dist', 'types', 'unroll.d.ts');

const createPlugin: ts.server.PluginModuleFactory = () => ({
  create({ project, languageService, languageServiceHost, config }) {
    projects.add(project);
    if (existsSync(declarations)) knowUnroll(languageServiceHost, declarations);
    configure({ notebooks: [...notebooks, ...((config as Configuration).notebooks ?? [])] });
    return keptQuiet(languageService, project);
  },
  onConfigurationChanged: configure,
});

export default createPlugin;
