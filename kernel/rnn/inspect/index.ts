/** What cells see of inspection. */
export type { InspectedBatch } from './inspect.js';
export { Trace, type ClipReport, type LayerChoice } from './trace.js';
export type { Ledger, LedgerChoice } from './ledger.js';
export type { JacobianChoice, Jacobians, SpectralRadius } from './jacobians.js';
export type { Finding, Verdict } from './verdict.js';
export type { Check } from './check.js';
export { breakWhen, Stepper, type Breakpoint, type Target } from './stepper.js';
export type { CheckedAdjoint, Stop } from './stop.js';
export type { AdjointPart, NodeAt, SentAdjoint } from './nodeAt.js';
export type { Closeness, Truncation } from './truncation.js';
export type { Change, Edit, GateEdit, InputEdit, WeightEdit, WhatIf } from './whatIf.js';
export type { LayerTrace, StepDetail } from './layerTrace.js';
export type { LossTerms } from './lossTerms.js';
