/** What the client tells the language server besides the protocol: which notebooks it answers for. */

export const notebooksNotification = 'unroll/notebooks';

export interface OurNotebook {
  uri: string;
  /** Where its imports are looked for: the kernel's working directory. */
  folder: string;
}
