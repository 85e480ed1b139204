export { apiRegistry } from './api-registry.ts';
export { connectOtel, type OtelConnection, otelIsRegistered } from './connect.ts';
export type { GraphRun, GraphRuns, ParentSpan, SpanCleaner, SpanPrivacy } from './graph-runs.ts';
export { otelSpanId, otelTraceId } from './ids.ts';
export { OtelHub, otelHub, type SpanFactory, type SpanSink } from './otel-hub.ts';
export type { OutgoingSpans, SpanOutlet } from './span-outlet.ts';
export { type DecisionListener, type TailDecision, TailDecisions } from './tail-decisions.ts';
