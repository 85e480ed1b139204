export { type Decision, decide, type KeepPolicy, wasSampled } from './decide.ts';
export { type KeepRule, type KeepRuleInput, keepRuleSchema, withErrors } from './keep-rule.ts';
export { adjustedCount, checkpointRandomness, rejectionThreshold } from './probability.ts';
export type { SpanFacts, TraceFacts } from './trace-facts.ts';
export {
  type ExportedSampling,
  exportedTraceState,
  formatTraceState,
  type IncomingSampling,
  incomingSampling,
  parseTraceParent,
  parseTraceState,
  type TraceParent,
  type TraceState,
} from './trace-state.ts';
