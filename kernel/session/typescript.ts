/** The compiler is large and loaded once, when it is first needed. */
import { createRequire } from 'node:module';
import type ts from 'typescript';

let loaded: typeof ts | undefined;

export function loadTypeScript(): typeof ts {
  loaded ??= createRequire(import.meta.url)('./typescript.cjs') as typeof ts;
  return loaded;
}
