/** Requests and notifications of the language server protocol → the notebooks' programs, and back. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type ts from 'typescript';
import {
  type Connection,
  FileChangeType,
  LSPErrorCodes,
  ResponseError,
} from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import { capabilities } from './capabilities.js';
import { complete, completeDetails, type CompletionOrigin } from './complete.js';
import { diagnose } from './diagnose.js';
import { hover, signatureHelp } from './explain.js';
import {
  formatting,
  quickFixes,
  refactorEdits,
  refactorings,
  type RefactorOrigin,
} from './fixes.js';
import { definitions, highlights, otherDefinitions, references } from './navigate.js';
import { type FileChange, NotebookProgram } from './notebookProgram.js';
import type { ShippedTypes } from './notebookProject.js';
import {
  notebooksNotification,
  type OurNotebook,
  preferencesNotification,
  type ServerOptions,
} from './ourNotebooks.js';
import { foldings, inlayHints, symbols, tokens } from './outline.js';
import { prepareRename, rename, RenameError } from './rename.js';
import { SyncedNotebooks } from './syncedNotebooks.js';

/** What is typed in quick succession is looked at once. */
const settlesAfterMs = 50;

/** As many notebooks keep what TypeScript found out about them, some 100 MB each; the others find it out again. */
const mostAwake = 3;

export function startLanguageServer(connection: Connection, shipped: ShippedTypes): void {
  new LanguageServer(connection, shipped);
}

class LanguageServer {
  readonly #notebooks: SyncedNotebooks;
  /** Notebooks that are ours, by address, with the folder that they are in. */
  #ours = new Map<string, string>();
  readonly #programs = new Map<string, NotebookProgram>();
  /** Cells that are to be looked at again, by notebook; the one that changed last is the last. */
  readonly #stale = new Map<string, Set<string>>();
  /** Notebooks that keep what was found out about them; the one that was worked with last is the last. */
  readonly #awake = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #inlayPreferences: ts.UserPreferences = {};
  /** Counts changes: what was begun for an earlier one is given up. */
  #turn = 0;

  constructor(
    private readonly connection: Connection,
    private readonly shipped: ShippedTypes,
  ) {
    connection.onInitialize(({ initializationOptions }) =>
      capabilities(initializationOptions as ServerOptions | undefined),
    );
    connection.onNotification(preferencesNotification, (preferences: ts.UserPreferences) => {
      this.#inlayPreferences = preferences;
      void connection.languages.inlayHint.refresh();
    });
    this.#notebooks = new SyncedNotebooks(connection, {
      changed: (uri, gone) => {
        for (const cell of gone) this.#clear(cell);
        this.#refresh(uri);
      },
      closed: (uri, cells) => {
        for (const cell of cells) this.#clear(cell);
        this.#forget(uri);
      },
    });
    connection.onNotification(notebooksNotification, (ours: OurNotebook[]) => this.#setOurs(ours));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      this.#filesChanged(
        changes.map(({ uri, type }) => ({
          fileName: fileURLToPath(uri).replaceAll('\\', '/'),
          isNewOrGone: type !== FileChangeType.Changed,
        })),
      );
    });
    this.#answerRequests();
    connection.listen();
  }

  #answerRequests(): void {
    this.#answerCompletion();
    this.#answerNames();
    this.#answerActions();
    const { connection } = this;
    connection.onHover(({ textDocument, position }) =>
      this.#at(textDocument, (program, module) => hover(program, module, position)),
    );
    connection.onSignatureHelp(({ textDocument, position }) =>
      this.#at(textDocument, (program, module) => signatureHelp(program, module, position)),
    );
    connection.onDocumentSymbol(({ textDocument }) => this.#at(textDocument, symbols));
    connection.onFoldingRanges(({ textDocument }) => this.#at(textDocument, foldings));
    const noTokens = { data: [] };
    connection.languages.semanticTokens.on(
      ({ textDocument }) => this.#at(textDocument, tokens) ?? noTokens,
    );
    connection.languages.inlayHint.on(({ textDocument, range }) =>
      this.#at(textDocument, (program, module) =>
        inlayHints(program, module, range, this.#inlayPreferences),
      ),
    );
  }

  #answerCompletion(): void {
    const { connection } = this;
    connection.onCompletion(({ textDocument, position, context }) =>
      this.#at(textDocument, (program, module) => {
        program.cells.focus(textDocument.uri);
        const focused = program.cells.of(textDocument.uri) ?? module;
        return complete(program, focused, position, context?.triggerCharacter);
      }),
    );
    connection.onCompletionResolve((item) => {
      const { uri } = item.data as CompletionOrigin;
      return this.#at({ uri }, (program) => completeDetails(program, item)) ?? item;
    });
  }

  #answerNames(): void {
    const { connection } = this;
    connection.onDefinition(({ textDocument, position }) =>
      this.#at(textDocument, (program, module) => definitions(program, module, position)),
    );
    for (const [listen, find] of [
      ['onTypeDefinition', 'getTypeDefinitionAtPosition'],
      ['onImplementation', 'getImplementationAtPosition'],
    ] as const) {
      connection[listen](({ textDocument, position }) =>
        this.#at(textDocument, (program, module) =>
          otherDefinitions(program, module, position, find),
        ),
      );
    }
    connection.onReferences(({ textDocument, position, context }) =>
      this.#at(textDocument, (program, module) =>
        references(program, module, position, context.includeDeclaration),
      ),
    );
    connection.onDocumentHighlight(({ textDocument, position }) =>
      this.#at(textDocument, (program, module) => highlights(program, module, position)),
    );
    connection.onPrepareRename(({ textDocument, position }) =>
      this.#at(textDocument, (program, module) =>
        refusable(() => prepareRename(program, module, position)),
      ),
    );
    connection.onRenameRequest(({ textDocument, position, newName }) =>
      this.#at(textDocument, (program, module) =>
        refusable(() => rename(program, module, position, newName)),
      ),
    );
  }

  #answerActions(): void {
    const { connection } = this;
    connection.onCodeAction(({ textDocument, range, context }) =>
      this.#at(textDocument, (program, module) => [
        ...quickFixes(program, module, context.diagnostics),
        ...refactorings(program, module, range, context.only),
      ]),
    );
    connection.onCodeActionResolve((action) => {
      const origin = action.data as RefactorOrigin | undefined;
      return (origin && this.#at(origin, (program) => refactorEdits(program, action))) ?? action;
    });
    connection.onDocumentFormatting(({ textDocument, options }) =>
      this.#at(textDocument, (program, module) => formatting(program, module, options)),
    );
  }

  /** What the cell's program says, if the cell is ours. */
  #at<T>(
    { uri }: { uri: string },
    answer: (program: NotebookProgram, module: CellModule) => T | undefined,
  ): T | undefined {
    const notebook = this.#notebooks.notebookOf(uri);
    const program = notebook === undefined ? undefined : this.#programs.get(notebook);
    const module = program?.cells.of(uri);
    if (notebook === undefined || !program || !module) return undefined;
    this.#wake(notebook);
    return answer(program, module);
  }

  // -------------------------------------------------------------------------------------------------
  // Notebooks

  #setOurs(ours: OurNotebook[]): void {
    this.#ours = new Map(ours.map(({ uri, folder }) => [uri, folder]));
    for (const [uri, { folder, cells }] of this.#programs) {
      if (this.#ours.get(uri) === folder) continue;
      for (const { document } of cells.all) this.#clear(document.uri);
      this.#forget(uri);
    }
    for (const uri of this.#ours.keys()) if (!this.#programs.has(uri)) this.#refresh(uri);
  }

  /** The notebook was opened or changed. */
  #refresh(uri: string): void {
    const folder = this.#ours.get(uri);
    const cells = this.#notebooks.cellsOf(uri);
    if (folder === undefined || !cells) return;
    const program = this.#programs.get(uri) ?? new NotebookProgram(folder, this.shipped);
    this.#programs.set(uri, program);
    this.#look(uri, program.update(cells));
  }

  #forget(uri: string): void {
    this.#programs.get(uri)?.dispose();
    this.#programs.delete(uri);
    this.#awake.delete(uri);
    this.#stale.delete(uri);
  }

  #filesChanged(changes: FileChange[]): void {
    for (const [uri, program] of this.#programs) {
      if (program.filesChanged(changes)) this.#look(uri, program.cells.all);
    }
  }

  /** The notebook is worked with: the one that was not for the longest time makes room. */
  #wake(uri: string): void {
    this.#awake.delete(uri);
    this.#awake.add(uri);
    const [longest] = this.#awake;
    if (this.#awake.size <= mostAwake || longest === undefined) return;
    this.#awake.delete(longest);
    this.#programs.get(longest)?.rest();
  }

  // -------------------------------------------------------------------------------------------------
  // Diagnostics

  /** Notes that these cells may mean something else now; the first is the one that was edited. */
  #look(uri: string, modules: readonly CellModule[]): void {
    const stale = this.#stale.get(uri) ?? new Set();
    for (const { document } of modules) stale.add(document.uri);
    this.#stale.delete(uri);
    this.#stale.set(uri, stale);
    this.#turn++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#diagnoseStale().catch((error: unknown) => this.connection.console.error(String(error)));
    }, settlesAfterMs);
  }

  /** Cell by cell, so that requests get their turn in between. */
  async #diagnoseStale(): Promise<void> {
    const turn = this.#turn;
    // Who edits a notebook does not wait for the others, which a changed file may have made stale too.
    for (const [uri, stale] of [...this.#stale].reverse()) {
      const program = this.#programs.get(uri);
      const modules = program?.cells.all.filter(({ document }) => stale.has(document.uri)) ?? [];
      if (modules.length > 0) this.#wake(uri);
      for (const module of modules) {
        if (turn !== this.#turn) return;
        stale.delete(module.document.uri);
        this.#publish(program!, module);
        // Requests have their turn; a cell that TypeScript fails at does not keep the others waiting.
        await nextTurn();
      }
      program?.prepareImports();
    }
  }

  #publish(program: NotebookProgram, module: CellModule): void {
    const { uri, version } = module.document;
    try {
      const diagnostics = diagnose(program, module);
      void this.connection.sendDiagnostics({ uri, version, diagnostics });
    } catch (error) {
      this.connection.console.error(
        `${uri}: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }
  }

  #clear(uri: string): void {
    void this.connection.sendDiagnostics({ uri, diagnostics: [] });
  }
}

/** What is refused is said to the user; anything else is a fault of ours. */
function refusable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RenameError)) throw error;
    throw new ResponseError(LSPErrorCodes.RequestFailed, error.message);
  }
}
