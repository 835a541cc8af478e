/** What cells see of inspection. */
export type { InspectedBatch } from './inspect.js';
export { Trace, type ClipReport, type LayerChoice } from './trace.js';
export type { Ledger, LedgerChoice } from './ledger.js';
export type { JacobianChoice, Jacobians, SpectralRadius } from './jacobians.js';
export type { Finding, Verdict } from './verdict.js';
export type { Check } from './check.js';
