/** How compiled cells call the kernel: `__unroll.<name>(…)`, a lexical binding that every cell sees. */
import type ts from 'typescript';
import type { CellRuntime } from '../cellRuntime.js';
import type { ImportedBinding } from '../modules.js';
import type { Insertion } from './parseCell.js';
import { asWritten } from './shadowing.js';

export const runtimeName = '__unroll';

/** What both passes over one cell share. */
export interface Plan {
  script: number;
  insertion: Insertion;
  declared: DeclaredNames;
  /** Filled in as imports are met. */
  imported: Map<string, ImportedBinding>;
  /** Statements that await become a function (`hoistBody.ts`). */
  hoistsBody: boolean;
  /** Identifiers that the cell uses as values. */
  valueNames: ReadonlySet<string>;
}

/** The cell's own names as written, filled in as they are met. */
export class DeclaredNames {
  constructor(private readonly names: Map<string, 'constant' | 'variable'>) {}

  has(name: string): boolean {
    return this.names.has(asWritten(name));
  }

  set(name: string, kind: 'constant' | 'variable'): void {
    this.names.set(asWritten(name), kind);
  }
}

export function runtimeCall(
  factory: ts.NodeFactory,
  name: keyof CellRuntime,
  parameters?: ts.Expression[],
): ts.Expression {
  const member = factory.createPropertyAccessExpression(
    factory.createIdentifier(runtimeName),
    name,
  );
  return parameters ? factory.createCallExpression(member, undefined, parameters) : member;
}
