import { z } from 'zod';

/** Version of the persisted trace format. Readers refuse a newer one. */
export const TRACE_SCHEMA_VERSION = 1;

/**
 * How a run ended. Only `error` is a failure. `handled_error`: something inside failed and the run recovered (a retry,
 * or a tool's throw turned into a tool message). `drained`: the graph was asked to stop at a step boundary.
 */
export const OUTCOMES = ['success', 'error', 'handled_error', 'interrupted', 'cancelled', 'drained'] as const;
/** How a run ended; see {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];

/** What a span is: the graph itself (or a subgraph), a node, a chain inside a node, a model call, a tool call, a retrieval. */
export const SPAN_TYPES = ['graph', 'node', 'chain', 'llm', 'tool', 'retriever'] as const;
/** What a span is; see {@link SPAN_TYPES}. */
export type SpanType = (typeof SPAN_TYPES)[number];

const millis = z.number().nonnegative();

export const spanErrorSchema = z.strictObject({
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
});
/** An error as it was thrown. */
export type SpanError = z.infer<typeof spanErrorSchema>;

export const usageSchema = z.strictObject({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  totalTokens: z.number().nonnegative(),
});
/** Token usage, as the model reported it. */
export type Usage = z.infer<typeof usageSchema>;

export const spanEventSchema = z.strictObject({
  name: z.string(),
  timeMs: millis,
  data: z.unknown().optional(),
});
/** Something that happened at a moment inside a span, for example the first token. */
export type SpanEvent = z.infer<typeof spanEventSchema>;

/** Payload fields of a span that a record can lack, and why. */
export const payloadGapSchema = z.strictObject({
  field: z.enum(['inputs', 'outputs']),
  reason: z.enum(['hidden', 'truncated', 'unserializable']),
});
/** A payload that is not in the record, and why. */
export type PayloadGap = z.infer<typeof payloadGapSchema>;

export const spanSchema = z.strictObject({
  /** The run id LangChain gave it (a UUID). */
  id: z.string(),
  /** The run id of the enclosing span; null for the root. */
  parentId: z.string().nullable(),
  name: z.string(),
  type: z.enum(SPAN_TYPES),
  startTimeMs: millis,
  endTimeMs: millis,
  outcome: z.enum(OUTCOMES),
  error: spanErrorSchema.optional(),
  /** JSON value; LangChain messages are in their serialized (`lc: 1`) form. Absent when there was none or see `gaps`. */
  inputs: z.unknown().optional(),
  outputs: z.unknown().optional(),
  gaps: z.array(payloadGapSchema).default([]),
  metadata: z.record(z.string(), z.unknown()).default({}),
  tags: z.array(z.string()).default([]),
  events: z.array(spanEventSchema).default([]),
  usage: usageSchema.optional(),
  /** Name of the graph node this span is, or runs in. */
  node: z.string().optional(),
  /** Superstep of the graph, from 1. */
  step: z.number().optional(),
  /** `node:<taskId>`, subgraphs joined by `|`: names the exact checkpoint task. */
  checkpointNs: z.string().optional(),
  /** Model name of an `llm` span. */
  model: z.string().optional(),
  /** Id of the tool call that a `tool` span answers. */
  toolCallId: z.string().optional(),
});
/** One finished unit of work inside a trace. */
export type Span = z.infer<typeof spanSchema>;

export const decisionSchema = z.strictObject({
  /** Why the trace was kept, for example `error` or `sampled`. */
  reason: z.string(),
  /** How many finished runs this trace stands for: 1 / probability, and 1 for a trace kept for its error. */
  weight: z.number().positive(),
});
/** Why a trace was kept and what it stands for. */
export type KeepDecision = z.infer<typeof decisionSchema>;

export const parentSpanSchema = z.strictObject({
  /** 32 lower-case hex digits: the OpenTelemetry trace that the run is part of. */
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  /** 16 lower-case hex digits: the span that encloses the root. */
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  /** The `tracestate` header that came with it. */
  traceState: z.string().optional(),
  /** Whether it lies in another process. */
  isRemote: z.boolean().optional(),
});

export const resumedFromSchema = z.strictObject({
  /** Checkpoint at which the earlier run was interrupted. */
  checkpointId: z.string(),
  /** Id of the interrupted run; absent where nothing is known of it any more. */
  runId: z.string().optional(),
  /** OpenTelemetry trace that the interrupted run is in: 32 lower-case hex digits. */
  otelTraceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});
/** The interrupted run that a run goes on from. */
export type ResumedFrom = z.infer<typeof resumedFromSchema>;

/** The project of a trace that names none. */
export const DEFAULT_PROJECT = 'default';

const traceHead = {
  schemaVersion: z.literal(TRACE_SCHEMA_VERSION),
  /** The root's run id: the id every other system shows for this trace. */
  id: z.string(),
  name: z.string(),
  /** What it belongs to, for example an application and its stage. Absent: {@link DEFAULT_PROJECT}. */
  project: z.string().min(1).optional(),
  threadId: z.string().optional(),
  /** Checkpoint at which the run was interrupted or resumed; the link between the two halves. */
  checkpointId: z.string().optional(),
  /** Of a run that goes on from an interrupt: which one. */
  resumedFrom: resumedFromSchema.optional(),
  /** The OpenTelemetry span outside of the graph that encloses the run, for example that of the HTTP request. */
  parentSpan: parentSpanSchema.optional(),
  outcome: z.enum(OUTCOMES),
  startTimeMs: millis,
  endTimeMs: millis,
  error: spanErrorSchema.optional(),
  /** The deepest span in which the error of the trace first appeared. */
  failingSpanId: z.string().optional(),
  decision: decisionSchema,
  /** Sum over the model calls of the trace. */
  usage: usageSchema.optional(),
};

export const traceSchema = z.strictObject({ ...traceHead, spans: z.array(spanSchema).min(1) });
/** One run of a graph with all its spans, parents before children. */
export type Trace = z.infer<typeof traceSchema>;

export const traceSummarySchema = z.strictObject({ ...traceHead, spanCount: z.number().int().positive() });
/** A trace without its spans. */
export type TraceSummary = z.infer<typeof traceSummarySchema>;

/** The root span of a trace. */
export function rootSpan(trace: Trace): Span {
  const root = trace.spans.find((span) => span.id === trace.id) ?? trace.spans[0];
  if (root === undefined) throw new TypeError(`Trace ${trace.id} has no spans.`);
  return root;
}
