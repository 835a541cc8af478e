/** Bytes or text are not a file of the kind that was expected. */
export class FileFormatError extends Error {
  override readonly name = 'FileFormatError';
}

/** A file's bytes, as Node and browsers give them. */
export type Bytes = Uint8Array | ArrayBuffer;

/** Always a plain view: `slice` of Node's `Buffer` would share memory. */
export const toBytes = (bytes: Bytes): Uint8Array =>
  bytes instanceof Uint8Array
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
