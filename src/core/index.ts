export { describeValue } from './described-value.ts';
export {
  EXIT,
  type ExitCode,
  errorMessage,
  hasErrorCode,
  NoVerdictError,
  SluiceError,
  type SluiceErrorOptions,
  UsageError,
} from './errors.ts';
export { runFolder, sluiceHome, spoolFolder, traceStorePath } from './home.ts';
export { isUuid, toTraceIdHex, traceRandomness } from './ids.ts';
export { isRecord, type Json, stableStringify } from './json.ts';
export { type Clock, type Logger, type Random, seededRandom, silentLogger, systemClock } from './ports.ts';
export {
  DEFAULT_PROJECT,
  type KeepDecision,
  OUTCOMES,
  type Outcome,
  type PayloadGap,
  type ResumedFrom,
  rootSpan,
  SPAN_TYPES,
  type Span,
  type SpanError,
  type SpanEvent,
  type SpanType,
  spanSchema,
  TRACE_SCHEMA_VERSION,
  type Trace,
  type TraceSummary,
  traceSchema,
  traceSummarySchema,
  type Usage,
} from './records.ts';
export { type Sequence, sequenceOf } from './sequence.ts';
export {
  restoreShared,
  type SharedJson,
  SharedJsonError,
  SharingWriter,
  splitReferences,
} from './shared-json.ts';
export { type TraceTexts, traceTexts, traceWriter } from './trace-texts.ts';
export { toWire } from './wire.ts';
