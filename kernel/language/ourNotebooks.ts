/** What the client tells the language server besides the protocol: which notebooks it answers for. */

export const notebooksNotification = 'unroll/notebooks';

/** The user's settings for inlay hints, as TypeScript names them. */
export const preferencesNotification = 'unroll/preferences';

/** What the client says at the start. */
export interface ServerOptions {
  /** Nobody else answers what needs no types: outline, folding, formatting. */
  isAlone: boolean;
}

export interface OurNotebook {
  uri: string;
  /** Where its imports are looked for: the kernel's working directory. */
  folder: string;
}
