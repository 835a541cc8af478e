/** Where things are, seen from the compiled out/test/bench/. */
export const projectFolder = new URL('../../../', import.meta.url);
export const benchFolder = new URL('test/bench/', projectFolder);
export const peersFolder = new URL('peers/', benchFolder);
