import { GENAI_METRIC } from '../exporters/otlp/index.ts';

/** What a metric is, for whoever scrapes it. */
export interface MetricDefinition<Label extends string = string> {
  /** As it is scraped, unit and `_total` included. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What its value counts or measures. */
  readonly unit:
    | 'runs'
    | 'calls'
    | 'seconds'
    | 'tokens'
    | 'dollars'
    | 'bytes'
    | 'traces'
    | 'observations'
    | 'events';
  readonly description: string;
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram's buckets, ascending, without infinity. */
  readonly buckets?: readonly number[];
  /** Measured for OpenTelemetry alone, in the form of its conventions; what is scraped says the same otherwise. */
  readonly isOtelOnly?: true;
}

/**
 * Of `gen_ai.client.operation.duration`, and three more for runs that take minutes. Seconds.
 *
 * Source: OpenTelemetry semantic conventions for generative AI, metrics.
 */
const DURATION_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
  655.36,
] as const;

/** Of `gen_ai.server.time_to_first_token`; same source. Seconds. */
const FIRST_TOKEN_BUCKETS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** Of `gen_ai.client.token.usage`; same source. */
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
] as const;

/**
 * The metrics of the GenAI conventions, which are named and labelled as they ask. `error` is the type of what was thrown, empty
 * for a call that returned.
 */
export const GENAI_METRICS = {
  operationDuration: {
    name: GENAI_METRIC.operationDuration,
    type: 'histogram',
    unit: 'seconds',
    description: 'GenAI operation duration.',
    labels: ['operation', 'provider', 'model', 'error'],
    buckets: DURATION_BUCKETS,
    isOtelOnly: true,
  },
  timeToFirstChunk: {
    name: GENAI_METRIC.timeToFirstChunk,
    type: 'histogram',
    unit: 'seconds',
    description: 'Time to receive the first chunk.',
    labels: ['operation', 'provider', 'model'],
    buckets: FIRST_TOKEN_BUCKETS,
    isOtelOnly: true,
  },
  tokenUsage: {
    name: GENAI_METRIC.tokenUsage,
    type: 'histogram',
    unit: 'tokens',
    description: 'Number of input and output tokens used.',
    labels: ['operation', 'provider', 'model', 'kind'],
    buckets: TOKEN_BUCKETS,
    isOtelOnly: true,
  },
} as const satisfies Record<string, MetricDefinition>;

/** What is measured of every run, sampled or not. `graph` is the name a graph was compiled with, whatever a run is called. */
export const TRAFFIC_METRICS = {
  runs: {
    name: 'sluicegate_runs_total',
    type: 'counter',
    unit: 'runs',
    description: 'Runs that ended, by outcome. Every run counts, whether its trace was kept or not.',
    labels: ['graph', 'outcome'],
  },
  runDuration: {
    name: 'sluicegate_run_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    description: 'How long runs took from start to end.',
    labels: ['graph', 'outcome'],
    buckets: DURATION_BUCKETS,
  },
  nodeRuns: {
    name: 'sluicegate_node_runs_total',
    type: 'counter',
    unit: 'runs',
    description: 'Runs of a node, by outcome. A node that is retried counts each time.',
    labels: ['graph', 'node', 'outcome'],
  },
  nodeDuration: {
    name: 'sluicegate_node_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    description: 'How long nodes took.',
    labels: ['graph', 'node'],
    buckets: DURATION_BUCKETS,
  },
  toolCalls: {
    name: 'sluicegate_tool_calls_total',
    type: 'counter',
    unit: 'calls',
    description: 'Tool calls, by outcome.',
    labels: ['graph', 'tool', 'outcome'],
  },
  toolDuration: {
    name: 'sluicegate_tool_call_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    description: 'How long tool calls took.',
    labels: ['graph', 'tool'],
    buckets: DURATION_BUCKETS,
  },
  modelCalls: {
    name: 'sluicegate_model_calls_total',
    type: 'counter',
    unit: 'calls',
    description: 'Model calls, by outcome.',
    labels: ['graph', 'model', 'outcome'],
  },
  modelDuration: {
    name: 'sluicegate_model_call_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    description: 'How long model calls took, to their last token.',
    labels: ['graph', 'model'],
    buckets: DURATION_BUCKETS,
  },
  firstToken: {
    name: 'sluicegate_model_time_to_first_token_seconds',
    type: 'histogram',
    unit: 'seconds',
    description: 'How long model calls that stream took to their first token.',
    labels: ['graph', 'model'],
    buckets: FIRST_TOKEN_BUCKETS,
  },
  tokens: {
    name: 'sluicegate_tokens_total',
    type: 'counter',
    unit: 'tokens',
    description: 'Tokens, as the models reported them.',
    labels: ['graph', 'model', 'kind'],
  },
  cost: {
    name: 'sluicegate_cost_dollars_total',
    type: 'counter',
    unit: 'dollars',
    description:
      'Cost of the tokens of models that have a price in the option prices; rebates are not known here.',
    labels: ['graph', 'model'],
  },
  unpricedTokens: {
    name: 'sluicegate_unpriced_tokens_total',
    type: 'counter',
    unit: 'tokens',
    description: 'Tokens that the cost lacks: prices are set, and none for their model.',
    labels: ['graph', 'model'],
  },
  limitedLabels: {
    name: 'sluicegate_metric_labels_limited_total',
    type: 'counter',
    unit: 'observations',
    description:
      'Label values that were counted as "other" because the metric or the label had reached its limit.',
    labels: ['label'],
  },
} as const satisfies Record<string, MetricDefinition>;
