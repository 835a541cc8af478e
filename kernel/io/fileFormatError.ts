/** Bytes or text are not a file of the kind that was expected. */
export class FileFormatError extends Error {
  override readonly name = 'FileFormatError';
}

/** A file's bytes, as Node and browsers give them. */
export type Bytes = Uint8Array | ArrayBuffer;

export const toBytes = (bytes: Bytes): Uint8Array =>
  bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
