/** How compiled cells call the kernel: `__unroll.<name>(…)`, a lexical binding that every cell sees. */
import type ts from 'typescript';
import type { CellRuntime } from '../cellRuntime.js';

export const runtimeName = '__unroll';

/** What both passes over one cell share. */
export interface Plan {
  script: number;
  firstLineShift: number;
  /** Top-level names of the cell, filled in as they are met. */
  declared: Map<string, 'constant' | 'variable'>;
  /** Identifiers that the cell uses as values; filled in by the first pass. */
  valueNames?: ReadonlySet<string>;
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
